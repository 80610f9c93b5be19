"""The room that Parquet's values take once they are read: some kB may hold a long text per row.

A text that many rows share stands once in the file, in a dictionary, but once for each row in
memory. Metadata says nothing of that, so the dictionaries are looked at before rows are read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from monitoring.errors import TocsinError

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_NUMBER = 8
"""Bytes of a number, and of what is held beside each text."""


class UnpackedSizeError(TocsinError, ValueError):
    """Some rows of a Parquet file take more memory than they may; the message names the column."""


def unpacked_size(
    opened: Callable[[list[str]], ParquetFile],
    columns: Collection[str],
    *,
    portion: int,
    limit: int,
) -> int:
    """Return how many bytes some columns of a Parquet file take in memory, at most.

    Parameters
    ----------
    opened
        Opens the file; the columns that it is given are read as dictionaries.
    columns
        Names; one that the file lacks is passed over.
    portion
        Rows that are read at a time.
    limit
        Bytes that one column of so many rows may take.

    Raises
    ------
    UnpackedSizeError
        One takes more.
    """
    with opened([]) as file:
        leaves = {place: file.schema.column(place) for place in range(len(file.schema))}
    texts = [leaf.path for leaf in leaves.values() if leaf.physical_type == "BYTE_ARRAY"]
    with opened(texts) as file:
        return sum(
            _leaf_size(file, group, place, portion, limit)
            for group in range(file.num_row_groups)
            for place, leaf in leaves.items()
            if {leaf.path, leaf.path.partition(".")[0]} & set(columns)
        )


def _leaf_size(file: ParquetFile, group: int, place: int, portion: int, limit: int) -> int:
    """Return the bytes of one column, or of one part of a nested one, in a row group."""
    leaf, chunk = file.schema.column(place), file.metadata.row_group(group).column(place)
    is_text = leaf.physical_type == "BYTE_ARRAY"
    longest = _longest(file, group, leaf.path) if is_text else leaf.length
    most: int = chunk.num_values * (longest + _NUMBER)
    if is_text:
        most += chunk.total_uncompressed_size  # of texts that are in no dictionary
    if most <= limit:
        return most
    if is_text and leaf.path == leaf.name:
        portions = _text_sizes(file, group, leaf.path, portion)
        most, largest = sum(portions), max(portions)
    else:
        largest = most if leaf.max_repetition_level else min(portion * longest, most)
    if largest > limit:
        msg = (
            f"column {leaf.path.partition('.')[0]!r} takes more than {limit:,} bytes once "
            f"its rows are unpacked, some {portion:,} at a time: write the file "
            "without it, or with shorter values"
        )
        raise UnpackedSizeError(msg)
    return most


def _longest(file: ParquetFile, group: int, path: str) -> int:
    """Return the bytes of the longest value in a column's dictionary; 0 where it has none."""
    first = next(file.iter_batches(1, row_groups=[group], columns=[path]), None)
    return 0 if first is None else max(map(_longest_within, first.columns))


def _longest_within(values: pa.Array) -> int:
    import pyarrow as pa
    from pyarrow import compute

    if isinstance(values, pa.DictionaryArray):
        return compute.max(compute.binary_length(values.dictionary)).as_py() or 0
    if isinstance(values, pa.MapArray):
        return max(_longest_within(values.keys), _longest_within(values.items))
    if isinstance(values, pa.StructArray):
        return max(map(_longest_within, values.flatten()), default=0)
    return _longest_within(values.flatten()) if pa.types.is_nested(values.type) else 0


def _text_sizes(file: ParquetFile, group: int, path: str, portion: int) -> list[int]:
    """Return the bytes that a column of text takes, of each portion of a row group's rows."""
    from pyarrow import compute

    sizes = []
    for batch in file.iter_batches(portion, row_groups=[group], columns=[path]):
        texts = batch.column(0)
        lengths = compute.binary_length(texts.dictionary).cast("int64")
        taken = compute.sum(lengths.take(texts.indices)).as_py() or 0
        sizes.append(taken + len(texts) * _NUMBER)
    return sizes
