"""Checks of the scores, labels and amounts that a caller hands in."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.errors import InputError
from monitoring.rows.quarantine import LARGEST_AMOUNT
from monitoring.wording import number, several, shown

BLOCK = 1 << 16
"""Rows that are checked before the next: what checking takes does not grow with the rows."""

_SCORE = "a score is the probability of the positive class, 0 to 1"
_YES_OR_NO = "1 stands for yes (a positive), 0 for no"
_NOT_COME = "; where the label has not come, make `label_seen` False"
_AMOUNT = "an amount is the money at stake in a row: a number from 0 to 1e12, or missing"


def check_same_rows(**columns: object) -> None:
    """Raise where pandas Series that are rows of one table have not one index.

    By place alone they would be matched wrongly, and nobody would see it. What has no index is
    matched by place.

    Raises
    ------
    InputError
        Two of them have unlike indexes, or the same one in another order.
    """
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return
    indexed = [(name, each) for name, each in columns.items() if isinstance(each, pandas.Series)]
    for name, other in indexed[1:]:
        first, one = indexed[0]
        if one.index.equals(other.index) or len(one) != len(other):  # lengths are checked later
            continue
        here, there = one.index.tolist(), other.index.tolist()
        row = next((row for row, key in enumerate(here) if key != there[row]), 0)
        if one.index.is_unique and set(here) == set(there):
            what = "have one index in different orders"
            cure = f"bring them into one order, such as `{name}.loc[{first}.index]`"
        else:
            what = "have different indexes"
            cure = "if rows belong together by their place, give `.to_numpy()` of each"
        msg = (
            f"{first} and {name} {what}: row {row} is {shown(here[row])} in one and "
            f"{shown(there[row])} in the other; {cure}"
        )
        raise InputError(msg)


def scores_of(scores: ArrayLike) -> NDArray[np.float64]:
    """Return scores as float64.

    Raises
    ------
    InputError
        No rows, or a score that is missing or outside 0 to 1.
    """
    values = _column(scores, "scores", _SCORE)
    if len(values) == 0:
        msg = "scores: there are no rows"
        raise InputError(msg)
    _refuse(values, lambda part, _: ~((part >= 0) & (part <= 1)), "scores", _SCORE)
    return values


def labels_of(
    labels: ArrayLike,
    rows: int,
    name: str = "labels",
    *,
    seen: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Return labels as True for positive; only those of `seen` rows are looked at.

    Raises
    ------
    InputError
        Not one label a row, or one that is neither 0 nor 1.
    """
    allowed = _YES_OR_NO + (_NOT_COME if name == "labels" else "")
    given = _array(labels)
    _check_shape(given.shape, name, rows)
    positive = np.zeros(rows, dtype=bool)
    wrong = _Wrong()
    for part in _blocks(rows):
        places = np.arange(part.start, min(part.stop, rows))
        if seen is not None:
            places = places[seen[part]]
        values = _numbers(given[places], name, allowed, places)
        positive[places] = values == 1
        wrong.add((values != 0) & (values != 1), values, places)
    wrong.refuse(name, allowed)
    return positive


def amounts_of(amounts: ArrayLike, *, priced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return amounts as float64, NaN where one is missing; only `priced` rows are looked at.

    Raises
    ------
    InputError
        Not one amount a row, or one of a priced row that is below 0 or above `LARGEST_AMOUNT`.
    """
    values = _column(amounts, "amounts", _AMOUNT, len(priced))
    _refuse(
        values,
        lambda part, rows: priced[rows] & ((part < 0) | (part > LARGEST_AMOUNT)),
        "amounts",
        _AMOUNT,
    )
    return values


def threshold_of(threshold: float) -> float:
    """Return a decision threshold as a plain number.

    Raises
    ------
    InputError
        It is none, or not finite.
    """
    if not _is_number(threshold) or not math.isfinite(threshold):
        msg = f"threshold: {threshold!r} is no number to compare scores with; give one from 0 to 1"
        raise InputError(msg)
    return float(threshold)


def reviews_of(capacity: float | None) -> float | None:
    """Return the reviews that a team can make, as a plain number; None and infinity for no limit.

    Raises
    ------
    InputError
        It is no number, or below 0.
    """
    if capacity is None:
        return None
    if not _is_number(capacity) or not capacity >= 0:
        msg = (
            f"capacity: {capacity!r} is no number of reviews; give one from 0 on, or leave it out "
            "where nothing limits them"
        )
        raise InputError(msg)
    return float(capacity)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, np.number, np.bool_))


def _array(values: ArrayLike) -> Any:
    try:
        return np.asanyarray(values)
    except ValueError:  # lists of different lengths: each is no number, which is said below
        return np.asarray(values, dtype=object)


def _blocks(rows: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, rows, BLOCK))


def _column(
    values: ArrayLike, name: str, allowed: str, rows: int | None = None
) -> NDArray[np.float64]:
    column = _numbers(values, name, allowed)
    _check_shape(column.shape, name, rows)
    return column


def _check_shape(shape: tuple[int, ...], name: str, rows: int | None) -> None:
    if len(shape) != 1 or (rows is not None and shape != (rows,)):
        each = "a row" if rows is None else f"for each of {several(rows, 'row')}"
        msg = f"{name}: an array of shape {shape} where one number {each} is wanted"
        raise InputError(msg)


def _numbers(
    given: Any, name: str, allowed: str, places: NDArray[np.intp] | None = None
) -> NDArray[np.float64]:
    """Return values as float64; `places` are their rows, where they are not all of them."""
    # What is masked is missing, not what lies under the mask.
    if isinstance(given, np.ma.MaskedArray):
        given = np.ma.filled(np.ma.asarray(given, np.float64), np.nan)
    try:
        return np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        msg = f"{name}: {_first_that_is_no_number(given, places)}; {allowed}"
        raise InputError(msg) from error


def _first_that_is_no_number(values: Any, places: NDArray[np.intp] | None) -> str:
    cells: Sequence[Any] = np.asarray(values, dtype=object).ravel().tolist()
    for place, cell in enumerate(cells):
        try:
            float(cell)
        except (TypeError, ValueError, OverflowError):
            row = place if places is None else places[place]
            return f"{shown(cell)} in row {row} is no number"
    return "not a row of numbers"


def _refuse(
    values: NDArray[np.float64],
    is_wrong: Callable[[NDArray[np.float64], slice], NDArray[np.bool_]],
    name: str,
    allowed: str,
) -> None:
    wrong = _Wrong()
    for rows in _blocks(len(values)):
        part = values[rows]
        wrong.add(is_wrong(part, rows), part, range(rows.start, rows.start + len(part)))
    wrong.refuse(name, allowed)


@dataclass
class _Wrong:
    """Values that are not allowed: how many, and the first of them."""

    count: int = 0
    first: str = ""

    def add(
        self,
        wrong: NDArray[np.bool_],
        values: NDArray[np.float64],
        rows: Sequence[int] | NDArray[np.intp],
    ) -> None:
        """Count those of a block; `rows` are its values' rows."""
        if not self.count and wrong.any():
            place = int(np.argmax(wrong))
            self.first = f"{number(values[place])} in row {rows[place]}"
        self.count += int(wrong.sum())

    def refuse(self, name: str, allowed: str) -> None:
        """Raise where there is one."""
        if self.count:
            msg = f"{name}: {self.count:,} wrong, first {self.first}; {allowed}"
            raise InputError(msg)
