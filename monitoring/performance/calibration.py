"""Calibration: whether scores are probabilities, once labels that came have mended them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.labels import NEGATIVE, POSITIVE
from monitoring.performance.recalibration import recalibration
from monitoring.performance.types import Calibration
from monitoring.summary.types import ScoreSummary

Floats = NDArray[np.float64]

_GROUP_VARIANCE = 5.0
"""Variance of the number of positives from which on a group of bins is tested on its own."""


def calibration(known: Sequence[ScoreSummary], first: int) -> Calibration | None:
    """Mend scores by labelled rows, and test what comes of it; None without any label.

    Of the newest set, bins are grouped by what the mended scores promise, on either side of the
    threshold; each group is a sum of independent rows, so that under calibration
    (found - promised)^2 / variance is close to chi-square (Hosmer and Lemeshow 1980, with the
    groups' own variances). What no mending that keeps the order can put right is found so.

    Parameters
    ----------
    known
        Score histograms on the same bins, oldest first; those without labels are passed over.
    first
        The lowest bin whose rows are alarms.
    """
    labelled = [scores for scores in known if scores.rows[[NEGATIVE, POSITIVE]].any()]
    if not labelled:
        return None
    mending = recalibration(labelled)
    newest = labelled[-1]
    rows = newest.rows[[NEGATIVE, POSITIVE]].sum(axis=0)
    score = newest.score[[NEGATIVE, POSITIVE]].sum(axis=0)
    promised = rows * mending.mended(score / np.maximum(rows, 1))
    variance = positives_variance(rows, promised)
    found = newest.rows[POSITIVE]
    starts = np.concatenate([_groups(variance[:first]), first + _groups(variance[first:])])
    off = np.abs(np.add.reduceat(found - promised, starts))
    doubt = np.add.reduceat(variance, starts)
    return Calibration(
        expected=float(score.sum()),
        positives=int(found.sum()),
        mending=mending,
        p_value=_p_value(off, doubt),
        misplaced=_misplaced(off, doubt, max(float(promised.sum()), float(found.sum()))),
    )


def positives_variance(rows: NDArray[np.int64], positives: Floats) -> Floats:
    """Return the variance of the number of positives of each bin, from how many are promised.

    Rows are positive independently, each with its score as probability: k (1 - k / n), which is
    exact where the scores of a bin are equal and a little too much where they are not.
    """
    variance: Floats = positives * (1 - positives / np.maximum(rows, 1))
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
