"""Column: an Arrow column as numbers or as words, whatever its type."""

from __future__ import annotations

from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

EXACT = 2.0**53
"""Up to here every whole number has a float64 of its own."""

MICROSECONDS = 1e6


class Values(StrEnum):
    """What a column holds."""

    NUMBERS = "numbers"
    TRUTHS = "true and false"
    TIMES = "times"
    WORDS = "words"


def values_of(column: pa.Array) -> Values | None:
    """Return what a column holds, by its type; None where no value is there at all.

    Times are moments and days; times of the day and durations are numbers of seconds. What is none
    of the others (lists, bytes, and so on) is compared by how it is spelled, so it is words.
    """
    import pyarrow as pa

    if column.null_count == len(column):
        return None
    kind = column.type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_boolean(kind):
        return Values.TRUTHS
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return Values.TIMES
    numbers = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_time,
        pa.types.is_duration,
    )
    return Values.NUMBERS if any(holds(kind) for holds in numbers) else Values.WORDS


def numbers_of(column: pa.Array) -> NDArray[np.floating] | None:
    """Return a column as floats, missing as NaN; None where it holds words.

    True is 1. Moments are seconds since 1970 in UTC, times of the day and durations are seconds
    too. Floats of single precision stay so, all else is float64.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    held = values_of(column)
    if held is None:
        return np.full(len(column), np.nan)
    if held is Values.WORDS:
        return None
    column = _plain(column)
    if held is Values.TRUTHS:
        column = pc.cast(column, pa.int8())
    elif pa.types.is_temporal(column.type):
        numbers = _numpy(_microseconds(column))
        return numbers.astype(np.float64) / MICROSECONDS
    elif pa.types.is_decimal(column.type):
        column = pc.cast(column, pa.float64(), safe=False)
    elif pa.types.is_float16(column.type):
        column = pc.cast(column, pa.float32())
    numbers = _numpy(column)
    return numbers.astype(np.float32 if numbers.dtype == np.float32 else np.float64, copy=False)


def words_of(column: pa.Array) -> pa.Array | None:
    """Return a column as words; None where it holds times, or numbers that are no codes.

    Codes are whole numbers and booleans; they are read as the words that spell them. Whole floats
    are codes too: integers become floats where some are missing.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    held = values_of(column)
    if held is None:
        return pa.nulls(len(column), pa.string())
    column = _plain(column)
    if pa.types.is_temporal(column.type) and not pa.types.is_interval(column.type):
        return None
    if held is Values.WORDS:
        return _spelled(column)
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        numbers = _numpy(pc.cast(column, pa.float64(), safe=False))
        known = numbers[~np.isnan(numbers)]
        if not ((known == np.rint(known)).all() and (np.abs(known) <= EXACT).all()):
            return None
        column = pc.cast(pa.array(numbers, from_pandas=True), pa.int64())
    return pc.cast(column, pa.string())


def rows_by_word(words: pa.Array) -> Counter[str]:
    """Return how many rows hold each word."""
    import pyarrow.compute as pc

    found = pc.value_counts(words.drop_null())
    values, counts = found.field("values").to_pylist(), found.field("counts").to_pylist()
    return Counter(dict(zip(values, counts, strict=True)))


def _plain(column: pa.Array) -> pa.Array:
    """Return the column without its dictionary, which may be of a type that can't be looked up."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return column
    if pa.types.is_string_view(column.type.value_type):
        return pc.cast(column.dictionary, pa.large_string()).take(column.indices)
    return column.dictionary_decode()


def _spelled(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if pa.types.is_string_view(kind):
        return pc.cast(column, pa.large_string())
    return pa.array([None if value is None else str(value) for value in column.to_pylist()])


def _microseconds(column: pa.Array) -> pa.Array:
    """Return times as whole microseconds; finer parts are cut off."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_time(kind):
        finest = pa.time64("us")
    elif pa.types.is_duration(kind):
        finest = pa.duration("us")
    else:
        finest = pa.timestamp("us", getattr(kind, "tz", None))
    return pc.cast(pc.cast(column, finest, safe=False), pa.int64())


def _numpy(column: pa.Array) -> NDArray[np.generic]:
    """Return a column of numbers, without a copy where none is missing; else as floats, and NaN.

    By DLPack: Arrow's own way to numpy imports pandas, which takes longer than most comparisons.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if column.null_count:
        if not pa.types.is_float32(column.type):
            column = pc.cast(column, pa.float64(), safe=False)
        column = pc.fill_null(column, np.nan)
    return np.from_dlpack(column)
