"""Precision, recall and F1 averaged over classes, as scikit-learn averages them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Averages:
    """Figures averaged over the classes that occur, as truth or as decision.

    A figure that is not defined counts as 0.
    """

    recall: float
    precision: float
    f1: float


@dataclass(frozen=True)
class OfClass:
    """Rows of a class, rows decided to be of it, and those of both."""

    rows: int
    decided: int
    right: int


def averaged(classes: Sequence[OfClass]) -> dict[str, Averages | None]:
    """Return the macro, the weighted and the overall average; None where there are no rows.

    Macro counts every class alike, weighted by its rows. Overall counts every row once (micro):
    its three figures are one, the share of rows decided right.
    """
    there = [one for one in classes if one.rows or one.decided]
    rows = sum(one.rows for one in there)
    if not rows:
        return {"macro": None, "weighted": None, "overall": None}
    right = sum(one.right for one in there) / rows
    return {
        "macro": _mean(there, [1] * len(there)),
        "weighted": _mean(there, [one.rows for one in there]),
        "overall": Averages(right, right, right),
    }


def averaged_over_two(
    *, detected: int, missed: int, false_alarms: int, kept: int
) -> dict[str, Averages | None]:
    """Return the averages over the positive and the negative class.

    Parameters
    ----------
    kept
        Negatives that were not flagged.
    """
    return averaged(
        (
            OfClass(false_alarms + kept, kept + missed, kept),
            OfClass(detected + missed, detected + false_alarms, detected),
        )
    )


def _mean(classes: Sequence[OfClass], weights: Sequence[int]) -> Averages:
    whole = sum(weights)

    def mean(shares: Sequence[float]) -> float:
        return sum(share * weight for share, weight in zip(shares, weights, strict=True)) / whole

    return Averages(
        recall=mean([_share(one.right, one.rows) for one in classes]),
        precision=mean([_share(one.right, one.decided) for one in classes]),
        f1=mean([_share(2 * one.right, one.rows + one.decided) for one in classes]),
    )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0
