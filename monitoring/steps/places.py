"""Where steps read from and write to: production store, registry and champion of the settings."""

from __future__ import annotations

from monitoring.private import private_folder
from monitoring.settings import settings
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.training.model import Model
from monitoring.training.registry import Registry
from monitoring.use_case import UseCase


def production_store() -> ProductionStore:
    """Open the production store, migrated to the newest schema; use it in a `with` block."""
    where = settings()
    private_folder(where.state)
    return open_store(where.store_url)


def model_registry() -> Registry:
    """Return the model registry."""
    where = settings()
    private_folder(where.state)
    return Registry(where.tracking_url, where.artifacts)


def champion_model(case: UseCase) -> Model | None:
    """Return the serving model of `case`; None before the first."""
    registry = model_registry()
    version = registry.champion(case)
    return None if version is None else registry.load(case, version.number)
