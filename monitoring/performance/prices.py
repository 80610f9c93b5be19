"""Prices: what rows would cost if they are positive and missed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs, MissedCost

Floats = NDArray[np.float64]

EVERY_LABEL = (0, 1, 2)


@dataclass(frozen=True, eq=False)
class Losses:
    """Sums by bin of what its rows would cost, and of the squares of it.

    Attributes
    ----------
    unpriced
        Rows without an amount: each is taken to be the mean of the others, for a missing amount
        is not zero.
    """

    total: Floats
    squared: Floats
    unpriced: int


def can_price(scores: ScoreSummary, costs: Costs, labels: tuple[int, ...]) -> bool:
    """Whether misses among rows of these labels can be priced: by the amount only if some have."""
    if costs.missed.of_amount == 0:
        return True
    rows, unpriced = (part[list(labels)].sum() for part in (scores.rows, scores.unpriced))
    return scores.has_amounts and bool(rows == 0 or unpriced < rows)


def losses(scores: ScoreSummary, missed: MissedCost, labels: tuple[int, ...]) -> Losses:
    """Return what rows of these labels would cost; they can be priced."""
    places = list(labels)
    rows, unpriced = (part[places].sum(axis=0) for part in (scores.rows, scores.unpriced))
    priced = max(int(rows.sum() - unpriced.sum()), 1)

    def filled(sums: Floats) -> Floats:
        known = sums[places].sum(axis=0)
        whole: Floats = known + unpriced * known.sum() / priced
        return whole

    amount, amount_squared = filled(scores.amount), filled(scores.amount_squared)
    share, fixed = missed.of_amount, missed.fixed
    return Losses(
        total=share * amount + fixed * rows,
        squared=share**2 * amount_squared + 2 * share * fixed * amount + fixed**2 * rows,
        unpriced=int(unpriced.sum()),
    )
