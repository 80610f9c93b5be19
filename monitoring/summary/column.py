"""A column decoded once: an Arrow column as numbers or as words, whatever its type.

A column of text, as CSV has it, holds numbers, booleans, times or words. A value is one of these
by itself, whatever stands around it, so that a column decodes to the same in whatever portions
it is read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.csv_format import MISSING, PLAIN, Notation, read_numbers
from monitoring.summary.types import FeatureBins
from monitoring.summary.whole_numbers import EXACT, is_whole, without_offset

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MICROSECONDS = 1e6

_TRUE, _FALSE = "^(true|True|TRUE)$", "^(false|False|FALSE)$"

_ZONED = r"[T ].*(Z|[+-]\d{2}(:?\d{2})?)$"
"""A moment with a time zone."""

_TRIED = 100
"""Stray words that are tried as times."""

_TOO_FINE = r"(\.\d{6})\d+"
"""Digits of a second beyond the microsecond."""


class Values(StrEnum):
    """What a column holds."""

    NUMBERS = "numbers"
    TRUTHS = "true and false"
    TIMES = "times"
    WORDS = "words"


@dataclass(frozen=True, eq=False)
class NumberColumn:
    """A column of numbers.

    Attributes
    ----------
    numbers
        One per row, NaN where missing; float32 where the column is of single precision.
    kind
        Numbers, booleans or times; None where no value is there by its type. Numbers may all be
        NaN.
    strays
        Rows by word that stands where a number belongs; missing among `numbers`.
    mixed
        Some of these are true or false, or times: values of another kind, not strays.
    exact
        They come from what may hold whole numbers beyond `EXACT` to the last digit.
    """

    numbers: NDArray[np.floating]
    kind: Values | None
    strays: Counter[str] = field(default_factory=Counter)
    mixed: bool = False
    exact: bool = False


@dataclass(frozen=True, eq=False)
class WordColumn:
    """A column of words, or of codes as the words that spell them.

    Attributes
    ----------
    words
        One per row, null where missing.
    rows_by_word
        How many rows hold each word.
    counted
        The same as Arrow counts values.
    kind
        What the values are when not read as words; None where no value is there.
    """

    words: pa.Array
    rows_by_word: Counter[str]
    counted: pa.StructArray
    kind: Values | None


def number_column(
    column: pa.Array,
    *,
    notation: Notation | None = None,
    expected: Values | None = None,
    strays: bool = False,
    offset: int = 0,
) -> NumberColumn | None:
    """Decode a column as numbers; None where it holds words.

    True is 1. Moments are seconds since 1970 in UTC, times of the day and durations are seconds
    too. Floats of single precision stay so, all else is float64.

    Parameters
    ----------
    notation
        How the column's strings are written that stand for numbers or times, as in CSV; None
        where strings are words.
    expected
        What text is tried as first, as it was in other portions of the column.
    strays
        It is known that the column holds numbers: what is none among them is a stray word.
    offset
        What is taken off every number, before its last digits are lost.
    """
    text = column
    if notation == PLAIN:
        column = _parsed(text, expected)
    if notation is not None and (notation != PLAIN or (strays and _kind(column) is Values.WORDS)):
        return _numbers_and_strays(text, notation, offset)
    kind = _kind(column)
    numbers = _numbers_of(column, kind)
    if numbers is None:
        return None
    if kind is not Values.NUMBERS:
        return NumberColumn(numbers, kind)
    exact = notation is not None or is_whole(column)
    if offset:
        numbers = without_offset(column if notation is None else text, offset, numbers)
    return NumberColumn(numbers, kind, exact=exact)


def _numbers_and_strays(text: pa.Array, notation: Notation, offset: int) -> NumberColumn:
    import pyarrow.compute as pc

    if text.null_count == len(text):
        return NumberColumn(np.full(len(text), np.nan), None)
    read = read_numbers(text, notation)
    words = read.strays.drop_null().unique()
    other_kinds = [pc.match_substring_regex(words, either) for either in (_TRUE, _FALSE)]
    mixed = any(pc.any(each).as_py() for each in other_kinds) or any(
        _times(words.slice(place, 1)) is not None for place in range(min(len(words), _TRIED))
    )
    held = read.numbers.null_count < len(read.numbers)
    numbers = _numpy(read.numbers).astype(np.float64, copy=False)
    if offset:
        numbers = without_offset(read.plain, offset, numbers)
    kind = Values.NUMBERS if held else None
    return NumberColumn(numbers, kind, rows_by_word(read.strays), mixed, exact=True)


def word_column(
    column: pa.Array, *, text: bool = False, bins: FeatureBins | None = None
) -> WordColumn | None:
    """Decode a column as words; None where it holds times, or numbers that are not codes.

    Codes are whole numbers and booleans; they are read as the words that spell them. Whole floats
    are codes too: integers become floats where some are missing.

    Parameters
    ----------
    text
        The column's strings may stand for codes, as in CSV, where `bins` has some: `1.0` and
        `True` are then spelled as these are.
    """
    import pyarrow.compute as pc

    kind = _kind(column)
    words = _words_of(column, kind)
    if words is None:
        return None
    if words.null_count == len(words):
        kind = None
    counted = pc.value_counts(words.drop_null())
    by_word = _as_counter(counted)
    if not text or bins is None:
        return WordColumn(words, by_word, counted, kind)
    codes = bins.rare.union(bins.categories)
    by_word = _as_coded(codes, by_word)
    if kind is not None and not bins.open_ended and codes.isdisjoint(by_word):
        kind = _kind(_parsed(words.unique()))
    return WordColumn(words, by_word, counted, kind)


def missing_of(column: pa.Array, *, text: bool) -> NDArray[np.bool_]:
    """Return in which rows a column of any kind has no value.

    Parameters
    ----------
    text
        `MISSING_NUMBERS` are missing too, as in CSV.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if text:
        words = pc.cast(column, pa.string())  # of no rows, the type is not known
        stand_in = pc.match_substring_regex(pc.utf8_trim_whitespace(words), MISSING)
        missing = pc.fill_null(stand_in, fill_value=True)
    else:
        kind = _kind(column)
        numbers = _numbers_of(column, kind)
        if numbers is not None:
            return np.asarray(np.isnan(numbers), np.bool_)
        missing = pc.is_null(_words_of(column, kind))
    return np.asarray(missing.to_numpy(zero_copy_only=False), np.bool_)


def rows_by_word(words: pa.Array) -> Counter[str]:
    """Return how many rows hold each word."""
    import pyarrow.compute as pc

    return _as_counter(pc.value_counts(words.drop_null()))


def _as_counter(counted: pa.StructArray) -> Counter[str]:
    values, counts = counted.field("values").to_pylist(), counted.field("counts").to_pylist()
    return Counter(dict(zip(values, counts, strict=True)))


def _kind(column: pa.Array) -> Values | None:
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


def _numbers_of(column: pa.Array, kind: Values | None) -> NDArray[np.floating] | None:
    """Return a column as floats, missing as NaN; None where it holds words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind is None:
        return np.full(len(column), np.nan)
    if kind is Values.WORDS:
        return None
    column = _plain(column)
    if kind is Values.TRUTHS:
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


def _words_of(column: pa.Array, kind: Values | None) -> pa.Array | None:
    """Return a column as words; None where it holds times, or numbers that are not codes."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if kind is None:
        return pa.nulls(len(column), pa.string())
    column = _plain(column)
    if pa.types.is_temporal(column.type) and not pa.types.is_interval(column.type):
        return None
    if kind is Values.WORDS:
        return _spelled(column)
    if pa.types.is_floating(column.type) or pa.types.is_decimal(column.type):
        numbers = _numpy(pc.cast(column, pa.float64(), safe=False))
        known = numbers[~np.isnan(numbers)]
        if not ((known == np.rint(known)).all() and (np.abs(known) <= EXACT).all()):
            return None
        column = pc.cast(pa.array(numbers, from_pandas=True), pa.int64())
    return pc.cast(column, pa.string())


def _as_coded(codes: frozenset[str], by_word: Counter[str]) -> Counter[str]:
    """Spell `1.0` and `True`, as CSV may have them, as the reference's codes are spelled."""
    coded: Counter[str] = Counter()
    for word, rows in by_word.items():
        code = word if word in codes else word.removesuffix(".0").lower()
        coded[code if code in codes else word] += rows
    return coded


def _is_string_view(kind: pa.DataType) -> bool:
    """Return whether a type is one that PyArrow knows from 16 on."""
    import pyarrow as pa

    return hasattr(pa, "string_view") and pa.types.is_string_view(kind)


def _plain(column: pa.Array) -> pa.Array:
    """Return the column without its dictionary, which may be of a type that can't be looked up."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_dictionary(column.type):
        return column
    if _is_string_view(column.type.value_type):
        return pc.cast(column.dictionary, pa.large_string()).take(column.indices)
    return column.dictionary_decode()


def _spelled(column: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return column
    if _is_string_view(kind):
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


def _parsed(text: pa.Array, expected: Values | None = None) -> pa.Array:
    """Return a column of text as what all its values are; as it is where that is words.

    Parameters
    ----------
    text
        Strings; null and `MISSING_NUMBERS` are missing where they are not words.
    expected
        What is tried first, as it was in other portions of the column.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if text.null_count == len(text):
        return pa.nulls(len(text))
    tries = dict(_PARSERS)
    if expected in tries:
        tries = {expected: tries.pop(expected), **tries}
    for parse in tries.values():
        decoded = parse(text)
        if decoded is not None:
            return decoded
    bare = pc.utf8_trim_whitespace(text)
    missing = pc.match_substring_regex(bare, MISSING)
    if not pc.any(missing).as_py() and bare.equals(text):
        return text
    known = pc.if_else(missing, pa.scalar(None, bare.type), bare)
    if known.null_count == len(known):
        return pa.nulls(len(text))
    return next(
        (decoded for parse in tries.values() if (decoded := parse(known)) is not None), text
    )


def _numbers(text: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = _cast(text, pa.float64())
    if numbers is not None and pc.all(pc.is_nan(numbers)).as_py():
        return pa.nulls(len(text))
    return numbers


def _truths(text: pa.Array) -> pa.Array | None:
    import pyarrow.compute as pc

    true, false = (pc.match_substring_regex(text, either) for either in (_TRUE, _FALSE))
    return true if pc.all(pc.or_(true, false)).as_py() else None


def _times(text: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    first = text.drop_null()[0].as_py()
    if not first[:1].isdigit():
        return None
    short = pc.replace_substring_regex(text, _TOO_FINE, r"\1")
    zoned = pc.match_substring_regex(short, _ZONED)
    nothing = pa.scalar(None, short.type)
    plain = _cast(pc.if_else(zoned, nothing, short), pa.timestamp("us"))
    moments = _cast(pc.if_else(zoned, short, nothing), pa.timestamp("us", "UTC"))
    if plain is None or moments is None:
        return None
    return pc.coalesce(plain, pc.cast(moments, pa.timestamp("us"), safe=False))


def _cast(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(text, kind)
    except pa.ArrowInvalid:
        return None


_PARSERS: dict[Values, Callable[[pa.Array], pa.Array | None]] = {
    Values.NUMBERS: _numbers,
    Values.TRUTHS: _truths,
    Values.TIMES: _times,
}
