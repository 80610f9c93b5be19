"""Weighted counts: rows that were let through stand for those that were blocked.

A row that had the probability p to be let through counts 1 / p times, one that was blocked not at
all (Horvitz and Thompson 1952). Intervals are as wide as the rows that were seen make them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.intervals import (
    Ratio,
    f1_between,
    f1_of,
    f1_ratio,
    proportion,
    ratio_of_sums,
)
from monitoring.summary.types import ScoreSummary
from monitoring.summary.weights import stands_for

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Count:
    """Rows of one kind.

    Attributes
    ----------
    rows
        How many they stand for; where each stands for itself, how many they are.
    squares
        Sum of the squares of what each stands for.
    heaviest
        Rows that one more of them might stand for.
    """

    rows: int
    squares: float
    heaviest: float

    def __add__(self, other: Count) -> Count:
        heaviest = max(self.heaviest, other.heaviest)
        return Count(self.rows + other.rows, self.squares + other.squares, heaviest)

    @property
    def worth(self) -> float:
        """Rows that would be as uncertain if each stood for itself (Kish 1965)."""
        return self.rows**2 / self.squares if self.squares else 0.0

    @property
    def seen(self) -> float:
        """That, for each row that they stand for."""
        return self.worth / self.rows if self.rows else 1.0

    @property
    def unit(self) -> float:
        """Rows that one of them stands for, as far as uncertainty goes."""
        return self.squares / self.rows if self.rows else self.heaviest


@dataclass(frozen=True, eq=False)
class Weighted:
    """Score histograms of what rows stand for.

    Attributes
    ----------
    scores
        Counts and sums, each row as often as it stands for; counts are of whole rows, and right
        within one from any bin up.
    squares
        The same with the square of that, of which variances are made.
    heaviest
        By bin: rows that one in it stands for at most.
    plain
        Whether each row stands for itself.
    """

    scores: ScoreSummary
    squares: ScoreSummary
    heaviest: Floats
    plain: bool

    def count(self, label: int, bins: slice) -> Count:
        """Return the rows of a label in some bins."""
        return Count(
            int(self.scores.rows[label, bins].sum()),
            float(self.squares.rows[label, bins].sum()),
            float(self.heaviest[bins].max(initial=1.0)),
        )

    def share(self, part: Count, rest: Count) -> Ratio:
        """Return part / (part + rest) with its interval."""
        if self.plain or not part.rows + rest.rows:
            return proportion(part.rows, part.rows + rest.rows)
        return ratio_of_sums((part.rows, part.unit), (rest.rows, rest.unit))

    def f1(self, detected: Count, missed: Count, false_alarms: Count) -> Ratio:
        """Return F1 with its interval: see `f1_ratio`."""
        if self.plain:
            return f1_ratio(detected.rows, missed.rows, false_alarms.rows)
        share = self.share(detected, missed + false_alarms)
        return f1_between(f1_of(share.value or 0.0), share)


def weighted(scores: ScoreSummary) -> Weighted:
    """Return what the rows of score histograms stand for; themselves where they have no weights."""
    if not scores.by_weight:
        return Weighted(scores, scores, np.ones(scores.rows.shape[1]), plain=True)
    heaviest = np.ones(scores.rows.shape[1])
    for weight, part in scores.by_weight.items():
        heaviest[part.rows.sum(axis=0) > 0] = max(weight, 1.0)
    return Weighted(stands_for(scores), stands_for(scores, power=2), heaviest, plain=False)
