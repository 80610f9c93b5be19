"""The store's tests run on both of its databases."""

from collections.abc import Iterator

import pytest

from monitoring.store.production_store import ProductionStore, open_store
from tests.fixtures.postgres import fresh_database


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store_url(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path_factory.mktemp('store') / 'new folder' / 'production.db'}"
    else:
        with fresh_database(request.getfixturevalue("postgres_url")) as url:
            yield url


@pytest.fixture
def store(store_url: str) -> Iterator[ProductionStore]:
    """An open store with nothing in it."""
    with open_store(store_url) as opened:
        yield opened
