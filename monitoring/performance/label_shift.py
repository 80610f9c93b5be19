"""Prior drift before labels come, from a window's score histogram alone.

Where rows of each class are the same kinds of rows as before and only their shares have changed,
the window's scores are a mixture of the two known classes' scores. The share that makes the
histogram likeliest is the maximum-likelihood label shift (Saerens, Latinne and Decaestecker 2002;
MLLS: Garg and others, arXiv 2003.07554). It multiplies the odds of every row by one factor.

Whether it is such a mixture is a test of the histogram. Under covariate drift it is none: the
factor would be wrong, and probabilities by score are as good as the model is on rows of new kinds.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.recalibration import STEP, Recalibration
from monitoring.performance.score_calibration import Calibration, ScoreCells
from monitoring.summary.types import ScoreSummary

Floats = NDArray[np.float64]


class ScoreChange(StrEnum):
    """How a window's score histogram differs from that of the known rows."""

    NONE = "none"
    PRIOR_DRIFT = "prior drift"
    """It is a mixture of the two known classes, with another share of positives."""
    OTHER = "other"
    """It is no mixture of the two: other kinds of rows, as under covariate drift."""


PROVED = 10.8
"""Twice the log-likelihood that a factor must add: one window in a thousand does by chance."""

MISFIT = 2.5
"""Mean squared distance per cell, in units of its variance, up to which all is explained."""

MARGIN = 4.0
"""Twice the log-likelihood by which a mixture must explain a histogram better than a tilt does."""

SPREAD = 1.0
"""Standard deviation of the factor's logarithm, beforehand."""

_MOST = 5.0
_CLOSE = 1e-10
_NUDGE = 1e-4
_FEWEST = 5.0
_EDGE = 1e-9
_CONSTANT = 2
"""Place of the coefficient that a factor of the odds is added to."""


@dataclass(frozen=True)
class WindowScores:
    """Probabilities for the rows of one window, and what its histogram says of them.

    Attributes
    ----------
    otherwise
        The recalibration that the change may ask for too: where the rows are of other kinds,
        nothing in the histogram says whether the prior has not drifted besides.
    dispersion
        How much more than by chance the histogram varies, as where rows come in copies: labels
        will too.
    """

    change: ScoreChange
    mending: Recalibration
    otherwise: Recalibration | None = None
    dispersion: float = 1.0


def for_window(window: ScoreSummary, known: Calibration) -> WindowScores:
    """Return the recalibration of a window's scores.

    Under prior drift the known one, moved by the factor of the odds. Where the change is another,
    the known one, as unsure again as from one labelled set to the next, and beside it the moved
    one. Calibrations saved by earlier versions have no histogram to compare with.
    """
    rows = window.rows.sum(axis=0)
    if known.known is None or not rows.any():
        return WindowScores(ScoreChange.NONE, known.mending)
    there = rows > 0
    score = window.score.sum(axis=0)[there] / rows[there]
    shift = label_shift(rows[there], score, known.known, known.mending)
    if shift.gain > max(PROVED, shift.tilt_gain + MARGIN) and shift.misfit <= MISFIT:
        moved = _moved(known.mending, shift)
        return WindowScores(ScoreChange.PRIOR_DRIFT, moved, dispersion=shift.dispersion)
    if shift.misfit_before <= MISFIT:
        return WindowScores(ScoreChange.NONE, known.mending)
    moved = _moved(known.mending, shift)
    return WindowScores(ScoreChange.OTHER, _less_sure(known.mending), _less_sure(moved))


def _moved(mending: Recalibration, shift: LabelShift) -> Recalibration:
    coefficients = np.array(mending.coefficients)
    coefficients[_CONSTANT] += shift.log_factor
    # The factor follows the coefficients, and has a doubt of its own.
    turn = np.eye(len(coefficients))
    turn[_CONSTANT] += shift.slopes
    covariance = turn @ np.array(mending.covariance) @ turn.T
    covariance[_CONSTANT, _CONSTANT] += shift.variance
    return _with(mending, coefficients, covariance)


def _less_sure(mending: Recalibration) -> Recalibration:
    covariance = np.array(mending.covariance)
    covariance[range(3), range(3)] += np.square(STEP)
    return _with(mending, np.array(mending.coefficients), covariance)


def _with(mending: Recalibration, coefficients: Floats, covariance: Floats) -> Recalibration:
    return replace(
        mending,
        coefficients=tuple(coefficients.tolist()),
        covariance=tuple(tuple(row) for row in covariance.tolist()),
    )


@dataclass(frozen=True, eq=False)
class LabelShift:
    """How the odds of a positive have moved between known rows and a window.

    Attributes
    ----------
    log_factor, variance
        Logarithm of the factor that multiplies every row's odds, and how unsure it is of chance in
        the scores.
    slopes
        How fast it moves with the coefficients of the recalibration.
    gain
        Twice the log-likelihood that it adds: large where the prior has drifted.
    misfit, misfit_before
        Mean squared distance of the window's histogram from a mixture of the known classes, and
        from the known rows as they are: about 1 per cell by chance.
    tilt_gain
        What is gained where all rows have moved along the scores instead, a simple covariate drift:
        where it is as much, the rows are too few to tell one from the other.
    """

    log_factor: float
    variance: float
    slopes: Floats
    gain: float
    misfit: float
    misfit_before: float
    tilt_gain: float

    @property
    def dispersion(self) -> float:
        """Variance beyond chance, as far as a mixture of the classes may have it."""
        return _dispersion(self.misfit)


def _dispersion(misfit: float) -> float:
    return min(max(misfit, 1.0), MISFIT)


def label_shift(
    rows: NDArray[np.int64], score: Floats, known: ScoreCells, mending: Recalibration
) -> LabelShift:
    """Fit the prior of a window to its score histogram.

    Parameters
    ----------
    rows, score
        Rows of each of the window's bins that has any, and their mean score.
    known
        The labelled rows that it is compared with.
    """
    size, prior = float(sum(known.rows)), known.prior
    promised = mending.recalibrated(score)
    log_factor = _log_factor(rows, promised, prior)
    more = _likelihood(rows, promised, prior, log_factor)
    curvature = _curvature(rows, promised, prior, log_factor) + SPREAD**-2
    place = np.searchsorted(known.edges, score, "right")
    seen = np.bincount(place, rows.astype(np.float64), len(known.rows)).astype(np.float64)
    misfit = _misfit(seen, known, mending, log_factor)
    return LabelShift(
        log_factor=log_factor,
        # The known rows' scores are a sample too; rows that come in copies are worth fewer.
        variance=float(_dispersion(misfit) * (1 + rows.sum() / size) / curvature),
        slopes=_factor_slopes(rows, score, known, mending, log_factor),
        gain=2 * (more - _likelihood(rows, promised, prior, 0.0)),
        misfit=misfit,
        misfit_before=_misfit(seen, known, mending, 0.0),
        tilt_gain=_tilt_gain(seen, known),
    )


def _factor_slopes(
    rows: NDArray[np.int64],
    score: Floats,
    known: ScoreCells,
    mending: Recalibration,
    log_factor: float,
) -> Floats:
    """Return how fast the factor moves with each coefficient, which moves the known prior too."""
    at_known, size = mending.recalibrated(np.array(known.score)), float(sum(known.rows))
    slopes = []
    for place in range(len(mending.coefficients)):
        coefficients = list(mending.coefficients)
        coefficients[place] += _NUDGE
        nudged = replace(mending, coefficients=tuple(coefficients))
        grown = nudged.recalibrated(np.array(known.score)) / at_known
        prior = float(np.array(known.promised) @ grown) / size
        moved = _log_factor(rows, nudged.recalibrated(score), prior)
        slopes.append((moved - log_factor) / _NUDGE)
    return np.array(slopes)


def _likelihood(
    rows: NDArray[np.int64], promised: Floats, prior: float, log_factor: float
) -> float:
    more = math.expm1(log_factor)
    return float(rows @ np.log1p(more * promised) - rows.sum() * math.log1p(more * prior))


def _slope(rows: NDArray[np.int64], promised: Floats, prior: float, log_factor: float) -> float:
    """Return positives expected, less those that the prior would give."""
    factor, more = math.exp(log_factor), math.expm1(log_factor)
    each = factor * promised / (1 + more * promised)
    return float(rows @ each - rows.sum() * factor * prior / (1 + more * prior))


def _curvature(rows: NDArray[np.int64], promised: Floats, prior: float, log_factor: float) -> float:
    """Return the information about the factor: the variance of the shares between rows."""
    factor, more = math.exp(log_factor), math.expm1(log_factor)
    each = factor * promised / (1 + more * promised)
    mean = factor * prior / (1 + more * prior)
    return max(float(rows.sum() * mean * (1 - mean) - rows @ (each * (1 - each))), 0.0)


def _log_factor(rows: NDArray[np.int64], promised: Floats, prior: float) -> float:
    """Return the most probable factor's logarithm."""
    from scipy.optimize import brentq

    def slope(log_factor: float) -> float:
        return _slope(rows, promised, prior, log_factor) - log_factor / SPREAD**2

    if slope(-_MOST) <= 0:
        return -_MOST
    if slope(_MOST) >= 0:
        return _MOST
    return float(brentq(slope, -_MOST, _MOST, xtol=_CLOSE))


def _tilt_gain(seen: Floats, known: ScoreCells) -> float:
    """Return what a tilt of the known histogram by e^(t log-odds) gains, at the best t."""
    from scipy.optimize import minimize_scalar
    from scipy.special import logsumexp

    cells = np.array(known.rows, dtype=np.float64)
    share = np.clip(np.array(known.promised) / cells, _EDGE, 1 - _EDGE)
    odds = np.log(share) - np.log1p(-share)
    odds -= np.average(odds, weights=cells)

    def loss(tilt: float) -> float:
        whole = logsumexp(tilt * odds, b=cells / cells.sum())
        return float(seen.sum() * whole - tilt * (seen @ odds))

    return -2 * float(minimize_scalar(loss, bounds=(-_MOST, _MOST), method="bounded").fun)


def _misfit(seen: Floats, known: ScoreCells, mending: Recalibration, log_factor: float) -> float:
    """Return the mean squared distance of the histograms per cell, in units of its variance."""
    size, window = float(sum(known.rows)), float(seen.sum())
    cells, promised = np.array(known.rows, dtype=np.float64), np.array(known.promised)
    more = math.expm1(log_factor)
    weight = (1 + more * promised / cells) / (1 + more * known.prior)
    expected = window / size * cells * weight
    # How each cell moves with the recalibration.
    slopes = (
        mending.slopes(np.array(known.score))
        * (window / size * cells * more / (1 + more * known.prior))[:, None]
    )
    doubt = np.einsum("ci,ij,cj->c", slopes, np.array(mending.covariance), slopes)
    variance = expected + expected**2 / cells + doubt
    tested = expected >= _FEWEST
    if not tested.any():
        return 0.0
    return float(((seen - expected)[tested] ** 2 / variance[tested]).mean())
