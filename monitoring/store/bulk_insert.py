"""Writing many records at once: whole columns, in the fastest way that each database has."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from monitoring.store.bulk_columns import (
    Column,
    Columns,
    Pieces,
    copy_format,
    count_of,
    in_order_of_ids,
    taken,
)
from monitoring.store.database import ids_in
from monitoring.store.database_failure import readable_error
from monitoring.store.schema import row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

_VALUES = 32_766
"""How many values SQLite takes in a statement."""

_FEW = 100
"""Records that may be inserted in vain: of more, packing them takes longer than asking."""

_SENT = 2**18
"""Bytes that are handed to PostgreSQL at once."""


def insert_new(connection: Connection, table: sa.Table, columns: Columns) -> NDArray[np.bool_]:
    """Insert the records whose key is not there yet; return which ones went in.

    `columns` hold `use_case` and `row_id`, and no key twice.
    """

    def insert(new: NDArray[np.bool_]) -> None:
        insert_all(connection, table, in_order_of_ids(taken(columns, new)))

    return as_new(connection, table, columns, insert)


def as_new(
    connection: Connection,
    table: sa.Table,
    columns: Columns,
    insert: Callable[[NDArray[np.bool_]], None],
) -> NDArray[np.bool_]:
    """Have the records inserted whose key is not there; return which ones that were.

    Parameters
    ----------
    columns
        Those of the key.
    insert
        Inserts the records of a mask, of which it may be that some are there.
    """
    new = np.ones(count_of(columns), np.bool_)
    # Most often all are new, or none, as when a file comes a second time: the first one tells.
    # Of few, as a service has them, whether they go in tells sooner.
    if len(new) > _FEW and there(connection, table, taken(columns, np.zeros(1, np.intp))).any():
        new = ~there(connection, table, columns)
    while new.any():
        savepoint = connection.begin_nested()
        try:
            insert(new)
        except IntegrityError:
            savepoint.rollback()
            # Another process may have inserted some since.
            before, new = new, ~there(connection, table, columns)
            if np.array_equal(before, new):
                raise
        else:
            savepoint.commit()
            break
    return new


def insert_all(connection: Connection, table: sa.Table, columns: Columns) -> None:
    """Insert records.

    Raises
    ------
    IntegrityError
        The key of one of them is there.
    """
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns)
    else:
        _insert(connection, table, columns)


def new_blocks(connection: Connection, count: int) -> NDArray[np.int64]:
    """Return ids for so many new blocks, which no other process is given."""
    if connection.dialect.name == "postgresql":
        sequence = sa.func.pg_get_serial_sequence(row_blocks.name, row_blocks.c.id.name)
        numbers = sa.func.generate_series(1, count).table_valued("n")
        statement = sa.select(sa.func.nextval(sequence)).select_from(numbers)
        return np.array(connection.execute(statement).scalars().all(), np.int64)
    # SQLite has one writer at a time, and it is this one.
    newest = connection.execute(sa.select(sa.func.max(row_blocks.c.id))).scalar_one() or 0
    return newest + 1 + np.arange(count)


def there(connection: Connection, table: sa.Table, columns: Columns) -> NDArray[np.bool_]:
    """Return of which records the key is in the table; all but the row's id is alike in them."""
    key = [column for column in table.primary_key.columns if column.name in columns]
    ids = np.asarray(columns["row_id"]).tolist()
    if not ids:
        return np.empty(0, np.bool_)
    alike = [column == columns[column.name] for column in key if column.name != "row_id"]
    statement = sa.select(table.c.row_id).where(*alike, ids_in(connection, table.c.row_id, ids))
    found = set(connection.execute(statement).scalars())
    return np.array([row_id in found for row_id in ids], np.bool_)


def _insert(connection: Connection, table: sa.Table, columns: Columns) -> None:
    """Insert into SQLite, as many records a statement as it takes."""
    names, records = list(columns), count_of(columns)
    values = chain.from_iterable(zip(*(_as_sqlite(columns[name]) for name in names), strict=False))
    most = _VALUES // len(names)
    for start in range(0, records, most):
        count = min(most, records - start)
        given = ", ".join([f"({', '.join('?' * len(names))})"] * count)
        # Nothing but names of the schema's own is in the statement.
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {given}"  # noqa: S608 # nosec B608
        connection.exec_driver_sql(statement, tuple(islice(values, count * len(names))))


def _as_sqlite(values: Column | Pieces | str | None) -> Iterable[Any]:
    if values is None or isinstance(values, str):
        return repeat(values)
    if not isinstance(values, np.ndarray):
        return values
    times = values.dtype.kind == "M"  # as `UtcTime` has them: in microseconds since 1970
    listed: list[Any] = (
        values.astype("datetime64[us]").view(np.int64) if times else values
    ).tolist()
    return listed


def _copy(connection: Connection, table: sa.Table, columns: Columns) -> None:
    """Insert into PostgreSQL by its COPY, in its binary format.

    Raises
    ------
    IntegrityError
        A key is there.
    """
    names = ", ".join(columns)
    content = _Sent(copy_format(table, columns))
    with copy_errors(connection, table.name), closing(connection.connection.cursor()) as cursor:
        copy = cast("Any", cursor).copy_expert
        copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT binary)", content, _SENT)


class _Sent:
    """A file of parts, for the driver to read from; no part is copied as a whole."""

    def __init__(self, parts: Iterator[memoryview]) -> None:
        self._parts = parts
        self._part = memoryview(b"")

    def read(self, size: int) -> bytes:
        """Return what comes next, at most `size` bytes; nothing at the end."""
        while not self._part:
            part = next(self._parts, None)
            if part is None:
                return b""
            self._part = part
        read, self._part = self._part[:size].tobytes(), self._part[size:]
        return read


@contextmanager
def copy_errors(connection: Connection, of: str) -> Iterator[None]:
    """Raise what PostgreSQL's driver raises of a COPY as SQLAlchemy would."""
    import psycopg2

    try:
        yield
    except psycopg2.IntegrityError as error:
        raise IntegrityError("COPY", None, error) from None
    except psycopg2.Error as error:
        readable = readable_error(error, connection.engine.url)
        if readable is not None:
            raise readable from error
        # What else it says of a COPY may hold a row's values.
        told = type(error)(error.diag.message_primary or "not said why")
        raise DBAPIError(f"COPY {of}", None, told) from None
