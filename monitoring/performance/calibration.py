"""Calibration: whether scores are the probabilities they claim to be."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.labels import NEGATIVE, POSITIVE
from monitoring.performance.types import Calibration
from monitoring.summary.types import ScoreSummary

Floats = NDArray[np.float64]

_GROUP_VARIANCE = 5.0
"""Variance of the number of positives from which on a group of bins is tested on its own."""


def calibration(scores: ScoreSummary, first: int) -> Calibration | None:
    """Compare the positives that scores promise with those that came; None without labels.

    Bins are grouped by what the scores promise alone, on either side of the threshold; each group
    is a sum of independent rows, so that under calibration (found - promised)^2 / variance is
    close to chi-square (Hosmer and Lemeshow 1980, with the groups' own variances).

    Parameters
    ----------
    first
        The lowest bin whose rows are alarms.
    """
    labelled = scores.rows[[NEGATIVE, POSITIVE]].sum(axis=0)
    if not labelled.any():
        return None
    promised = scores.score[[NEGATIVE, POSITIVE]].sum(axis=0)
    variance = positives_variance(labelled, promised)
    found = scores.rows[POSITIVE]
    starts = np.concatenate([_groups(variance[:first]), first + _groups(variance[first:])])
    off = np.abs(np.add.reduceat(found - promised, starts))
    doubt = np.add.reduceat(variance, starts)
    return Calibration(
        expected=float(promised.sum()),
        positives=int(found.sum()),
        p_value=_p_value(off, doubt),
        misplaced=_misplaced(off, doubt, max(float(promised.sum()), float(found.sum()))),
        alarmed_error=_relative_error(variance[first:], promised[first:]),
        silent_error=_relative_error(variance[:first], promised[:first]),
        error=_relative_error(variance, promised),
    )


def positives_variance(rows: NDArray[np.int64], score: Floats) -> Floats:
    """Return the variance of the number of positives of each bin, from its sum of scores.

    Rows are positive independently, each with its score as probability: s (1 - s / n), which is
    exact where the scores of a bin are equal and a little too much where they are not.
    """
    variance: Floats = score * (1 - score / np.maximum(rows, 1))
    return np.maximum(variance, 0.0)


def _groups(variance: Floats) -> NDArray[np.intp]:
    """Return where groups of bins in a row start, each with enough variance to be tested."""
    starts, gathered = [0], 0.0
    for place, one in enumerate(variance[:-1], start=1):
        gathered += one
        if gathered >= _GROUP_VARIANCE and variance[place:].sum() >= _GROUP_VARIANCE:
            starts.append(place)
            gathered = 0.0
    return np.array(starts, dtype=np.intp)


def _p_value(off: Floats, variance: Floats) -> float:
    from scipy.stats import chi2

    # One is added to each variance, so that a single surprising row proves nothing.
    return float(chi2.sf((off**2 / (variance + 1)).sum(), len(off)))


def _misplaced(off: Floats, variance: Floats, positives: float) -> float:
    """Return the share of positives out of place, less the mean absolute error of chance."""
    by_chance = np.sqrt(2 * variance / math.pi).sum()
    return max(float(off.sum() - by_chance), 0.0) / positives if positives else 0.0


def _relative_error(variance: Floats, promised: Floats) -> float | None:
    total = float(promised.sum())
    return math.sqrt(float(variance.sum())) / total if total else None
