"""Scores made for tests: rows, and their histograms counted in the plainest way."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs, MissedCost

THRESHOLD = 0.21
COSTS = Costs(missed=MissedCost(of_amount=0.8, fixed=3), false_alarm=5, review=2)


def log_odds(probability: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.log(probability / (1 - probability))


def probability(log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
    return 1 / (1 + np.exp(-log_odds))


def edges_with(threshold: float = THRESHOLD, bins: int = 200) -> NDArray[np.float64]:
    """Return edges even in log-odds, with `threshold` among them."""
    return np.union1d(probability(np.linspace(-12, 8, bins - 2)), [threshold])


@dataclass(frozen=True, eq=False)
class Scored:
    """Rows: scores, labels (1, 0, or -1 for none) and amounts."""

    score: NDArray[np.float64]
    label: NDArray[np.int64]
    amount: NDArray[np.float64]

    def take(self, index: NDArray[np.bool_] | slice) -> "Scored":
        return Scored(self.score[index], self.label[index], self.amount[index])


def counted(
    rows: Scored, edges: NDArray[np.float64] | None = None, *, amounts: bool = True
) -> ScoreSummary:
    """Return the histograms of `rows`, one label after the other."""
    inner = edges_with() if edges is None else edges
    place = np.searchsorted(inner, rows.score, side="right")

    def by_label(weights: NDArray[np.float64]) -> NDArray[np.float64]:
        size = len(inner) + 1
        of = (rows.label == label for label in (0, 1, -1))
        return np.array([np.bincount(place[m], weights[m], size) for m in of])

    given = rows.amount if amounts else np.zeros(len(rows.score))
    amount = np.nan_to_num(given)
    return ScoreSummary(
        edges=inner,
        rows=by_label(np.ones(len(rows.score))).astype(np.int64),
        score=by_label(rows.score),
        amount=by_label(amount),
        amount_squared=by_label(amount**2),
        unpriced=by_label(np.isnan(given).astype(np.float64)).astype(np.int64),
        has_amounts=amounts,
    )


def calibrated(
    rows: int, share: float, distance: float, rng: np.random.Generator, *, shift: float = 0.0
) -> Scored:
    """Return rows whose scores are true probabilities.

    Two normal classes `distance` apart; `shift` moves the rows, not what they mean.
    """
    prior = np.log(share / (1 - share))
    of_positive = rng.random(rows) < share
    x = rng.normal(size=rows) + distance * of_positive + shift
    score = probability(distance * x - distance**2 / 2 + prior)
    label = (rng.random(rows) < score).astype(np.int64)
    return Scored(score, label, np.exp(rng.normal(4, 1, rows)))
