"""The probabilities that scores promise, recalibrated by labels that came since.

The log-odds become ``a ln(s) - b ln(1 - s) + c`` with a, b >= 0: the beta family (Kull, Silva
Filho and Flach, 2017), which never changes an order. Its coefficients are followed from one
labelled set to the next as a filter does: each set starts where the one before ended, as unsure
as that one left them and a step of `STEP` more, and its labels move them as far as they carry.
So scores that training calibrated on earlier rows are recalibrated by validation, and then by each
window whose labels have come: the one way in which an estimate can follow a drift of the concept.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.score_histograms import NEGATIVE, POSITIVE
from monitoring.summary.types import ScoreSummary

Floats = NDArray[np.float64]


STEP = (0.25, 0.25, 0.5)
"""Standard deviation of what a, b and c may move from one set to the next, beforehand."""


_EDGE = 1e-9
"""How near to 0 and to 1 a score is believed."""


@dataclass(frozen=True)
class Recalibration:
    """How promised log-odds become those that labels have shown.

    Attributes
    ----------
    centre
        ln(s) and -ln(1 - s) where positives lie, which are taken off: it leaves the coefficients
        nearly independent.
    coefficients, covariance
        a, b and c, and how unsure they are.
    """

    centre: tuple[float, float]
    coefficients: tuple[float, float, float]
    covariance: tuple[tuple[float, float, float], ...]

    def recalibrated(self, scores: Floats) -> Floats:
        """Return the recalibrated probabilities of scores (n,)."""
        return _probability(self._columns(scores) @ np.array(self.coefficients))

    def slopes(self, scores: Floats) -> Floats:
        """Return how fast each recalibrated probability moves with each coefficient: (n, 3)."""
        probabilities = self.recalibrated(scores)
        slopes: Floats = (probabilities * (1 - probabilities))[:, None] * self._columns(scores)
        return slopes

    def _columns(self, scores: Floats) -> Floats:
        return _centred(_columns(scores), self.centre)


def recalibration(known: Sequence[ScoreSummary]) -> Recalibration:
    """Follow the coefficients through labelled rows.

    Parameters
    ----------
    known
        Score histograms on the same bins, oldest first, each with labels.
    """
    sets = [_labelled(scores) for scores in known]
    rows, promised, _ = sets[0]
    raw = _columns(promised / rows)
    first, second, _ = np.average(raw, axis=0, weights=np.maximum(promised, _EDGE)).tolist()
    centre = (first, second)
    # The identity: a = b = 1, and c gives back what the centre takes off.
    coefficients = np.array([1.0, 1.0, first + second])
    covariance = np.zeros((3, 3))
    for rows, promised, positives in sets:
        columns = _centred(_columns(promised / rows), centre)
        before = _inverse(covariance + np.diag(np.square(STEP)))
        coefficients = _fit(columns, rows, positives, coefficients, before)
        expected = _probability(columns @ coefficients)
        information = (columns * (rows * expected * (1 - expected))[:, None]).T @ columns
        covariance = _inverse(before + information)
    return Recalibration(
        centre=centre,
        coefficients=_three(coefficients),
        covariance=tuple(_three(row) for row in covariance),
    )


def _labelled(scores: ScoreSummary) -> tuple[Floats, Floats, Floats]:
    """Return rows, promised positives and positives of the bins that hold labelled rows."""
    rows = scores.rows[[NEGATIVE, POSITIVE]].sum(axis=0)
    there = rows > 0
    promised = scores.score[[NEGATIVE, POSITIVE]].sum(axis=0)
    return rows[there].astype(float), promised[there], scores.rows[POSITIVE, there].astype(float)


def _fit(
    columns: Floats, rows: Floats, positives: Floats, start: Floats, precision: Floats
) -> Floats:
    """Return the most probable coefficients, given labels and where they were before."""
    from scipy.optimize import minimize

    def loss(coefficients: Floats) -> tuple[float, Floats]:
        odds, off = columns @ coefficients, precision @ (coefficients - start)
        value = (rows * np.logaddexp(0, odds) - positives * odds).sum()
        slope = (rows * _probability(odds) - positives) @ columns + off
        return float(value + off @ (coefficients - start) / 2), slope

    bounds = [(0, None), (0, None), (None, None)]
    best = minimize(loss, start, jac=True, method="SLSQP", bounds=bounds, options={"ftol": 1e-9})
    return np.asarray(best.x, dtype=np.float64)


def _columns(scores: Floats) -> Floats:
    near = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.column_stack([np.log(near), -np.log1p(-near), np.ones(len(near))])


def _centred(columns: Floats, centre: tuple[float, float]) -> Floats:
    centred: Floats = columns - np.array([*centre, 0.0])
    return centred


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _probability(odds: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(odds), dtype=np.float64)


def _three(values: Floats) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


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
    """

    expected: float
    positives: int
    mending: Recalibration
    p_value: float
    misplaced: float

    @property
    def holds(self) -> bool:
        """False where even the recalibrated scores are proved wrong, and wrong enough to matter."""
        return self.p_value >= 0.01 or self.misplaced <= 0.1


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
