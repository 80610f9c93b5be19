"""95% confidence intervals of ratios in closed form, so that equal counts give equal bounds.

Coverage of each was simulated (tests/performance/test_intervals.py): near 95% or above it, from
30 positives among 20,000 rows to even classes, near perfect models too, where bounds from a
normal approximation or a bootstrap cover as little as 60%.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from monitoring.wording import UNDEFINED as UNDEFINED_TEXT
from monitoring.wording import percent


@dataclass(frozen=True)
class Ratio:
    """A ratio with its 95% interval; all None where it is not defined.

    From 0 to 1, but for a return on cost, which has no upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None

    def text(self, digits: int = 0) -> str:
        """Return a share with its interval: ``82% (71% to 90%)``."""
        if self.value is None:
            return UNDEFINED_TEXT
        interval = self.interval_text(digits)
        return percent(self.value, digits) + (f" ({interval})" if interval else "")

    def interval_text(self, digits: int = 0) -> str:
        """Return the interval of a share: ``71% to 90%``; nothing where there is none."""
        if self.low is None or self.high is None:
            return ""
        return f"{percent(self.low, digits)} to {percent(self.high, digits)}"

    def text_as_multiple(self) -> str:
        """Return a return on cost with its interval: ``3.21 (2.05 to 4.9)``."""
        if self.value is None:
            return UNDEFINED_TEXT
        if self.low is None or self.high is None:
            return f"{self.value:.3g}"
        return f"{self.value:.3g} ({self.low:.3g} to {self.high:.3g})"


@dataclass(frozen=True)
class Amount:
    """Money with its 95% interval, in the use case's currency."""

    value: float
    low: float
    high: float


_Z = 1.959963984540054
"""97.5% point of the normal distribution."""


UNDEFINED = Ratio(None)


def wilson(value: float, of: float) -> Ratio:
    """Return `value` with Wilson's score interval for a share of `of` rows (Wilson 1927).

    Parameters
    ----------
    of
        Rows, or the number of independent rows that would be as uncertain: not always whole,
        infinite where there is no uncertainty.
    """
    shrink = 1 + _Z**2 / of
    centre = (value + _Z**2 / (2 * of)) / shrink
    reach = _Z / shrink * math.sqrt(value * (1 - value) / of + _Z**2 / (4 * of**2))
    # Rounding must not put the value outside its own interval.
    low = min(max(centre - reach, 0.0), value)
    return Ratio(value, low, max(min(centre + reach, 1.0), value))


def proportion(part: int, whole: int) -> Ratio:
    """Return part / whole with Wilson's interval; undefined where whole is 0."""
    return wilson(part / whole, whole) if whole else UNDEFINED


def ratio_of_sums(part: tuple[float, float], rest: tuple[float, float]) -> Ratio:
    """Return part / (part + rest), of two sums of rows that stand for several each.

    Each sum is as uncertain as its number of rows, a Poisson one with the score interval; the two
    are combined on the scale of log odds, where their distances from the value add up in squares
    (MOVER: Zou and Donner 2008).

    Parameters
    ----------
    part, rest
        How many rows it stands for, and what each of them does; one of the sums is above 0.
    """
    (one, other), bounds = (part[0], rest[0]), [_poisson(*sum_) for sum_ in (part, rest)]
    (one_low, one_high), (other_low, other_high) = bounds
    value = one / (one + other)
    if not one:
        return Ratio(value, 0.0, one_high / (one_high + other))
    if not other:
        return Ratio(value, one / (one + other_high), 1.0)
    down = math.hypot(math.log(one / one_low), math.log(other_high / other))
    up = math.hypot(math.log(one_high / one), math.log(other / other_low))
    odds = one / other
    low, high = odds * math.exp(-down), odds * math.exp(up)
    return Ratio(value, low / (1 + low), high / (1 + high))


def _poisson(total: float, unit: float) -> tuple[float, float]:
    """Return the score interval of a sum of `unit` each, a Poisson number of them."""
    middle, reach = total / unit + _Z**2 / 2, _Z * math.sqrt(total / unit + _Z**2 / 4)
    return unit * max(middle - reach, 0.0), unit * (middle + reach)


def f1_ratio(detected: int, missed: int, false_alarms: int) -> Ratio:
    """Return F1 with its interval; undefined where nothing was positive and nothing flagged.

    F1 = 2 J / (1 + J) rises with J = detected / (detected + missed + false alarms), a share of
    rows that has Wilson's interval: the indirect method of Lam, Gopal and Qian (2023,
    arXiv 2309.14621).
    """
    value = 2 * detected / (2 * detected + missed + false_alarms) if detected else 0.0
    return f1_between(value, proportion(detected, detected + missed + false_alarms))


def f1_between(value: float, share: Ratio) -> Ratio:
    """Return F1 with the interval that goes with that of its Jaccard index."""
    if share.low is None or share.high is None:
        return UNDEFINED
    return Ratio(value, min(f1_of(share.low), value), max(f1_of(share.high), value))


def f1_of(jaccard: float) -> float:
    """Return the F1 that goes with a Jaccard index."""
    return 2 * jaccard / (1 + jaccard)


def pr_auc_ratio(value: float | None, positives: float, negatives: float) -> Ratio:
    """Return PR-AUC with its interval: Wilson's, for as many rows as the rarer class has.

    PR-AUC is a mean over the positives of a figure between 0 and 1, so that its variance is at
    most about value (1 - value) / positives (Boyd, Eng and Page 2013 take it to be that).
    """
    if value is None:
        return UNDEFINED
    return wilson(value, min(positives, negatives) or positives)


def roc_auc_ratio(
    value: float | None, variance: float, positives: float, negatives: float
) -> Ratio:
    """Return ROC-AUC with its interval: Wilson's, for the rows that DeLong's variance is worth.

    Never for more than twice the rarer class: where few positives all happen to lie high, hardly
    any variance is seen, and the interval would be far too short.
    """
    if value is None:
        return UNDEFINED
    most = 2 * min(positives, negatives)
    return wilson(value, min(equivalent_rows(value, variance), most))


def skewed(value: float, variance: float) -> tuple[float, float]:
    """Return the 95% interval of a sum of few and unequal amounts: log-normal, so never below 0."""
    if value <= 0:
        return value, value
    spread = math.log1p(variance / value**2)
    low, high = (value * math.exp(side * _Z * math.sqrt(spread) - spread / 2) for side in (-1, 1))
    return min(low, value), max(high, value)


def equivalent_rows(value: float, variance: float) -> float:
    """Return how many independent rows would give a share of `value` this variance."""
    if variance < _NO_VARIANCE:
        return math.inf
    return max(value * (1 - value) / variance, _FEWEST)


_NO_VARIANCE = 1e-15
"""What rounding leaves where there is no variance."""


_FEWEST = 0.01
"""Rows that hold next to no information; the interval is then all but 0 to 1."""
