"""Capacity: precision and recall over the highest scores that the team can review."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from monitoring.performance.intervals import UNDEFINED, proportion
from monitoring.performance.labels import NEGATIVE, POSITIVE
from monitoring.performance.types import Ratio
from monitoring.summary.types import ScoreSummary


@dataclass(frozen=True)
class AtCapacity:
    """Precision and recall of the labelled rows among those reviewed."""

    precision: Ratio
    recall: Ratio


def at_capacity(scores: ScoreSummary, reviews: float) -> AtCapacity:
    """Return precision and recall where the `reviews` highest scores are looked at.

    All rows compete for the reviews, the unlabelled too; the figures are of the labelled ones.
    The last review usually falls inside a bin, where rows are not told apart: the value takes
    the bin's rows in proportion, and the interval runs from the lower 95% bound with the bin's
    positives last to the upper one with them first.

    Parameters
    ----------
    reviews
        Reviews in the whole window; a part of one is none.
    """
    rows = scores.rows.sum(axis=0)
    above = np.concatenate([np.cumsum(rows[::-1])[::-1], [0]])
    budget = int(min(reviews, above[0]))
    # The lowest bin that is wholly reviewed, and what is left for the one below it.
    first = int(np.argmax(above <= budget))
    left = budget - int(above[first])
    full = scores.rows[:, first:].sum(axis=1)
    part = scores.rows[:, first - 1] if left else np.zeros_like(full)

    positives, other = int(part[POSITIVE]), int(part.sum() - part[POSITIVE])
    fewest, most = max(left - other, 0), min(positives, left)
    share = left / part.sum() if left else 0.0
    caught = full[POSITIVE] + share * positives
    labelled = full[[NEGATIVE, POSITIVE]].sum() + share * part[[NEGATIVE, POSITIVE]].sum()
    unknown = int(part.sum() - positives - part[NEGATIVE])
    false_low, false_high = (
        int(full[NEGATIVE]) + max(left - most - unknown, 0),
        int(full[NEGATIVE]) + min(int(part[NEGATIVE]), left - fewest),
    )
    low, high = int(full[POSITIVE]) + fewest, int(full[POSITIVE]) + most
    total = int(scores.rows[POSITIVE].sum())
    return AtCapacity(
        precision=_bounded(
            float(caught), float(labelled), (low, low + false_high), (high, high + false_low)
        ),
        recall=_bounded(float(caught), float(total), (low, total), (high, total)),
    )


def _bounded(part: float, whole: float, worst: tuple[int, int], best: tuple[int, int]) -> Ratio:
    """Return part / whole between the bounds of the worst and of the best order in the bin."""
    low, high = proportion(*worst).low, proportion(*best).high
    if whole == 0:
        return UNDEFINED
    return Ratio(part / whole, 0.0 if low is None else low, 1.0 if high is None else high)
