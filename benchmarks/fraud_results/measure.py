"""What scores are worth on the test rows, in frauds, false alarms and money."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from monitoring.performance.money import best_threshold
from monitoring.use_case import Costs

Floats = NDArray[np.float64]

FALSE_ALARMS = 14
"""As many false alarms as the result that is to be beaten had."""
MISSED = 9
"""As many missed frauds as are aimed at."""
_RESAMPLES = 1000


@dataclass(frozen=True, eq=False)
class Part:
    """Rows with the truth: (n,) each; and the days that they span."""

    label: NDArray[np.int8]
    amount: Floats
    days: float


@dataclass(frozen=True)
class Point:
    """What a number of alarms comes to; cost as the use case counts it."""

    caught: int
    missed: int
    false_alarms: int
    cost: float


@dataclass(frozen=True)
class Interval:
    """A figure with its 95% bootstrap interval."""

    value: float
    low: float
    high: float

    @classmethod
    def of(cls, value: float, draws: Floats) -> Self:
        """Return the percentile interval."""
        low, high = np.quantile(draws, [0.025, 0.975])
        return cls(float(value), float(low), float(high))


@dataclass(frozen=True, eq=False)
class Precision:
    """Average precision, and what it was on each resample; the same resamples for every model."""

    value: float
    draws: Floats

    @property
    def interval(self) -> Interval:
        """The figure with its interval."""
        return Interval.of(self.value, self.draws)

    def above(self, other: Precision) -> Interval:
        """Return how far it lies above another one, on the same resamples."""
        return Interval.of(self.value - other.value, self.draws - other.draws)


@dataclass(frozen=True)
class Result:
    """What scores came to on the test rows.

    Attributes
    ----------
    chosen
        At the threshold that was chosen before.
    at_false_alarms, at_missed
        At exactly `FALSE_ALARMS` false alarms, and at no more than `MISSED` missed frauds: read
        from the test rows themselves, so for comparison only.
    """

    average_precision: Precision
    chosen: Point
    at_false_alarms: Point
    at_missed: Point
    without_model: float


def result(scores: Floats, part: Part, threshold: float, costs: Costs) -> Result:
    """Return what scores (n,) of a part come to."""
    order = np.argsort(-scores, kind="stable")
    positive = part.label[order] == 1
    false_alarms, caught = np.cumsum(~positive), np.cumsum(positive)
    few_false = int((false_alarms <= FALSE_ALARMS).sum())
    wanted = caught[-1] - MISSED
    enough = int(np.searchsorted(caught, wanted)) + 1 if wanted > 0 else 0
    chosen = int((scores >= threshold).sum())
    return Result(
        average_precision=precision_of(scores, part.label),
        chosen=_point(part, order[:chosen], costs),
        at_false_alarms=_point(part, order[:few_false], costs),
        at_missed=_point(part, order[:enough], costs),
        without_model=float(_loss(part, costs).sum()),
    )


def threshold_of(scores: Floats, part: Part, costs: Costs) -> float:
    """Return the threshold that costs least on these rows within the team's capacity."""
    return best_threshold(scores, part.label, part.amount, costs, part.days)


def precision_of(scores: Floats, label: NDArray[np.int8]) -> Precision:
    """Return the average precision of scores (n,), with a bootstrap over rows."""
    value = float(average_precision_score(label, scores))
    return Precision(value, _resampled(scores, label))


def _point(part: Part, alarmed: NDArray[np.intp], costs: Costs) -> Point:
    alarm = np.zeros(len(part.label), dtype=bool)
    alarm[alarmed] = True
    positive = part.label == 1
    false_alarms = int((alarm & ~positive).sum())
    lost = float(_loss(part, costs)[~alarm].sum())
    work = float(alarm.sum() * costs.review + false_alarms * costs.false_alarm)
    caught = int((alarm & positive).sum())
    return Point(caught, int(positive.sum()) - caught, false_alarms, lost + work)


def _loss(part: Part, costs: Costs) -> Floats:
    missed = costs.missed.of_amount * part.amount + costs.missed.fixed
    return np.where(part.label == 1, missed, 0.0)


def _resampled(scores: Floats, label: NDArray[np.int8]) -> Floats:
    """Return the average precision of every resample; the same rows are drawn at every call.

    Negatives below the lowest positive change nothing, and are left out.
    """
    order = np.argsort(-scores, kind="stable")
    needed = order[: int(np.flatnonzero(label[order] == 1)[-1]) + 1]
    positive = label[needed] == 1
    ends = np.append(np.diff(scores[needed]) != 0, True)  # equal scores are alarmed together
    drawn = np.empty(_RESAMPLES)
    for number, counts in enumerate(_counts(len(scores))):
        count = counts[needed]
        caught, alarms = (
            np.cumsum(count * positive, dtype=int)[ends],
            np.cumsum(count, dtype=int)[ends],
        )
        precision = caught / np.maximum(alarms, 1)
        drawn[number] = (np.diff(caught, prepend=0) * precision).sum() / caught[-1]
    return drawn


@cache
def _counts(rows: int) -> NDArray[np.uint8]:
    """Return how often each row is in each resample: (resamples, rows)."""
    return np.random.default_rng(0).poisson(1.0, (_RESAMPLES, rows)).astype(np.uint8)
