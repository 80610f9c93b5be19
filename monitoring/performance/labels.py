"""Labels: what those that never came mean, once the time for them has passed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitoring.summary.types import ScoreSummary

_Number = TypeVar("_Number", np.int64, np.float64)

NEGATIVE, POSITIVE, UNLABELLED = 0, 1, 2
"""Places of the labels in the arrays of a `ScoreSummary`."""


@dataclass(frozen=True, eq=False)
class MatureScores:
    """Score histograms in which absent labels have their meaning.

    Attributes
    ----------
    labels_come
        Rows whose label really came: coverage counts these, not what was made of the others.
    """

    scores: ScoreSummary
    labels_come: int


def with_absent_labels(
    scores: ScoreSummary, absent_at_maturity: Literal["negative", "unknown"]
) -> MatureScores:
    """Give the unlabelled rows of a mature window their meaning.

    Parameters
    ----------
    scores
        Score histograms as the labels came.
    absent_at_maturity
        The use case's word on it: `negative` counts the unlabelled rows as negatives, `unknown`
        leaves them unlabelled.
    """
    come = int(scores.rows[[NEGATIVE, POSITIVE]].sum())
    if absent_at_maturity == "unknown":
        return MatureScores(scores, come)
    settled = replace(
        scores,
        rows=_unlabelled_to_negative(scores.rows),
        score=_unlabelled_to_negative(scores.score),
        amount=_unlabelled_to_negative(scores.amount),
        amount_squared=_unlabelled_to_negative(scores.amount_squared),
        unpriced=_unlabelled_to_negative(scores.unpriced),
    )
    return MatureScores(settled, come)


def _unlabelled_to_negative(by_label: NDArray[_Number]) -> NDArray[_Number]:
    moved = by_label.copy()
    moved[NEGATIVE] += moved[UNLABELLED]
    moved[UNLABELLED] = 0
    return moved
