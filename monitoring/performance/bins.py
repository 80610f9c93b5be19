"""Bins: score histograms checked, and where the decision threshold cuts them."""

from __future__ import annotations

import numpy as np

from monitoring.errors import InputError
from monitoring.performance.labels import POSITIVE
from monitoring.summary.types import ScoreSummary

_ROUNDING = 1e-9
"""How far sums of floats may stray, relative to the rows they are sums of."""


def first_alarmed(scores: ScoreSummary, threshold: float) -> int:
    """Return the lowest bin whose rows are alarms: score >= threshold.

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
            f"scores outside 0 to 1: {mean:g} on average in bin {place}; a score is the "
            "probability of the positive class"
        )
        raise InputError(msg)
    if scores.has_amounts and (scores.amount[POSITIVE] < 0).any():
        lowest = float(scores.amount[POSITIVE].min())
        msg = (
            f"amounts below 0 among the positives (a bin of them adds up to {lowest:g}): an "
            "amount is the money at stake in a row, 0 or more"
        )
        raise InputError(msg)
