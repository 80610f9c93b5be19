"""Checks of the scores, labels and amounts that a caller hands in."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.errors import InputError

_SCORE = "a score is the probability of the positive class, 0 to 1"
_YES_OR_NO = "1 stands for yes (a positive), 0 for no"
_NOT_COME = "; where the label has not come, make `label_seen` False"
_AMOUNT = "an amount is the money at stake in a row: a number from 0 on, or missing"


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
    _refuse(~((values >= 0) & (values <= 1)), values, "scores", _SCORE)
    return values


def labels_of(labels: ArrayLike, rows: int, name: str = "labels") -> NDArray[np.bool_]:
    """Return labels as True for positive.

    Raises
    ------
    InputError
        Not one label a row, or one that is neither 0 nor 1.
    """
    allowed = _YES_OR_NO + (_NOT_COME if name == "labels" else "")
    values = _column(labels, name, allowed, rows)
    _refuse((values != 0) & (values != 1), values, name, allowed)
    positive: NDArray[np.bool_] = values == 1
    return positive


def amounts_of(amounts: ArrayLike, *, priced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return amounts as float64, NaN where one is missing; only `priced` rows are looked at.

    Raises
    ------
    InputError
        Not one amount a row, or one of a priced row that is infinite or below 0.
    """
    values = _column(amounts, "amounts", _AMOUNT, len(priced))
    _refuse(priced & ((values < 0) | np.isinf(values)), values, "amounts", _AMOUNT)
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


def _column(
    values: ArrayLike, name: str, allowed: str, rows: int | None = None
) -> NDArray[np.float64]:
    # What is masked is missing, not what lies under the mask.
    given: Any = values
    if isinstance(given, np.ma.MaskedArray):
        given = np.ma.filled(np.ma.asarray(given, np.float64), np.nan)
    try:
        column = np.asarray(given, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name}: {_first_that_is_no_number(given)}; {allowed}"
        raise InputError(msg) from error
    if column.ndim != 1 or (rows is not None and len(column) != rows):
        wanted = "one number a row" if rows is None else f"one number for each of {rows:,} rows"
        msg = f"{name}: an array of shape {column.shape} where {wanted} is wanted"
        raise InputError(msg)
    return column


def _first_that_is_no_number(values: Any) -> str:
    cells: Sequence[Any] = np.asarray(values, dtype=object).ravel().tolist()
    for row, cell in enumerate(cells):
        try:
            float(cell)
        except (TypeError, ValueError):
            return f"{cell!r} in row {row} is no number"
    return "not a row of numbers"


def _refuse(wrong: NDArray[np.bool_], values: NDArray[np.float64], name: str, allowed: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        msg = (
            f"{name}: {int(wrong.sum()):,} wrong, first {values[first]:g} in row {first}; {allowed}"
        )
        raise InputError(msg)
