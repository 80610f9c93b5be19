"""Records as whole columns, and in the binary format of PostgreSQL's COPY."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

if TYPE_CHECKING:
    from numpy.typing import NDArray

POSTGRES_EPOCH = np.datetime64("2000-01-01", "us")

SIGNATURE = b"PGCOPY\n\xff\r\n\0" + bytes(8)

END = b"\xff\xff"


@dataclass(frozen=True, eq=False)
class Pieces:
    """Values of bytes that lie one after the other.

    Attributes
    ----------
    ends
        Where each of them ends.
    """

    content: NDArray[np.uint8]
    ends: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.ends)

    def __iter__(self) -> Iterator[memoryview]:
        content, begin = self.content.data, 0
        for end in self.ends.tolist():
            yield content[begin:end]
            begin = end


Column = Sequence[Any] | np.ndarray[Any, Any]

Columns = Mapping[str, Column | Pieces | str | None]
"""Values by column of a table, one per record: texts and bytes in a list or pieces, all else in
arrays. A text alone, or None, is that of every record."""


def count_of(columns: Columns) -> int:
    """Return how many records there are."""
    own = (values for values in columns.values() if values is not None)
    return next(len(values) for values in own if not isinstance(values, str))


def taken(columns: Columns, index: NDArray[Any]) -> dict[str, Column | Pieces | str | None]:
    """Return the records at `index` (positions or a mask); no column is of pieces."""
    places = np.flatnonzero(index) if index.dtype == np.bool_ else index
    return {name: _at(values, places) for name, values in columns.items()}


def _at(values: Column | Pieces | str | None, places: NDArray[np.intp]) -> Any:
    if values is None or isinstance(values, str):
        return values
    if isinstance(values, np.ndarray):
        return values[places]
    listed = list(values)
    return [listed[place] for place in places.tolist()]


def in_order_of_ids(columns: Columns) -> Columns:
    """Return the records in order of their rows' ids.

    Writers that insert in the same order can't wait for each other in a circle.
    """
    order = np.argsort(_comparable(np.asarray(columns["row_id"])), kind="stable")
    return columns if (order[1:] > order[:-1]).all() else taken(columns, order)


def _comparable(ids: NDArray[np.str_]) -> NDArray[Any]:
    """Return ids of the same order that are compared faster, where they are ASCII."""
    codes = _ascii(ids)
    return ids if codes is None else codes.view(f"S{codes.shape[1]}").ravel()


def _ascii(texts: NDArray[np.str_]) -> NDArray[np.uint8] | None:
    """Return the letters of texts, each filled up with NULs; None if one of them is not ASCII."""
    width = texts.dtype.itemsize // 4
    if not len(texts) or not width:
        return None
    codes = np.ascontiguousarray(texts).view(np.uint32).reshape(-1, width)
    if codes.max() > 127:  # the last one of ASCII
        return None
    return codes.astype(np.uint8)


def in_utf8(texts: NDArray[np.str_], end: bytes = b"") -> Pieces:
    """Return texts in UTF-8, each with `end` after it."""
    codes = _ascii(texts)
    there = None if codes is None else codes != 0
    # A NUL that a letter follows is part of its text, which databases refuse or keep as it is.
    if codes is None or there is None or (there[:, 1:] > there[:, :-1]).any():
        return _pieces(_closed(pa.array(texts.tolist(), pa.large_string()), end))
    lengths = there @ np.ones(codes.shape[1], np.uint16)
    pieces = Pieces(codes[there], np.cumsum(lengths, dtype=np.int64))
    return _pieces(_closed(_as_arrow(pieces), end)) if end else pieces


def _closed(texts: pa.Array, end: bytes) -> pa.Array:
    nothing = pa.scalar(b"", pa.large_binary())
    binary = texts.cast(pa.large_binary())
    return pc.binary_join_element_wise(binary, nothing, pa.scalar(end, pa.large_binary()))


def copy_format(table: sa.Table, columns: Columns) -> Iterator[memoryview]:
    """Yield records in PostgreSQL's binary format of COPY, part after part."""
    pieces = _in_pieces(table, columns)
    records = len(pieces[0])
    yield memoryview(SIGNATURE)
    if sum(piece.nbytes for piece in pieces) > _LARGE * records:
        for place in range(records):
            yield from (memoryview(piece[place].as_buffer()) for piece in pieces)
    else:
        joined = pc.binary_join_element_wise(*pieces, pa.scalar(b"", pa.large_binary()))
        _, ends, content = joined.buffers()
        yield memoryview(content)[: int(np.frombuffer(ends, np.int64)[records])]
    yield memoryview(END)


_LARGE = 10_000
"""Bytes of a record beyond which its pieces are handed over as they are, not joined before."""


def _in_pieces(table: sa.Table, columns: Columns) -> list[pa.Array]:
    """Return records as pieces that are to be joined, each an array of all records.

    Of each record: the number of its fields, and of each field its length, -1 for null, and its
    bytes. All big-endian. What lies between values of any length is of one length in all records,
    and one piece.
    """
    records = count_of(columns)
    pieces: list[pa.Array] = []
    fixed: list[tuple[str, Any]] = [(">i2", len(columns))]
    for name, values in columns.items():
        if values is None:
            fixed.append((">i4", -1))
        elif isinstance(values, str):
            text = values.encode()
            fixed += [(">i4", len(text)), (f"V{len(text)}", np.void(text))][: 1 + bool(text)]
        elif isinstance(values, np.ndarray) and values.dtype.kind != "U":
            dtype, numbers = _numbers(values, table.c[name].type)
            fixed += [(">i4", np.dtype(dtype).itemsize), (dtype, numbers)]
        else:
            lengths, content = _of_any_length(values, table.c[name].type)
            pieces += [_together([*fixed, (">i4", lengths)], records), content]
            fixed = []
    return [*pieces, _together(fixed, records)]


def _together(fixed: Sequence[tuple[str, Any]], records: int) -> pa.Array:
    """Return fields of one length each as a piece per record."""
    of_one = np.dtype([(str(place), dtype) for place, (dtype, _) in enumerate(fixed)])
    filled = np.empty(records, of_one)
    for place, (_, values) in enumerate(fixed):
        filled[str(place)] = values
    ends = np.arange(1, records + 1) * of_one.itemsize
    return _as_arrow(Pieces(bytes_of(filled), ends))


def bytes_of(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return the bytes of values that lie together."""
    return values.view(np.uint8) if values.dtype.itemsize else np.empty(0, np.uint8)


def _as_arrow(pieces: Pieces) -> pa.Array:
    offsets = np.concatenate([np.zeros(1, np.int64), pieces.ends])
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(pieces.content)]
    return pa.Array.from_buffers(pa.large_binary(), len(pieces), buffers)


def _pieces(values: pa.Array) -> Pieces:
    """Return an array that begins where its buffers do."""
    _, offsets, content = values.buffers()
    ends = np.frombuffer(offsets, np.int64)[1 : len(values) + 1]
    held = np.frombuffer(content, np.uint8) if content else np.empty(0, np.uint8)
    return Pieces(held[: ends[-1]] if len(ends) else held[:0], ends)


_TYPES: tuple[tuple[type, str], ...] = (
    (sa.SmallInteger, ">i2"),
    (sa.BigInteger, ">i8"),
    (sa.Integer, ">i4"),
    (sa.Boolean, ">i1"),
    (sa.Double, ">f8"),
)


def _numbers(values: NDArray[Any], kind: Any) -> tuple[str, NDArray[Any]]:
    """Return numbers or times, and the type that PostgreSQL has of them."""
    if values.dtype.kind == "M":
        return ">i8", (values.astype("datetime64[us]") - POSTGRES_EPOCH).view(np.int64)
    return next(dtype for type_, dtype in _TYPES if isinstance(kind, type_)), values


def _of_any_length(values: Column | Pieces, kind: Any) -> tuple[NDArray[np.int32], pa.Array]:
    """Return the length of each text, or value of bytes, -1 for null; and their bytes."""
    pieces = in_utf8(values) if isinstance(values, np.ndarray) else values
    if isinstance(pieces, Pieces):
        return np.diff(pieces.ends, prepend=0).astype(np.int32), _as_arrow(pieces)
    binary = isinstance(kind, sa.LargeBinary)
    given = pa.array(pieces, pa.large_binary() if binary else pa.large_string())
    lengths = pc.binary_length(given).fill_null(-1).to_numpy().astype(np.int32)
    return lengths, given.cast(pa.large_binary()).fill_null(b"")
