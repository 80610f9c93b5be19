"""The probabilities that scores promise, recalibrated by labels that came since.

The log-odds become ``a ln(s) - b ln(1 - s) + c`` with a, b >= 0: the beta family (Kull, Silva
Filho and Flach, 2017), plus a line bent at knots among the labels, under the condition that no
order ever changes. The bends are shrunk towards none, as much as predicts the labels best: of a few
strengths that with the largest evidence, which is the likelihood of each labelled set given those
before it.
The coefficients are followed from one labelled set to the next as a filter does: each set starts
where the one before ended, as unsure as that one left them and a step more, and its labels move
them as far as they carry. So scores that training calibrated on earlier rows are recalibrated by
validation, and then by each window whose labels have come: the one way in which an estimate can
follow a drift of the concept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.monotone_fit import monotone_fit
from monitoring.performance.score_histograms import NEGATIVE, POSITIVE
from monitoring.summary.types import ScoreSummary

Floats = NDArray[np.float64]


STEP = (0.25, 0.25, 0.5)
"""Standard deviation of what a, b and c may move from one set to the next, beforehand."""

BENDS = (0.0, 0.1, 0.3, 1.0, 3.0)
"""Standard deviations of the line's height at each knot, of which the likeliest is taken."""

MOST_KNOTS = 12

KNOT_VARIANCE = 10.0
"""Variance of the number of positives that it takes to have a knot."""


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
        a, b and c, then the line's height at each knot; how unsure they are.
    knots
        Log-odds where the line is bent, ascending; it is level beyond the outermost.
    """

    centre: tuple[float, float]
    coefficients: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    knots: tuple[float, ...] = ()

    def recalibrated(self, scores: Floats) -> Floats:
        """Return the recalibrated probabilities of scores (n,)."""
        return _probability(self._columns(scores) @ np.array(self.coefficients))

    def slopes(self, scores: Floats) -> Floats:
        """Return how fast each probability moves with each coefficient: (n, coefficients)."""
        probabilities = self.recalibrated(scores)
        slopes: Floats = (probabilities * (1 - probabilities))[:, None] * self._columns(scores)
        return slopes

    def _columns(self, scores: Floats) -> Floats:
        return _columns(scores, self.centre, self.knots)


def recalibration(known: Sequence[ScoreSummary]) -> Recalibration:
    """Follow the coefficients through labelled rows.

    Parameters
    ----------
    known
        Score histograms on the same bins, oldest first, each with labels.
    """
    sets = [_labelled(scores) for scores in known]
    rows, promised, _ = sets[0]
    raw = _family(promised / rows)
    first, second, _ = np.average(raw, axis=0, weights=np.maximum(promised, _EDGE)).tolist()
    centre = (first, second)
    family, _ = _followed(sets, centre, (), 0.0)
    knots = _knots(sets, family)
    if not knots:
        return family
    bent = [_followed(sets, centre, knots, bend) for bend in BENDS if bend]
    likeliest, evidence = max(bent, key=lambda one: one[1])
    return likeliest if evidence > _followed(sets, centre, (), 0.0)[1] else family


def _followed(
    sets: Sequence[_Labelled], centre: tuple[float, float], knots: tuple[float, ...], bend: float
) -> tuple[Recalibration, float]:
    """Return the coefficients after the last set, and the log-likelihood of all sets."""
    step = np.array([*STEP, *[bend] * len(knots)])
    # The identity: a = b = 1, and c gives back what the centre takes off.
    coefficients = np.array([1.0, 1.0, sum(centre), *[0.0] * len(knots)])
    covariance, likelihood = np.zeros((len(step), len(step))), 0.0
    constraints = _keeps_the_order(knots)
    for rows, promised, positives in sets:
        fit = monotone_fit(
            _columns(promised / rows, centre, knots),
            rows,
            positives,
            prior=(coefficients, _inverse(covariance + np.diag(np.square(step)))),
            constraints=constraints,
        )
        coefficients, covariance = fit.coefficients, _inverse(fit.precision)
        likelihood += fit.log_evidence
    found = Recalibration(
        centre=centre,
        coefficients=tuple(coefficients.tolist()),
        covariance=tuple(tuple(row) for row in covariance.tolist()),
        knots=knots,
    )
    return found, likelihood


_Labelled = tuple[Floats, Floats, Floats]
"""Rows, promised positives and positives of the bins that hold labelled rows."""


def _labelled(scores: ScoreSummary) -> _Labelled:
    rows = scores.rows[[NEGATIVE, POSITIVE]].sum(axis=0)
    there = rows > 0
    promised = scores.score[[NEGATIVE, POSITIVE]].sum(axis=0)
    return rows[there].astype(float), promised[there], scores.rows[POSITIVE, there].astype(float)


def _knots(sets: Sequence[_Labelled], family: Recalibration) -> tuple[float, ...]:
    """Return a knot for each stretch of scores that holds enough of both labels.

    Enough is a share of what there is; counted is what labels show or the family expects,
    whichever is more, so that surprises have a knot.
    """
    rows, promised, positives = (np.concatenate([one[part] for one in sets]) for part in range(3))
    score = promised / rows
    expected = rows * family.recalibrated(score)
    variance = np.maximum(positives_variance(rows, expected), positives_variance(rows, positives))
    order = np.argsort(score, kind="stable")
    odds, variance = _log_odds(score[order]), variance[order]
    share = max(float(variance.sum()) / MOST_KNOTS, KNOT_VARIANCE)
    stretch = np.zeros(len(odds), dtype=np.intp)
    place, gathered = 0, 0.0
    for bin_, one in enumerate(variance):
        if gathered >= share or (one >= share and gathered >= share / 4):
            place, gathered = place + 1, 0.0
        stretch[bin_] = place
        gathered += one
    weight = np.bincount(stretch, variance)
    middle = np.bincount(stretch, variance * odds) / np.maximum(weight, _EDGE)
    return tuple(np.unique(np.round(middle[weight >= KNOT_VARIANCE / 2], 6)).tolist())


def positives_variance(rows: NDArray[np.int64], positives: Floats) -> Floats:
    """Return the variance of the number of positives of each bin, from how many are promised.

    Rows are positive independently, each with its score as probability: k (1 - k / n), which is
    exact where the scores of a bin are equal and a little too much where they are not.
    """
    variance: Floats = positives * (1 - positives / np.maximum(rows, 1))
    return np.maximum(variance, 0.0)


def _keeps_the_order(knots: tuple[float, ...]) -> Floats:
    """Return what must not be below 0 for probabilities to rise with the scores: (n, coefficients).

    By log-odds the family climbs a (1 - s) + b s, which is least at one end of what lies between
    two knots.
    """
    conditions = [[1.0, 0.0, 0.0, *[0.0] * len(knots)], [0.0, 1.0, 0.0, *[0.0] * len(knots)]]
    for place, (low, high) in enumerate(pairwise(knots)):
        for end in _probability(np.array([low, high])).tolist():
            line = [0.0] * len(knots)
            line[place], line[place + 1] = -1 / (high - low), 1 / (high - low)
            conditions.append([1 - end, end, 0.0, *line])
    return np.array(conditions)


def _columns(scores: Floats, centre: tuple[float, float], knots: tuple[float, ...]) -> Floats:
    """Return what each coefficient is multiplied by: (n, coefficients)."""
    family = _family(scores) - np.array([*centre, 0.0])
    heights = np.eye(len(knots))
    odds = _log_odds(scores)
    return np.column_stack([family, *(np.interp(odds, knots, height) for height in heights)])


def _family(scores: Floats) -> Floats:
    near = np.clip(scores, _EDGE, 1 - _EDGE)
    return np.column_stack([np.log(near), -np.log1p(-near), np.ones(len(near))])


def _log_odds(scores: Floats) -> Floats:
    near = np.clip(scores, _EDGE, 1 - _EDGE)
    odds: Floats = np.log(near) - np.log1p(-near)
    return odds


def _inverse(matrix: Floats) -> Floats:
    return np.asarray(np.linalg.inv(matrix), dtype=np.float64)


def _probability(odds: Floats) -> Floats:
    from scipy.special import expit

    return np.asarray(expit(odds), dtype=np.float64)
