"""Recalibration: promised probabilities, mended by what labelled rows have shown since.

The log-odds become ``a ln(s) - b ln(1 - s) + c`` with a, b >= 0: the beta family (Kull, Silva
Filho and Flach, 2017), which never changes an order. Its coefficients are followed from one
labelled set to the next as a filter does: each set starts where the one before ended, as unsure
as that one left them and a step of `STEP` more, and its labels move them as far as they carry.
So scores that training calibrated on earlier rows are mended by validation, and then by each
window whose labels have come: the one way in which an estimate can follow a drift of the concept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.labels import NEGATIVE, POSITIVE
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

    def mended(self, scores: Floats) -> Floats:
        """Return the mended probabilities of scores (n,)."""
        return _probability(self._columns(scores) @ np.array(self.coefficients))

    def slopes(self, scores: Floats) -> Floats:
        """Return how fast each mended probability moves with each coefficient: (n, 3)."""
        mended = self.mended(scores)
        slopes: Floats = (mended * (1 - mended))[:, None] * self._columns(scores)
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
        mended = _probability(columns @ coefficients)
        seen = (columns * (rows * mended * (1 - mended))[:, None]).T @ columns
        covariance = _inverse(before + seen)
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
