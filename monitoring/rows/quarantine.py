"""Quarantine: rows that no later step can process are set aside with a reason, never lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.moments import FIRST_YEAR, LAST_YEAR
from monitoring.rows.rows import Rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

FIRST_TIME = np.datetime64(f"{FIRST_YEAR}-01-01", "us")
FIRST_TIME_BEYOND = np.datetime64(f"{LAST_YEAR + 1}-01-01", "us")
"""Event times lie in [FIRST_TIME, FIRST_TIME_BEYOND): others are a fault of the data."""

CLOCK_SKEW = np.timedelta64(5, "m")
"""How far clocks may differ: what is timed later than this after it came is from the future."""

LARGEST_AMOUNT = 1e12
"""A greater one is a fault of the data: sums of money and of its square would lose the rest."""

LONGEST_ID = 200
"""Characters that an id may have."""

_PORTION = 10_000
"""Rows whose numbers are copied at once."""


class QuarantineReason(StrEnum):
    """Why a row was set aside; a row with several faults has the first of this list."""

    WRONG_WIDTH = "wrong number of columns"
    UNENDED = "last line without an end"
    MISSING_TIME = "missing time"
    UNPARSABLE_TIME = "unparsable time"
    TIME_OUT_OF_RANGE = "time out of range"
    FROM_THE_FUTURE = "time in the future"
    MISSING_ID = "missing id"
    UNUSABLE_ID = "unusable id"
    UNPARSABLE_NUMBER = "unparsable number"
    INFINITE_NUMBER = "infinite number"
    NEGATIVE_AMOUNT = "negative amount"
    AMOUNT_OUT_OF_RANGE = "amount out of range"
    UNKNOWN_TARGET = "unknown target value"
    DUPLICATE_ID = "duplicate id"
    REUSED_ID = "id used again"
    SCORE_OUT_OF_RANGE = "score outside 0 to 1"
    UNKNOWN_LABEL = "unknown label"
    UNREADABLE_SCORE = "unreadable score"


@dataclass(frozen=True)
class QuarantinedRow:
    """A row that was set aside.

    Attributes
    ----------
    row_id
        Its id; where it has none, where it came from and its number.
    row_number
        Its place in what it came with, counted from 0.
    reason
        The same for all rows with the same fault: they are counted by it.
    detail
        The column and the value at fault.
    payload
        The row as it came: JSON by column, or the text that could not be split into columns.
    """

    row_id: str
    row_number: int
    reason: QuarantineReason
    detail: str
    payload: str


@dataclass(frozen=True, eq=False)
class Fault:
    """What is wrong with some values of one column.

    Attributes
    ----------
    where
        True for each value that has the fault.
    """

    reason: QuarantineReason
    column: str
    values: Any
    where: NDArray[np.bool_]


def is_usable_id(row_id: str) -> bool:
    """Whether databases and arrays can hold `row_id`."""
    return len(row_id) <= LONGEST_ID and "\0" not in row_id


def usable_ids(row_id: NDArray[np.str_]) -> NDArray[np.bool_]:
    """Return which ids databases and arrays can hold, without looking at each alone."""
    if not len(row_id) or not row_id.dtype.itemsize:
        return np.ones(len(row_id), np.bool_)
    characters = np.ascontiguousarray(row_id).view(np.uint32).reshape(len(row_id), -1)
    # An array fills ids up with NULs: one is part of an id where a character follows it.
    inside = (characters[:, :-1] == 0) & (characters[:, 1:] != 0)
    too_long = characters[:, LONGEST_ID:] != 0
    usable: NDArray[np.bool_] = ~(inside.any(axis=1) | too_long.any(axis=1))
    return usable


def is_usable_time(times: NDArray[np.datetime64]) -> NDArray[np.bool_]:
    """Return which times are there and lie within the years 1900 to 2199."""
    return (times >= FIRST_TIME) & (times < FIRST_TIME_BEYOND)


def quarantine_unusable(rows: Rows) -> tuple[Rows, tuple[QuarantinedRow, ...]]:
    """Part rows that every later step can take from those that some can't.

    Set aside are rows without an id or with one that is too long, without an event or arrival
    time or with one outside the years 1900 to 2199, that happened after they arrived, with an
    infinite number, or with an amount below 0. Missing features and amounts are no fault.

    Returns
    -------
    The usable rows, and the others in their order.
    """
    faults = [
        *_id_and_time_faults(
            rows.row_id, {"event time": rows.event_time, "arrival time": rows.arrival_time}
        ),
        from_the_future("event time", rows.event_time, rows.arrival_time),
        *_number_faults(rows),
    ]
    usable, unusable = _part(faults, rows.row_id, lambda place: _record(rows, place))
    return (rows.take(usable) if unusable else rows), unusable


def from_the_future(
    column: str, times: NDArray[np.datetime64], came: NDArray[np.datetime64] | np.datetime64
) -> Fault:
    """Return which times are later than what they are of came, by more than `CLOCK_SKEW`."""
    return Fault(QuarantineReason.FROM_THE_FUTURE, column, times, times > came + CLOCK_SKEW)


def quarantine_values(
    faults: Sequence[Fault], *, row_id: NDArray[np.str_], times: NDArray[np.datetime64]
) -> tuple[NDArray[np.bool_], tuple[QuarantinedRow, ...]]:
    """Part scores or labels that can be taken from those that can't, or have no id or time.

    Parameters
    ----------
    faults
        The values, and which of them can't be taken.
    row_id, times
        Of the row of each value, and when the value came.

    Returns
    -------
    Which values are usable, and the others in their order.
    """

    def record(place: int) -> dict[str, Any]:
        values = {fault.column: fault.values[place] for fault in faults}
        return {"id": row_id[place], **values, "time": str(times[place])}

    return _part([*_id_and_time_faults(row_id, {"time": times}), *faults], row_id, record)


def row_payload(record: Mapping[Any, Any]) -> str:
    """Return a row by column as JSON: missing is null, what JSON has no value for is its name."""
    import pandas as pd
    from pydantic_core import to_json

    def shown(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: shown(inner) for name, inner in value.items()}
        return None if pd.api.types.is_scalar(value) and pd.isna(value) else value

    return to_json(shown(record), inf_nan_mode="strings", fallback=str).decode()


def _part(
    faults: Sequence[Fault], row_id: NDArray[np.str_], record: Callable[[int], Mapping[str, Any]]
) -> tuple[NDArray[np.bool_], tuple[QuarantinedRow, ...]]:
    """Return where there is no fault, and a quarantined row for each place that has one."""
    first: dict[int, Fault] = {}
    for fault in sorted(faults, key=lambda fault: list(QuarantineReason).index(fault.reason)):
        for place in np.flatnonzero(fault.where).tolist():
            first.setdefault(place, fault)
    usable = np.ones(len(row_id), np.bool_)
    usable[list(first)] = False
    return usable, tuple(
        QuarantinedRow(
            row_id=str(row_id[place]).replace("\0", "\\0")[:LONGEST_ID] or f"row {place}",
            row_number=place,
            reason=fault.reason,
            detail=f"{fault.column}: {fault.values[place]!s:.80}".replace("\0", "\\0"),
            payload=row_payload(record(place)),
        )
        for place, fault in sorted(first.items())
    )


def _id_and_time_faults(
    row_id: NDArray[np.str_], times: Mapping[str, NDArray[np.datetime64]]
) -> Iterator[Fault]:
    for column, values in times.items():
        missing = np.isnat(values)
        yield Fault(QuarantineReason.MISSING_TIME, column, values, missing)
        yield Fault(
            QuarantineReason.TIME_OUT_OF_RANGE, column, values, ~missing & ~is_usable_time(values)
        )
    unusable = ~usable_ids(row_id)
    yield Fault(QuarantineReason.MISSING_ID, "id", row_id, np.asarray(row_id == "", np.bool_))
    yield Fault(QuarantineReason.UNUSABLE_ID, "id", row_id, unusable)


def _number_faults(rows: Rows) -> Iterator[Fault]:
    numbers = rows.features.select_dtypes("number")
    for name in numbers.columns[_with_infinity(numbers)]:
        values = numbers[name].to_numpy()
        yield Fault(QuarantineReason.INFINITE_NUMBER, str(name), values, np.isinf(values))
    if rows.amount is not None:
        yield Fault(QuarantineReason.INFINITE_NUMBER, "amount", rows.amount, np.isinf(rows.amount))
        yield Fault(QuarantineReason.NEGATIVE_AMOUNT, "amount", rows.amount, rows.amount < 0)
        beyond = rows.amount > LARGEST_AMOUNT
        yield Fault(QuarantineReason.AMOUNT_OUT_OF_RANGE, "amount", rows.amount, beyond)


def _with_infinity(numbers: pd.DataFrame) -> NDArray[np.bool_]:
    """Return which columns hold an infinite number.

    A service asks for a row or two, of which each column by itself would take its time.
    """
    found = np.zeros(numbers.shape[1], np.bool_)
    for start in range(0, len(numbers), _PORTION):
        portion = numbers.iloc[start : start + _PORTION].to_numpy(np.float64, na_value=np.nan)
        found |= np.isinf(portion).any(axis=0)
    return found


def _record(rows: Rows, place: int) -> dict[str, Any]:
    amount = None if rows.amount is None else rows.amount[place]
    return {
        "event_time": str(rows.event_time[place]),
        "arrival_time": str(rows.arrival_time[place]),
        "amount": None if amount is None else float(amount),
        "features": {str(name): rows.features[name].iloc[place] for name in rows.features.columns},
    }
