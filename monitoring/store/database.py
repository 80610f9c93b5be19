"""Connections to the store's database, its migrations, and writes that work on both kinds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError

from monitoring.store.database_failure import StoreError, readable_failure, shown

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, Connection, Engine
    from sqlalchemy.engine.interfaces import DBAPIConnection

    Insert = postgresql.Insert | sqlite.Insert

T = TypeVar("T")

WAIT_SECONDS = 60
"""How long a writer waits for another one to finish."""

CONNECT_SECONDS = 15
"""How long a PostgreSQL server may take to answer, where the URL does not say."""

MIGRATIONS = Path(__file__).parent / "migrations"

_PAGE, _CACHE_KIB = 16_384, 32_768
"""Bytes of a page of SQLite, and memory for pages of a writer: where pages are small and few, the
same ones are written many times while many rows go in."""

_MANY = 1000

_SAMPLE = 10
"""The statistics target of an ANALYZE: it samples 300 rows for each, here 3,000 in place of 30,000,
which tell the planner enough until autovacuum looks again."""

_LOCK = 7_631_902_584_417
"""Key of the advisory lock that is this project's in a PostgreSQL database."""


def engine_for(url: str) -> Engine:
    """Return an engine; its repr and its errors show neither the password nor row contents.

    Raises
    ------
    StoreError
        The URL is none of SQLite (a file) or PostgreSQL.
    """
    parsed = _parse(url)
    if parsed.get_backend_name() == "postgresql":
        wait = parsed.query.get("connect_timeout", str(CONNECT_SECONDS))
        engine = sa.create_engine(
            parsed,
            hide_parameters=True,
            pool_pre_ping=True,
            connect_args={"connect_timeout": wait},
        )
    else:
        _make_folder(Path(str(parsed.database)).parent)
        engine = sa.create_engine(
            parsed, hide_parameters=True, connect_args={"timeout": WAIT_SECONDS}
        )
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "handle_error", readable_failure, retval=True)
    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        msg = (
            f"the store's folder {folder} can't be made: {error.strerror}; name a file in a folder "
            "that can be written with TOCSIN_DATABASE_URL"
        )
        raise StoreError(msg) from error


def _parse(url: str) -> URL:
    allowed = "use sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"
    try:
        parsed = sa.make_url(url)
    except (ArgumentError, ValueError):
        msg = f"the store's URL can't be parsed: {allowed}"
        raise StoreError(msg) from None  # the cause may show a part of the URL, its password too
    match parsed.drivername, parsed.database:
        case "postgresql" | "postgresql+psycopg2", str():
            # Without a driver's name SQLAlchemy would take one that is not installed.
            return parsed.set(drivername="postgresql+psycopg2")
        case "sqlite" | "sqlite+pysqlite", str(database) if database not in ("", ":memory:"):
            return parsed
    msg = f"the store does not work on {shown(parsed)}: {allowed}"
    raise StoreError(msg)


def _prepare_sqlite(connection: DBAPIConnection, _: object) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins, not the driver
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA page_size = {_PAGE}")  # of a new file; an older one keeps its own
    cursor.execute("PRAGMA journal_mode = WAL")  # readers and a writer at the same time
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A writer that begins as a reader is refused at its first write if another came between.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql(f"PRAGMA cache_size = -{_CACHE_KIB if writes else 2_000}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def consistent_read(engine: Engine) -> Iterator[Connection]:
    """Read several times from one moment of the store."""
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Write all that the block writes, or nothing."""
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        yield connection


class Writer:
    """Writes to a store: each in a transaction of its own, or all of a thread's in one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._of_thread = local()

    @contextmanager
    def together(self) -> Iterator[None]:
        """Have what this thread writes until the block ends in one transaction."""
        grown: list[tuple[sa.Table, int]] = []
        with writing(self._engine) as connection:
            self._of_thread.held = connection, grown
            try:
                yield
            finally:
                del self._of_thread.held
        for table, rows in grown:
            tell_planner(self._engine, table, rows=rows)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Write all that the block writes, or nothing."""
        if self._held is not None:
            yield self._held[0]
            return
        with writing(self._engine) as connection:
            yield connection

    def grew(self, table: sa.Table, rows: int) -> None:
        """Have the planner told of rows that were written, once they are committed."""
        if self._held is not None:
            self._held[1].append((table, rows))
        else:
            tell_planner(self._engine, table, rows=rows)

    @property
    def _held(self) -> tuple[Connection, list[tuple[sa.Table, int]]] | None:
        return getattr(self._of_thread, "held", None)


def insert(connection: Connection, table: sa.Table) -> Insert:
    """Return an insert that can skip what is there: ``.on_conflict_do_nothing()``."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def insert_records(
    connection: Connection, table: sa.Table, records: Sequence[Mapping[str, Any]]
) -> int:
    """Insert the few records whose primary key is not there yet; return how many.

    Many are inserted by `monitoring.store.bulk_insert`.
    """
    if not records:
        return 0
    # Writers that insert in the same order can't wait for each other in a circle.
    in_order = sorted(records, key=lambda record: str(record["row_id"]))
    statement = insert(connection, table).on_conflict_do_nothing().returning(table.c.row_id)
    return len(connection.execute(statement, in_order).all())


def ids_in(
    connection: Connection, column: sa.ColumnElement[str], ids: Sequence[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds one of any number of ids, given as one value."""
    if connection.dialect.name == "postgresql":
        given = sa.cast(sa.literal(list(ids), postgresql.ARRAY(sa.Text)), postgresql.ARRAY(sa.Text))
        return column == sa.func.any(given)
    listed = sa.func.json_each(json.dumps(ids)).table_valued("value")
    return column.in_(sa.select(listed.c.value))


def ids_not_in(
    connection: Connection, column: sa.ColumnElement[str], ids: Sequence[str]
) -> sa.ColumnElement[bool]:
    """Return the condition that a column holds none of any number of ids."""
    if connection.dialect.name == "postgresql":
        given = sa.cast(sa.literal(list(ids), postgresql.ARRAY(sa.Text)), postgresql.ARRAY(sa.Text))
        return column != sa.func.all(given)
    return ~ids_in(connection, column, ids)


def tell_planner(engine: Engine, *tables: sa.Table, rows: int) -> None:
    """Have PostgreSQL count tables that `rows` rows just went into, if they are a large part.

    It does so by itself after a minute or so; a query planned before that takes the tables to
    be empty, and hours instead of a second.
    """
    if engine.dialect.name != "postgresql" or rows < _MANY:
        return
    with engine.begin() as connection:
        for table in tables:
            size = sa.text("SELECT reltuples FROM pg_class WHERE oid = CAST(:name AS regclass)")
            known = connection.execute(size, {"name": table.name}).scalar_one()
            if rows >= known / 2:
                connection.execute(sa.text(f"SET LOCAL default_statistics_target = {_SAMPLE}"))
                analyze = sa.DDL("ANALYZE %(fullname)s")  # type: ignore[no-untyped-call]
                connection.execute(analyze.against(table))


def upgrade(engine: Engine) -> None:
    """Bring the tables up to date; several processes may do so at once, one does the work.

    Raises
    ------
    StoreError
        The store was migrated by a newer version of the code.
    """
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    scripts = ScriptDirectory.from_config(config)
    newest = scripts.get_current_head()
    with engine.connect() as connection:
        if _revision(connection) == newest:
            return
    with writing(engine) as connection:  # SQLite has one writer; PostgreSQL takes a lock
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        current = _revision(connection)
        if current not in {None, *(script.revision for script in scripts.walk_revisions())}:
            msg = (
                f"the store {shown(engine.url)} has tables of "
                f"revision {current}, which this version of tocsin does not know: update Tocsin"
            )
            raise StoreError(msg)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()
