"""Score histograms: what absent labels mean, checks, and the bin of the decision threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from monitoring.errors import InputError
from monitoring.summary.types import ScoreSummary
from monitoring.wording import number

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


_ROUNDING = 1e-9
"""How far sums of floats may stray, relative to the rows they are sums of."""


def first_flagged(scores: ScoreSummary, threshold: float) -> int:
    """Return the lowest bin whose rows are flagged: score >= threshold.

    Raises
    ------
    InputError
        The threshold is not an edge of the bins: counts at it would not be exact.
    """
    place = int(np.searchsorted(scores.edges, threshold))
    if place == len(scores.edges) or scores.edges[place] != threshold:
        near = scores.edges[max(place - 1, 0) : place + 1]
        msg = (
            f"threshold {threshold!r} is not an edge of the score bins, so counts at it are not "
            f"known: the nearest edges are {', '.join(repr(float(e)) for e in near) or 'none'}; "
            "summarise the scores on bins that have the threshold among their edges"
        )
        raise InputError(msg)
    return place + 1


def check_scores(scores: ScoreSummary) -> None:
    """Check what the sums give away of the rows behind them.

    Raises
    ------
    InputError
        Scores outside 0 to 1, or positives with amounts below 0.
    """
    room = _ROUNDING * scores.rows
    outside = (scores.score < -room) | (scores.score > scores.rows + room)
    if outside.any():
        label, place = (int(i) for i in np.argwhere(outside)[0])
        mean = scores.score[label, place] / max(scores.rows[label, place], 1)
        msg = (
            f"scores outside 0 to 1: {number(mean)} on average in bin {place}; a score is the "
            "probability of the positive class"
        )
        raise InputError(msg)
    if scores.has_amounts and (scores.amount[POSITIVE] < 0).any():
        lowest = float(scores.amount[POSITIVE].min())
        msg = (
            f"amounts below 0 among the positives (a bin of them adds up to {number(lowest)}): an "
            "amount is the money at stake in a row, 0 or more"
        )
        raise InputError(msg)
