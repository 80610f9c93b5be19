"""Arrays: scores, labels and amounts of rows as people hand them in, checked."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def scores_of(scores: ArrayLike) -> NDArray[np.float64]:
    """Return scores as float64.

    Raises
    ------
    ValueError
        No rows, or a score that is missing or outside 0 to 1.
    """
    values = _column(scores, "scores")
    if len(values) == 0:
        msg = "scores: there are no rows"
        raise ValueError(msg)
    _refuse(
        ~((values >= 0) & (values <= 1)),
        values,
        "scores",
        "a score is the probability of the positive class, 0 to 1",
    )
    return values


def labels_of(labels: ArrayLike, rows: int, name: str = "labels") -> NDArray[np.bool_]:
    """Return labels as True for positive.

    Raises
    ------
    ValueError
        Not one label a row, or one that is neither 0 nor 1.
    """
    values = _column(labels, name, rows)
    wrong = (values != 0) & (values != 1)
    _refuse(wrong, values, name, "1 stands for yes (a positive), 0 for no")
    positive: NDArray[np.bool_] = values == 1
    return positive


def amounts_of(amounts: ArrayLike, *, priced: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Return amounts as float64, NaN where one is missing; only `priced` rows are looked at.

    Raises
    ------
    ValueError
        Not one amount a row, or one of a priced row that is infinite or below 0.
    """
    values = _column(amounts, "amounts", len(priced))
    _refuse(
        priced & ((values < 0) | np.isinf(values)),
        values,
        "amounts",
        "an amount is the money at stake in a row: a number from 0 on, or missing",
    )
    return values


def _column(values: ArrayLike, name: str, rows: int | None = None) -> NDArray[np.float64]:
    column = np.asarray(values, dtype=np.float64)
    if column.ndim != 1 or (rows is not None and len(column) != rows):
        wanted = "one number a row" if rows is None else f"one number for each of {rows:,} rows"
        msg = f"{name}: an array of shape {column.shape} where {wanted} is wanted"
        raise ValueError(msg)
    return column


def _refuse(wrong: NDArray[np.bool_], values: NDArray[np.float64], name: str, allowed: str) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        msg = (
            f"{name}: {int(wrong.sum()):,} wrong, first {values[first]:g} in row {first}; {allowed}"
        )
        raise ValueError(msg)
