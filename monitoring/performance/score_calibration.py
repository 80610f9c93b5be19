"""Whether recalibrated scores are probabilities, on rows whose labels came."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.intervals import (
    Ratio,
    f1_ratio,
    pr_auc_ratio,
    proportion,
    roc_auc_ratio,
)
from monitoring.performance.ranking import (
    average_precision,
    expected_ranked,
    ranked,
    roc_auc,
    roc_auc_variance,
)
from monitoring.performance.recalibration import (
    Recalibration,
    positives_variance,
    recalibration,
)
from monitoring.performance.score_histograms import NEGATIVE, POSITIVE
from monitoring.summary.types import ScoreSummary

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ScoreCells:
    """Labelled rows by recalibrated score, in few cells.

    Attributes
    ----------
    edges
        Scores between the cells, ascending; a score that is an edge lies above it.
    rows, promised, score
        Rows of each cell, the positives that recalibrated scores promise there, and the mean score.
    """

    edges: tuple[float, ...]
    rows: tuple[int, ...]
    promised: tuple[float, ...]
    score: tuple[float, ...]

    @property
    def prior(self) -> float:
        """Share of positives."""
        return sum(self.promised) / max(sum(self.rows), 1)


@dataclass(frozen=True)
class Calibration:
    """How near scores were to the probabilities they claim to be, on rows whose labels came.

    Attributes
    ----------
    expected, positives
        Positives that the scores promised, in the newest labelled rows; positives that came.
    mending
        How the scores become probabilities, by the labels; the name is that of saved scorecards.
    p_value
        Of the test that the recalibrated scores are probabilities.
    misplaced
        Share of positives that lie elsewhere than these promise, beyond what chance explains.
    gives_back
        Whether recall, precision, F1, false-alarm rate, PR-AUC and ROC-AUC of the newest labelled
        rows, estimated from their scores, lie within the intervals of their scorecard.
    known
        How the scores of these rows are distributed; None in files of earlier versions.
    """

    expected: float
    positives: int
    mending: Recalibration
    p_value: float
    misplaced: float
    gives_back: bool = True
    known: ScoreCells | None = None

    @property
    def holds(self) -> bool:
        """False where even the recalibrated scores are proved wrong, and wrong enough to matter."""
        return self.gives_back and (self.p_value >= 0.01 or self.misplaced <= 0.1)


_GROUP_VARIANCE = 5.0
"""Variance of the number of positives from which on a group of bins is tested on its own."""


def calibration(known: Sequence[ScoreSummary], first: int) -> Calibration | None:
    """Recalibrate scores by labelled rows, and test the result; None without any label.

    Of the newest set, bins are grouped by what the recalibrated scores promise, on either side of
    the threshold; each group is a sum of independent rows, so that under calibration
    (positives - promised)^2 / variance is close to chi-square (Hosmer and Lemeshow 1980, with the
    groups' own variances). It finds what no recalibration that keeps the order can correct.

    Parameters
    ----------
    known
        Score histograms on the same bins, oldest first; those without labels are passed over.
    first
        The lowest bin whose rows are flagged.
    """
    labelled = [scores for scores in known if scores.rows[[NEGATIVE, POSITIVE]].any()]
    if not labelled:
        return None
    correction = recalibration(labelled)
    newest = labelled[-1]
    rows = newest.rows[[NEGATIVE, POSITIVE]].sum(axis=0)
    score = newest.score[[NEGATIVE, POSITIVE]].sum(axis=0)
    promised = rows * correction.recalibrated(score / np.maximum(rows, 1))
    variance = positives_variance(rows, promised)
    positives = newest.rows[POSITIVE]
    starts = np.concatenate([_groups(variance[:first]), first + _groups(variance[first:])])
    off = np.abs(np.add.reduceat(positives - promised, starts))
    doubt = np.add.reduceat(variance, starts)
    return Calibration(
        expected=float(score.sum()),
        positives=int(positives.sum()),
        mending=correction,
        p_value=_p_value(off, doubt),
        misplaced=_misplaced(off, doubt, max(float(promised.sum()), float(positives.sum()))),
        gives_back=_gives_back(newest, promised, first),
        known=_score_cells(rows, score, promised),
    )


def _gives_back(newest: ScoreSummary, promised: Floats, first: int) -> bool:
    """Whether what recalibrated scores promise of labelled rows is what their scorecard says."""
    labelled = [NEGATIVE, POSITIVE]
    known = replace(newest, rows=newest.rows[labelled], score=newest.score[labelled])
    order, expected = ranked(newest), expected_ranked(known, promised)
    (kept, missed), (false_alarms, detected) = (
        newest.rows[labelled, part].sum(axis=1).tolist()
        for part in (slice(first), slice(first, None))
    )
    positives, negatives = detected + missed, false_alarms + kept
    flagged, found, total = false_alarms + detected, float(promised[first:].sum()), promised.sum()
    area = roc_auc(order)
    variance = 0.0 if area is None else roc_auc_variance(order)
    shares = (
        (proportion(detected, positives), found, total),
        (proportion(detected, flagged), found, flagged),
        (f1_ratio(detected, missed, false_alarms), 2 * found, flagged + total),
        (proportion(false_alarms, negatives), flagged - found, flagged + kept + missed - total),
    )
    ranks = (
        (pr_auc_ratio(average_precision(order), positives, negatives), average_precision(expected)),
        (roc_auc_ratio(area, variance, positives, negatives), roc_auc(expected)),
    )
    said = [(ratio, part / whole) for ratio, part, whole in shares if whole > 0]
    said += [(ratio, value) for ratio, value in ranks if value is not None]
    return all(_within(ratio, value) for ratio, value in said)


def _within(ratio: Ratio, value: float) -> bool:
    return ratio.low is None or ratio.high is None or ratio.low <= value <= ratio.high


_CELLS = 40


def _score_cells(rows: NDArray[np.int64], score: Floats, promised: Floats) -> ScoreCells:
    """Gather bins in a row to cells that hold as much of the rows and of the positives each."""
    there = rows > 0
    rows, score, promised = rows[there], score[there], promised[there]
    mean = score / rows
    weight = rows / rows.sum() + promised / max(float(promised.sum()), 1e-9)
    cell = np.minimum(((np.cumsum(weight) - weight / 2) / 2 * _CELLS).astype(np.intp), _CELLS - 1)
    starts = np.flatnonzero(np.append(True, np.diff(cell) > 0))
    edges = (mean[starts[1:] - 1] + mean[starts[1:]]) / 2
    sums = (np.add.reduceat(each, starts) for each in (rows, promised, score))
    of_rows, of_promised, of_score = sums
    return ScoreCells(
        edges=tuple(edges.tolist()),
        rows=tuple(of_rows.tolist()),
        promised=tuple(of_promised.tolist()),
        score=tuple((of_score / of_rows).tolist()),
    )


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
