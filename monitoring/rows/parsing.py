"""Parsing of raw columns into numbers, words and times; values that can't be read are marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from monitoring.errors import InputError, TocsinError
from monitoring.rows.quarantine import FIRST_TIME, FIRST_TIME_BEYOND, is_usable_time
from monitoring.rows.rows import NO_TIME, moment64

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from monitoring.use_case_columns import EventTime

MISSING_NUMBERS = (
    "",
    *("?", "-", "--", "---", ".", "..", "\\N"),
    *("NA", "N/A", "n/a", "N.A.", "n.a.", "na", "<NA>", "#N/A", "#NA", "#N/A N/A"),
    *("NaN", "nan", "NAN", "-nan", "-NaN"),
    *("NULL", "Null", "null", "(null)", "#NULL!", "None", "none", "nil"),
    *("#DIV/0!", "#VALUE!", "#REF!", "#NUM!"),
)
"""What stands for a missing number in text. A missing word is the empty text alone: `NA` is one."""

_MICROSECONDS = {"s": 1_000_000.0, "ms": 1_000.0}


class ColumnTypeError(TocsinError, ValueError):
    """A column holds another type of thing than it is declared to; the message names both."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """A column of numbers, one per row.

    Attributes
    ----------
    values
        float64; NaN where nothing was there and where nothing could be read.
    unparsable
        Where something was there and could not be read.
    """

    values: NDArray[np.float64]
    unparsable: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Times:
    """A column of times, one per row.

    Attributes
    ----------
    values
        `datetime64[us]`, UTC; NaT where there is none that can be used.
    unparsable
        Where something was there and could not be read.
    out_of_range
        Where the time lies outside the years 1900 to 2199.
    ambiguous, nonexistent
        Times without a zone that a clock showed twice, or never, as it was set back or forward.
    """

    values: NDArray[np.datetime64]
    unparsable: NDArray[np.bool_]
    out_of_range: NDArray[np.bool_]
    ambiguous: int = 0
    nonexistent: int = 0


def is_text(column: pd.Series) -> bool:
    """Whether a column is text, or may be."""
    from pandas.api.types import is_object_dtype, is_string_dtype

    return is_object_dtype(column) or is_string_dtype(column) or str(column.dtype) == "category"


def parse_numbers(column: pd.Series) -> Numbers:
    """Read a column as float64; booleans are 0 and 1.

    Raises
    ------
    ColumnTypeError
        The column holds times, or anything else that no number is written as.
    """
    import pandas as pd
    from pandas.api.types import is_complex_dtype, is_numeric_dtype

    if is_complex_dtype(column) or not (is_numeric_dtype(column) or is_text(column)):
        msg = f"holds {column.dtype}, not numbers"
        raise ColumnTypeError(msg)
    if is_numeric_dtype(column):
        values = np.asarray(column.to_numpy(dtype=np.float64, na_value=np.nan), np.float64)
        return Numbers(values, np.zeros(len(column), np.bool_))
    text = column.astype(object)
    try:
        text = text.where(~text.isin(MISSING_NUMBERS), None)
        numbers = pd.to_numeric(text, errors="coerce").astype(np.float64)
    except TypeError as error:
        msg = f"holds values that are neither numbers nor text: {error}"
        raise ColumnTypeError(msg) from error
    unparsable = (numbers.isna() & text.notna()).to_numpy(np.bool_)
    return Numbers(np.asarray(numbers, np.float64), unparsable)


def parse_words(column: pd.Series) -> Any:
    """Return a column as a pandas `str` array; a whole number is written without its `.0`."""
    import pandas as pd
    from pandas.api.types import is_float_dtype

    if column.dtype == "str":
        return column.mask(column == "").array
    if is_float_dtype(column):
        return pd.array([_spelled(value) for value in column.tolist()], dtype="str")
    there = column.notna().tolist()
    words = [str(word) if known else "" for word, known in zip(column, there, strict=True)]
    return pd.array([word or None for word in words], dtype="str")


def parse_times(column: pd.Series, declared: EventTime, timezone: str = "UTC") -> Times:
    """Read a column as `datetime64[us]` in UTC.

    Parameters
    ----------
    timezone
        Zone of times that name none. One that clocks showed twice there is the first of the two;
        one that they never showed, since they were set forward over it, is read by the clock as it
        was before, so it is an hour later on the new one: as Python's `fold=0` says (PEP 495).

    Raises
    ------
    ColumnTypeError
        The column holds numbers where ISO 8601 is declared, or times where numbers are.
    """
    if declared.unit == "iso":
        return _iso_times(column, timezone)
    if declared.origin is None:
        msg = f"{declared.name}: unit {declared.unit} needs an origin"
        raise InputError(msg)
    numbers = parse_numbers(column)
    origin = moment64(declared.origin)
    with np.errstate(over="ignore"):  # infinity is out of range, as what became it was
        since = np.round(numbers.values * _MICROSECONDS[declared.unit])
    first, last = ((limit - origin).astype(np.int64) for limit in (FIRST_TIME, FIRST_TIME_BEYOND))
    usable = (since >= first) & (since < last)
    out_of_range = ~np.isnan(since) & ~usable
    values = np.full(len(column), NO_TIME)
    values[usable] = origin + since[usable].astype(np.int64).astype("timedelta64[us]")
    return Times(values, numbers.unparsable, out_of_range)


def _iso_times(column: pd.Series, timezone: str) -> Times:
    import pandas as pd
    from pandas.api.types import is_datetime64_any_dtype

    if not (is_datetime64_any_dtype(column) or is_text(column)):
        msg = f"holds {column.dtype}, not times in ISO 8601: give its `unit` and `origin`"
        raise ColumnTypeError(msg)
    given = column if is_datetime64_any_dtype(column) else column.astype(object)
    present = (given.notna() & (given != "")).to_numpy(np.bool_)
    read = pd.to_datetime(given, utc=True, errors="coerce", format="ISO8601")
    values = read.dt.tz_localize(None).to_numpy().astype("datetime64[us]")
    lost = np.isnat(values)
    ambiguous = nonexistent = 0
    if timezone != "UTC":
        local = np.flatnonzero(_names_no_zone(given) & ~lost & is_usable_time(values))
        values[local], ambiguous, nonexistent = _in_utc(values[local], timezone)
    out_of_range = ~lost & ~is_usable_time(values)
    values[out_of_range] = NO_TIME
    return Times(values, lost & present, out_of_range, ambiguous, nonexistent)


_ZONED = re.compile(r"[T ]\d.*(?:Z|[+-]\d\d(?::?\d\d)?)\s*$", re.IGNORECASE)
"""A time of the day, and a zone: the end of 2026-10-25 is none."""


def _names_no_zone(given: pd.Series) -> NDArray[np.bool_]:
    """Return which times have no zone of their own."""
    from pandas.api.types import is_datetime64_any_dtype

    if is_datetime64_any_dtype(given):
        return np.full(len(given), getattr(given.dtype, "tz", None) is None)
    return np.array(
        [
            getattr(value, "tzinfo", None) is None and not _ZONED.search(str(value))
            for value in given.tolist()
        ],
        np.bool_,
    )


def _in_utc(
    local: NDArray[np.datetime64], timezone: str
) -> tuple[NDArray[np.datetime64], int, int]:
    """Return what clocks showed in UTC, and how many times they showed twice, and never."""
    import pandas as pd

    shown = pd.Series(local).dt
    once = shown.tz_localize(timezone, ambiguous="NaT", nonexistent="NaT").isna().to_numpy()
    there = shown.tz_localize(timezone, ambiguous=np.ones(len(local), bool), nonexistent="NaT")
    never = there.isna().to_numpy()
    values = there.dt.tz_convert(None).to_numpy().astype("datetime64[us]")
    zone = ZoneInfo(timezone)
    moments = [moment.replace(tzinfo=zone) for moment in local[never].tolist()]
    values[never] = [moment64(moment) for moment in moments]
    return values, int(once.sum() - never.sum()), int(never.sum())


def _spelled(value: float) -> str | None:
    if np.isnan(value):
        return None
    return str(int(value)) if np.isfinite(value) and value == int(value) else str(value)
