"""Figures of the ranking by score: PR-AUC, ROC-AUC, precision and recall at review capacity.

The order of rows within a bin is not known, but the mean score of each class there is. So each
class is spread evenly around its mean, as wide as the bin and its number of rows allow, over finer
slices; within a slice, order is taken as random. Where both classes have the same mean,
all rows of the bin hold one score (isotonic calibration gives such) and are ties.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.intervals import UNDEFINED, Ratio, wilson
from monitoring.performance.score_histograms import NEGATIVE, POSITIVE
from monitoring.summary.types import ScoreSummary

Floats = NDArray[np.float64]


_SLICES = 32


_SAME = 1e-9


@dataclass(frozen=True, eq=False)
class Ranked:
    """Rows of both classes in slices from the highest score down; rows may be fractions.

    Attributes
    ----------
    positives, negatives
        Rows of each slice.
    tied
        Slices in which all rows hold one score.
    """

    positives: Floats
    negatives: Floats
    tied: NDArray[np.bool_]


def ranked(scores: ScoreSummary) -> Ranked:
    """Return the labelled rows by score, ordered as well as the sums of scores allow."""
    low, high = _bounds(scores.edges)
    means = [_mean(scores, label, low, high) for label in (NEGATIVE, POSITIVE)]
    both = (scores.rows[NEGATIVE] > 0) & (scores.rows[POSITIVE] > 0)
    tied = both & np.isclose(means[NEGATIVE], means[POSITIVE], rtol=_SAME, atol=0)
    # Ties lie in one slice, however their sums were rounded.
    means[POSITIVE] = np.where(tied, means[NEGATIVE], means[POSITIVE])
    slices = [
        _spread(scores.rows[label], means[label], tied, (low, high))
        for label in (NEGATIVE, POSITIVE)
    ]
    return Ranked(
        positives=slices[POSITIVE].ravel()[::-1],
        negatives=slices[NEGATIVE].ravel()[::-1],
        tied=np.repeat(tied, _SLICES)[::-1],
    )


def expected_ranked(scores: ScoreSummary, positives: Floats) -> Ranked:
    """Return rows by score, each in part positive and in part negative.

    Where the mean of a bin is its lower end, all of its rows hold that one score and are ties.

    Parameters
    ----------
    positives
        How many rows of each bin, from the lowest up, are expected to be positive.
    """
    rows = scores.rows.sum(axis=0)
    low, _ = _bounds(scores.edges)
    mean = scores.score.sum(axis=0) / np.maximum(rows, 1)
    negatives = np.maximum(rows - positives, 0.0)
    return Ranked(
        positives=positives[::-1],
        negatives=negatives[::-1],
        tied=np.isclose(mean, low, rtol=_SAME, atol=0)[::-1],
    )


def average_precision(rows: Ranked) -> float | None:
    """Return the mean precision at each positive, from the highest score down.

    Within a slice of p positives and n negatives in random order, after `a` positives among `b`
    rows, the i-th positive has i n / (p + 1) negatives before it on average; the sum of
    (a + i) / (b + i + i n / (p + 1)) over i = 1 .. p has a closed form in the digamma function.
    Agrees with scikit-learn's `average_precision_score`, which sees every row, within 0.002 on
    200 bins that are even in log-odds. None without positives.
    """
    from scipy.special import digamma

    p, n = rows.positives, rows.negatives
    total = p.sum()
    if total == 0:
        return None
    a = np.cumsum(p) - p
    b = a + np.cumsum(n) - n
    per_positive = 1 + n / (p + 1)
    x = b / per_positive
    random = (p + (a - x) * (digamma(x + p + 1) - digamma(x + 1))) / per_positive
    together = p * (a + p) / np.maximum(b + p + n, 1)
    return float(min(np.where(rows.tied, together, random).sum() / total, 1.0))


def roc_auc(rows: Ranked) -> float | None:
    """Return the chance that a positive scores above a negative, ties for a half.

    None where one of the classes has no rows.
    """
    if not rows.positives.any() or not rows.negatives.any():
        return None
    below, _ = _placements(rows)
    return min(max(float(np.average(below, weights=rows.positives)), 0.0), 1.0)


def roc_auc_variance(rows: Ranked) -> float:
    """Return DeLong's variance of the ROC-AUC (DeLong, DeLong and Clarke-Pearson 1988).

    That of the placements of the positives among the negatives, over the positives' number, and
    the other way about. Defined where both classes have rows; infinite where one has a single row.
    """
    return sum(
        _mean_variance(placement, weights)
        for placement, weights in zip(
            _placements(rows), (rows.positives, rows.negatives), strict=True
        )
    )


def _placements(rows: Ranked) -> tuple[Floats, Floats]:
    """Return, by slice, the share of negatives below it and the share of positives above it."""
    p, n = rows.positives, rows.negatives
    below = 1 - (np.cumsum(n) - n / 2) / n.sum()
    above = (np.cumsum(p) - p / 2) / p.sum()
    return below, above


def _mean_variance(values: Floats, weights: Floats) -> float:
    total = float(weights.sum())
    if total <= 1:
        return float("inf")
    centre = np.average(values, weights=weights)
    return float((weights * (values - centre) ** 2).sum() / (total - 1) / total)


def _bounds(edges: Floats) -> tuple[Floats, Floats]:
    """Return where each bin begins and ends; scores lie in 0 to 1."""
    inner = np.clip(edges, 0.0, 1.0)
    return np.concatenate([[0.0], inner]), np.concatenate([inner, [1.0]])


def _mean(scores: ScoreSummary, label: int, low: Floats, high: Floats) -> Floats:
    mean = scores.score[label] / np.maximum(scores.rows[label], 1)
    middle: Floats = np.clip(mean, low, high)
    return middle


def _spread(
    rows: NDArray[np.int64], mean: Floats, tied: NDArray[np.bool_], bounds: tuple[Floats, Floats]
) -> Floats:
    """Spread the rows of each bin over its slices: (bins, slices), ascending.

    Evenly between the mean less and plus a reach that stays within the bin. A single row lies at
    its mean; of r rows in random places the outermost lie (r - 1) / (r + 1) apart on average.
    """
    low, high = bounds
    reach = np.minimum(mean - low, high - mean) * (rows - 1) / (rows + 1)
    reach = np.where(tied | (reach <= 0), 0.0, reach)[:, None]
    ends = np.linspace(low, high, _SLICES + 1, axis=1)
    start = mean[:, None] - reach
    with np.errstate(divide="ignore", invalid="ignore"):
        inside = np.clip((ends - start) / (2 * reach), 0.0, 1.0)
    below = np.where(reach > 0, inside, ends > start)
    below[:, 0], below[:, -1] = 0.0, 1.0
    spread: Floats = rows.astype(np.float64)[:, None] * np.diff(below, axis=1)
    return spread


def scaled(order: Ranked, positives: float, negatives: float) -> Ranked:
    """Return rows in the same order, so many of each class in all."""
    return replace(
        order,
        positives=order.positives * (positives / max(order.positives.sum(), 1)),
        negatives=order.negatives * (negatives / max(order.negatives.sum(), 1)),
    )


@dataclass(frozen=True)
class AtCapacity:
    """Precision and recall of the labelled rows among those reviewed."""

    precision: Ratio
    recall: Ratio


def at_capacity(scores: ScoreSummary, reviews: float, seen: float = 1.0) -> AtCapacity:
    """Return precision and recall where the `reviews` highest scores are looked at.

    All rows compete for the reviews, the unlabelled too; the figures are of the labelled ones.
    The last review usually falls inside a bin, where rows are not told apart: the value takes
    the bin's rows in proportion, and the interval runs from the lower 95% bound with the bin's
    positives last to the upper one with them first.

    Parameters
    ----------
    reviews
        Reviews in the whole window; a part of one is none.
    seen
        Rows that were seen for each that is counted, where some stand for several.
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
            float(caught), float(labelled), (low, low + false_high), (high, high + false_low), seen
        ),
        recall=_bounded(float(caught), float(total), (low, total), (high, total), seen),
    )


def _bounded(
    part: float, whole: float, worst: tuple[int, int], best: tuple[int, int], seen: float
) -> Ratio:
    """Return part / whole between the bounds of the worst and of the best order in the bin."""
    lowest, highest = (
        wilson(rows / of, of * seen) if of else UNDEFINED for rows, of in (worst, best)
    )
    low, high = lowest.low, highest.high
    if whole == 0:
        return UNDEFINED
    return Ratio(part / whole, 0.0 if low is None else low, 1.0 if high is None else high)
