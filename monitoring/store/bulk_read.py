"""Reading many records at once: as whole columns, in the fastest way that each database has.

PostgreSQL's driver is handed every value as text, bytes as hexadecimal digits, and makes a Python
object of each. By COPY in its binary format the values come as they are kept, and NumPy reads
those of thousands of records where they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from struct import unpack_from
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import sqlalchemy as sa

from monitoring.store.bulk_columns import END, POSTGRES_EPOCH, SIGNATURE, Column
from monitoring.store.bulk_insert import copy_errors
from monitoring.store.schema import Microseconds, UtcTime

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

PORTION = 2_000
"""Records that the database hands over at once: few, so that they are still at hand in the
processor's memory when they are turned into columns, `_TURNED` of them at a time."""

_TURNED = 200

_NULL = -1
"""The length of a value that is not there."""


def read_in_portions(
    connection: Connection, statement: sa.Select[Any]
) -> Iterator[tuple[Column, ...]]:
    """Yield the columns of a statement, some thousands of records at a time."""
    if connection.dialect.name == "postgresql":
        yield from _copied_columns(connection, statement)
        return
    records = connection.execute(statement, execution_options={"yield_per": PORTION})
    for portion in records.partitions(_TURNED):
        yield tuple(zip(*portion, strict=True))


def as_moments(
    connection: Connection, time: sa.ColumnElement[Any]
) -> sa.ColumnElement[int] | sa.ColumnElement[Any]:
    """Return a time as `read_in_portions` turns most of into an array of moments."""
    return time if connection.dialect.name == "postgresql" else Microseconds(time)


def read_records(connection: Connection, statement: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    """Yield the records of a statement, which selects numbers, texts and long values of bytes.

    Such a value of bytes may be a `memoryview`.
    """
    if connection.dialect.name != "postgresql":
        yield from connection.execute(statement)
        return
    kinds = _kinds(statement)
    for message in _copied(connection, statement):
        yield [_value(piece, kind) for piece, kind in zip(_pieces(message), kinds, strict=True)]


def _copied_columns(
    connection: Connection, statement: sa.Select[Any]
) -> Iterator[tuple[Column, ...]]:
    held = _Held(_kinds(statement))
    _copy(connection, statement, held.write)
    held.turn()
    yield from held.parts


class _Held:
    """What a COPY hands over, turned into columns some thousands of records at a time."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self.parts: list[tuple[Column, ...]] = []
        self._kinds = kinds
        self._messages: list[bytes] = []

    def write(self, message: bytes) -> None:
        """Take a record."""
        self._messages.append(message)
        if len(self._messages) >= PORTION:
            self.turn()

    def turn(self) -> None:
        """Turn the records that are held into columns."""
        if self._messages:
            self.parts.append(_columns(self._messages, self._kinds))
            self._messages = []


def _copied(connection: Connection, statement: sa.Select[Any]) -> list[bytes]:
    messages: list[bytes] = []
    _copy(connection, statement, messages.append)
    return messages


def _copy(
    connection: Connection, statement: sa.Select[Any], take: Callable[[bytes], object]
) -> None:
    """Hand each record of a statement, in the binary format of COPY, to `take`."""
    text, values = _bound(connection, statement)
    with copy_errors(connection, "of a query"), closing(connection.connection.cursor()) as cursor:
        query = cast("Any", cursor).mogrify(text, values).decode()
        cast("Any", cursor).copy_expert(f"COPY ({query}) TO STDOUT (FORMAT binary)", _Records(take))


class _Records:
    """Takes the messages of a COPY: a record each, the first after a header, then an end."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self._begun = False

    def write(self, message: bytes) -> None:
        """Take a message."""
        if not self._begun:
            self._begun, message = True, message[len(SIGNATURE) :]
        if message != END:
            self._take(message)


def _bound(connection: Connection, statement: sa.Select[Any]) -> tuple[str, dict[str, Any]]:
    """Return a statement as the driver takes it, and its values as the driver takes them."""
    dialect = connection.dialect
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    values = dict(compiled.params)
    for name in values.keys() & compiled.binds.keys():
        process = compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect)
        if process is not None:
            values[name] = process(values[name])
    return str(compiled), values


def _kinds(statement: sa.Select[Any]) -> list[str]:
    """Return what kind of value each column has, by NumPy's letters; T for text, B for bytes."""
    return [_kind(column.type) for column in statement.selected_columns]


def _kind(type_: sa.types.TypeEngine[Any]) -> str:
    if isinstance(type_, UtcTime):
        return "M"
    if isinstance(type_, sa.Integer):
        return "i"
    if isinstance(type_, sa.Float):
        return "f"
    return "B" if isinstance(type_, sa.LargeBinary) else "T"


def _columns(messages: Sequence[bytes], kinds: Sequence[str]) -> tuple[Column, ...]:
    """Return records as columns: at once where all are alike in the lengths of their values."""
    lengths = [_NULL if piece is None else len(piece) for piece in _pieces(messages[0])]
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for place, (length, kind) in enumerate(zip(lengths, kinds, strict=True)):
        fields.append((f"length{place}", ">i4"))
        if length > 0:
            fields.append((f"value{place}", _dtype(kind, length)))
    together, of_one = b"".join(messages), np.dtype(fields)
    if len(together) == of_one.itemsize * len(messages):
        records = np.frombuffer(together, of_one)
        if all((records[f"length{n}"] == length).all() for n, length in enumerate(lengths)):
            return tuple(
                [_empty(kind, length)] * len(records)
                if length <= 0
                else _array(records[f"value{place}"], kind)
                for place, (length, kind) in enumerate(zip(lengths, kinds, strict=True))
            )
    by_record = (map(_value, _pieces(message), kinds) for message in messages)
    return tuple(zip(*by_record, strict=True))


def _dtype(kind: str, length: int) -> str:
    return f">{kind}{length}" if kind in "if" else ">i8" if kind == "M" else f"V{length}"


def _empty(kind: str, length: int) -> Any:
    return None if length == _NULL else _value(memoryview(b""), kind)


def _array(values: NDArray[Any], kind: str) -> Column:
    if kind == "M":
        return POSTGRES_EPOCH + values.astype(np.int64).astype("timedelta64[us]")
    if kind in "if":
        return values.astype(values.dtype.newbyteorder("="))
    return [_value(memoryview(value.tobytes()), kind) for value in values]


def _pieces(message: bytes) -> Iterator[memoryview | None]:
    """Yield the bytes of each value of a record; None of one that is not there."""
    content, at = memoryview(message), 2
    while at < len(content):
        (length,) = unpack_from(">i", content, at)
        at += 4
        if length == _NULL:
            yield None
        else:
            yield content[at : at + length]
            at += length


def _value(piece: memoryview | None, kind: str) -> Any:
    if piece is None or kind == "B":
        return piece
    if kind == "T":
        return str(piece, "utf-8")
    if kind == "f":
        return unpack_from(">d", piece)[0]
    number = int.from_bytes(piece, "big", signed=True)
    return POSTGRES_EPOCH + np.timedelta64(number, "us") if kind == "M" else number
