"""Writing many records at once: whole columns, in the fastest way that each database has."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, IntegrityError

from monitoring.store.database import ids_in
from monitoring.store.database_failure import readable_error
from monitoring.store.schema import row_blocks

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

Column = Sequence[Any] | np.ndarray[Any, Any]

Columns = Mapping[str, Column]
"""Values by column of a table, one per record: texts and bytes in a list, all else in arrays."""

_VALUES = 32_766
"""How many values SQLite takes in a statement."""

_FEW = 100
"""Records that may be inserted in vain: of more, packing them takes longer than asking."""

POSTGRES_EPOCH = np.datetime64("2000-01-01", "us")


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
    new = np.ones(len(columns["row_id"]), np.bool_)
    # Most often all are new, or none, as when a file comes a second time: the first one tells.
    # Of few, as a service has them, whether they go in tells sooner.
    first = {name: values[:1] for name, values in columns.items()}
    if len(new) > _FEW and there(connection, table, first).any():
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


def in_order_of_ids(columns: Columns) -> dict[str, Column]:
    """Return the records in order of their rows' ids.

    Writers that insert in the same order can't wait for each other in a circle.
    """
    return taken(columns, np.argsort(np.asarray(columns["row_id"]), kind="stable"))


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


def taken(columns: Columns, index: NDArray[Any]) -> dict[str, Column]:
    """Return the records at `index` (positions or a mask)."""
    places = np.flatnonzero(index) if index.dtype == np.bool_ else index
    return {
        name: values[places]
        if isinstance(values, np.ndarray)
        else [values[place] for place in places.tolist()]
        for name, values in columns.items()
    }


def there(connection: Connection, table: sa.Table, columns: Columns) -> NDArray[np.bool_]:
    """Return of which records the key is in the table; all but the row's id is alike in them."""
    key = [column for column in table.primary_key.columns if column.name in columns]
    ids = np.asarray(columns["row_id"]).tolist()
    if not ids:
        return np.empty(0, np.bool_)
    alike = [column == columns[column.name][0] for column in key if column.name != "row_id"]
    statement = sa.select(table.c.row_id).where(*alike, ids_in(connection, table.c.row_id, ids))
    found = set(connection.execute(statement).scalars())
    return np.array([row_id in found for row_id in ids], np.bool_)


def _insert(connection: Connection, table: sa.Table, columns: Columns) -> None:
    """Insert into SQLite, as many records a statement as it takes."""
    names = list(columns)
    values = chain.from_iterable(zip(*(_as_sqlite(columns[name]) for name in names), strict=True))
    records = len(columns[names[0]])
    most = _VALUES // len(names)
    for start in range(0, records, most):
        count = min(most, records - start)
        given = ", ".join([f"({', '.join('?' * len(names))})"] * count)
        # Nothing but names of the schema's own is in the statement.
        statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES {given}"  # noqa: S608 # nosec B608
        connection.exec_driver_sql(statement, tuple(islice(values, count * len(names))))


def _as_sqlite(values: Column) -> Sequence[Any]:
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
    content = io.BytesIO(copy_format(table, columns))
    with copy_errors(connection, table.name), closing(connection.connection.cursor()) as cursor:
        copy = cast("Any", cursor).copy_expert
        copy(f"COPY {table.name} ({names}) FROM STDIN (FORMAT binary)", content)


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


SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)


def copy_format(table: sa.Table, columns: Columns) -> bytes:
    """Return records in PostgreSQL's binary format of COPY.

    Of each record: the number of its fields, and of each field its length, -1 for null, and its
    bytes. All big-endian. Every field of every record is put in its place at once.
    """
    fields = [_field(values, table.c[name].type) for name, values in columns.items()]
    widths = np.column_stack([np.maximum(lengths, 0) + 4 for lengths, _ in fields])
    ends = np.cumsum(widths.sum(axis=1) + 2)
    into = np.empty(int(ends[-1]), np.uint8)
    at = np.concatenate([[0], ends[:-1]])
    _put(into, at, np.full(len(at), len(fields), ">i2"))
    at = at + 2
    for (lengths, content), width in zip(fields, widths.T, strict=True):
        _put(into, at, lengths.astype(">i4"))
        _put_pieces(into, at + 4, lengths, content)
        at = at + width
    return SIGNATURE + into.tobytes() + b"\xff\xff"


def _put(into: NDArray[np.uint8], at: NDArray[np.int64], values: NDArray[Any]) -> None:
    """Put a value of a fixed number of bytes at each place."""
    width = values.dtype.itemsize
    into[at[:, None] + np.arange(width)] = values.view(np.uint8).reshape(-1, width)


def _put_pieces(
    into: NDArray[np.uint8],
    at: NDArray[np.int64],
    lengths: NDArray[np.int64],
    content: NDArray[np.uint8],
) -> None:
    """Put pieces of any length, which lie one after the other in `content`, each at its place."""
    held = np.maximum(lengths, 0)
    first = np.cumsum(held) - held
    if content.size < _SMALL * len(at):
        into[np.repeat(at - first, held) + np.arange(content.size)] = content
        return
    for place, begin, length in zip(at.tolist(), first.tolist(), held.tolist(), strict=True):
        into[place : place + length] = content[begin : begin + length]


_SMALL = 200
"""Bytes of a piece up to which it is faster to place the bytes of all pieces at once."""

_TYPES: tuple[tuple[type, str], ...] = (
    (sa.SmallInteger, ">i2"),
    (sa.BigInteger, ">i8"),
    (sa.Integer, ">i4"),
    (sa.Boolean, ">i1"),
    (sa.Double, ">f8"),
)


def _field(values: Column, kind: Any) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the length of each value in bytes, -1 for null, and the bytes of all."""
    if not isinstance(values, np.ndarray) or values.dtype.kind == "U":
        return _pieces(values, pa.large_binary() if isinstance(kind, sa.LargeBinary) else None)
    if values.dtype.kind == "M":
        since = (values.astype("datetime64[us]") - POSTGRES_EPOCH).astype(">i8")
        return np.full(len(values), 8), since.view(np.uint8)
    dtype = next(dtype for type_, dtype in _TYPES if isinstance(kind, type_))
    content = np.ascontiguousarray(values.astype(dtype))
    return np.full(len(values), content.dtype.itemsize), content.view(np.uint8)


def _pieces(
    values: Column, kind: pa.DataType | None
) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the lengths, and the bytes, of texts or of bytes."""
    listed = values.tolist() if isinstance(values, np.ndarray) else values
    pieces = pa.array(listed, kind or pa.large_string())
    _, offsets, content = pieces.buffers()
    lengths = np.diff(np.frombuffer(offsets, np.int64)[: len(pieces) + 1])
    null = pieces.is_null().to_numpy(zero_copy_only=False)
    used = np.frombuffer(content, np.uint8)[: lengths.sum()] if content else np.empty(0, np.uint8)
    return np.where(null, -1, lengths), used
