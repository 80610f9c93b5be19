"""Opening a store: its tables, its ways to fail, and what it never shows."""

import logging
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from monitoring.rows.rows import POSITIVE
from monitoring.rows.window import Window
from monitoring.store.database import writing
from monitoring.store.database_failure import StoreError
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.store.reading import inside
from monitoring.store.schema import metadata, production_rows
from tests.store.made import HOUR, NOON, rows, use_case
from tests.store.processes import at_once, opened

SECRET = "correct-horse"  # noqa: S105  nobody's password


def test_several_processes_open_an_empty_store_at_once(store_url: str) -> None:
    assert len(set(at_once([partial(opened, store_url)] * 4))) == 1
    with open_store(store_url) as store, store.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
    assert set(names) == {*metadata.tables, "alembic_version"}


def test_the_migrations_make_the_tables_that_the_code_declares(store: ProductionStore) -> None:
    def of_this_database(declared: sa.schema.SchemaItem, *_: object) -> bool:
        return declared.info.get("dialect", store.engine.dialect.name) == store.engine.dialect.name

    with store.engine.connect() as connection:
        options = {"include_object": of_this_database}
        found = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    assert found == []


def test_in_sqlite_a_window_is_read_from_its_index_alone(tmp_path: Path) -> None:
    with (
        open_store(f"sqlite:///{tmp_path / 'a.db'}") as store,
        store.engine.connect() as connection,
    ):
        columns = [production_rows.c.block, production_rows.c.place]
        statement = sa.select(*columns).where(*inside(use_case(), Window(NOON, NOON + HOUR), NOON))
        asked = str(statement.compile(connection))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", ("parcels", 0, 0, 0))
        assert "COVERING INDEX ix_production_rows_window" in plan.one().detail


def test_opening_again_keeps_what_is_there(store_url: str) -> None:
    with open_store(store_url) as store:
        store.add_rows(use_case(), rows(["a"]))
    with open_store(store_url) as store:
        assert store.newest_event_time(use_case(), NOON) == NOON


def test_a_store_of_a_newer_version_is_an_error_that_says_what_to_do(
    store: ProductionStore,
) -> None:
    version = sa.table("alembic_version", sa.column("version_num"))
    with writing(store.engine) as connection:
        connection.execute(sa.update(version).values(version_num="9999"))
    url = store.engine.url.render_as_string(hide_password=False)
    with pytest.raises(StoreError, match=r"revision 9999.*update Tocsin"):
        open_store(url)


def test_sqlite_runs_in_wal_mode(tmp_path: Path) -> None:
    with (
        open_store(f"sqlite:///{tmp_path / 'a.db'}") as store,
        store.engine.connect() as connection,
    ):
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"


def test_a_reader_does_not_stop_a_writer(store: ProductionStore) -> None:
    case = use_case()
    with store.engine.connect() as reader:
        reader.execute(sa.select(sa.func.count()).select_from(metadata.tables["labels"])).one()
        assert store.add_labels(case, ["a"], [POSITIVE], NOON).added == 1


@pytest.mark.parametrize(
    "url",
    [
        f"nonsense with {SECRET}",
        f"mysql://me:{SECRET}@localhost/tocsin",
        f"postgres://me:{SECRET}@localhost/tocsin",
        f"postgresql://me:{SECRET}@localhost",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
def test_a_url_that_cannot_be_used_is_an_error_without_its_password(url: str) -> None:
    with pytest.raises(StoreError, match="use sqlite:///FILE or postgresql://") as caught:
        ProductionStore(url)
    assert SECRET not in str(caught.value)


def test_a_password_is_in_no_repr_no_error_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    store = ProductionStore(f"postgresql://me:{SECRET}@127.0.0.1:1/tocsin")
    with pytest.raises(StoreError) as caught, store:
        store.newest_event_time(use_case(), NOON)
    assert "me:***@127.0.0.1" in repr(store)
    assert SECRET not in f"{store!r} {store.engine!r} {caught.value} {caplog.text}"


def test_what_rows_hold_is_in_no_database_error(store: ProductionStore) -> None:
    metadata.tables["labels"].drop(store.engine)
    with pytest.raises(sa.exc.DBAPIError) as caught:
        store.add_labels(use_case(), [SECRET], [POSITIVE], NOON)
    assert SECRET not in str(caught.value)
