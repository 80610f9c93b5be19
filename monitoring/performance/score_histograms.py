"""Score histograms: what absent labels mean, checks, and the bin of the decision threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from monitoring.errors import InputError
from monitoring.summary.merge import merge_scores
from monitoring.summary.types import COUNTED, ScoreSummary
from monitoring.wording import number

NEGATIVE, POSITIVE, UNLABELLED = 0, 1, 2
"""Places of the labels in the arrays of a `ScoreSummary`."""


@dataclass(frozen=True, eq=False)
class MatureScores:
    """Score histograms in which absent labels have their meaning.

    Attributes
    ----------
    labels_come
        Rows whose label really came: coverage counts these, not what was made of the others.
    naive
        The same where blocked rows count like any other: what they would be taken for if nothing
        were known of the blocking.
    """

    scores: ScoreSummary
    labels_come: int
    naive: ScoreSummary

    @property
    def hidden(self) -> int:
        """Rows whose truth nobody will see: they were blocked, and not reviewed."""
        blocked = self.scores.by_weight.get(0)
        return 0 if blocked is None else int(blocked.rows[UNLABELLED].sum())

    @property
    def let_through(self) -> ScoreSummary | None:
        """The rows that were let through, each counted once; None where there are none."""
        parts = [part for weight, part in self.scores.by_weight.items() if weight]
        return merge_scores(parts) if parts else None


def with_absent_labels(
    scores: ScoreSummary, absent_at_maturity: Literal["negative", "unknown"]
) -> MatureScores:
    """Give the unlabelled rows of a mature window their meaning; blocked rows have none.

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
        return MatureScores(scores, come, naive=scores)
    naive = _unlabelled_to_negative(scores)
    if not scores.by_weight:
        return MatureScores(naive, come, naive=naive)
    settled = {
        weight: _unlabelled_to_negative(part) if weight else part
        for weight, part in scores.by_weight.items()
    }
    known = _unlabelled_to_negative(scores, scores.by_weight.get(0))
    return MatureScores(replace(known, by_weight=settled), come, naive=naive)


def _unlabelled_to_negative(
    scores: ScoreSummary, blocked: ScoreSummary | None = None
) -> ScoreSummary:
    """Move unlabelled rows to the negative ones, but for those that were blocked."""

    def moved(name: str) -> NDArray[Any]:
        by_label: NDArray[Any] = getattr(scores, name).copy()
        kept = 0 if blocked is None else getattr(blocked, name)[UNLABELLED]
        by_label[NEGATIVE] += by_label[UNLABELLED] - kept
        by_label[UNLABELLED] = kept
        return by_label

    changed: dict[str, Any] = {name: moved(name) for name in COUNTED}
    return replace(scores, **changed, by_weight={})


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
