"""The places that steps read from and write to, as the settings name them."""

from __future__ import annotations

from monitoring.settings import settings
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.training.registry import Registry


def production_store() -> ProductionStore:
    """Open the production store, migrated to the newest tables; close it by `with`."""
    where = settings()
    where.state.mkdir(parents=True, exist_ok=True)
    return open_store(where.store_url)


def model_registry() -> Registry:
    """Return the model registry."""
    where = settings()
    where.state.mkdir(parents=True, exist_ok=True)
    return Registry(where.tracking_url, where.artifacts)
