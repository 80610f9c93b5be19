"""The cost curve: what each threshold costs, and how far the choice depends on the given costs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from monitoring.errors import InputError
from monitoring.performance.money import can_price, losses, review_limit
from monitoring.performance.score_histograms import NEGATIVE, POSITIVE, check_scores, first_flagged
from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs, MissedCost
from monitoring.wording import number

Floats = NDArray[np.float64]

_HALVINGS = 4
"""How often `cost_steps` halves and doubles the odds of the threshold."""

_EDGE = 1e-9
"""How near to 0 and to 1 a threshold has odds."""


@dataclass(frozen=True, eq=False)
class CostCurve:
    """Money over the labelled rows, one number per threshold; thresholds are the bins' edges.

    Attributes
    ----------
    alarms
        Labelled rows flagged.
    missed, reviews, false_alarms
        Loss of missed positives; cost of all reviews; cost of false alarms on top.
    """

    thresholds: Floats
    alarms: NDArray[np.int64]
    missed: Floats
    reviews: Floats
    false_alarms: Floats

    @property
    def cost(self) -> Floats:
        """Everything the window costs at each threshold."""
        return self.missed + self.reviews + self.false_alarms

    def cheapest(self, most_alarms: float = float("inf")) -> int:
        """Return the place of the cheapest threshold with at most so many alarms.

        Of equal ones the highest. The highest of all where every threshold flags more.
        """
        allowed = np.where(self.alarms <= most_alarms, self.cost, np.inf)
        return len(allowed) - 1 - int(np.argmin(allowed[::-1]))


def cost_curve(scores: ScoreSummary, costs: Costs) -> CostCurve:
    """Return the money of the labelled rows at each edge of the score bins.

    Raises
    ------
    InputError
        A miss costs a share of its amount and no positive has one; scores outside 0 to 1;
        positives with amounts below 0.
    """
    check_scores(scores)
    if not can_price(scores, costs, (POSITIVE,)):
        msg = (
            f"no positive has an amount, but a miss costs {number(costs.missed.of_amount)} of it: "
            "summarise the scores with amounts, or set `costs.missed.of_amount` to 0"
        )
        raise InputError(msg)
    rows = scores.rows[POSITIVE]
    loss = losses(scores, costs.missed, (POSITIVE,)).total
    false_alarms = _from_here_on(scores.rows[NEGATIVE])
    alarms = _from_here_on(rows) + false_alarms
    return CostCurve(
        thresholds=scores.edges,
        alarms=alarms,
        missed=np.cumsum(loss)[:-1],
        reviews=np.float64(costs.review) * alarms,
        false_alarms=np.float64(costs.false_alarm) * false_alarms,
    )


@dataclass(frozen=True)
class CostStep:
    """What a window would have cost at one threshold.

    Attributes
    ----------
    used
        Whether it is the decision threshold.
    alarms, missed
        Labelled rows flagged; positives that were not.
    """

    threshold: float
    used: bool
    cost: float
    alarms: int
    missed: int


def cost_steps(scores: ScoreSummary, *, threshold: float, costs: Costs) -> tuple[CostStep, ...]:
    """Return the cost curve at a few thresholds around the one in use, ascending.

    They lie at a half, a quarter, ... of its odds and at twice, four times, ... them, each at
    the edge nearest to that.

    Raises
    ------
    InputError
        As `cost_curve` does, or the threshold is not an edge of the bins.
    """
    chosen = first_flagged(scores, threshold) - 1
    curve = cost_curve(scores, costs)
    inside = min(max(threshold, _EDGE), 1 - _EDGE)
    odds = inside / (1 - inside) * 2.0 ** np.arange(-_HALVINGS, _HALVINGS + 1)
    places = np.abs(scores.edges[:, None] - odds / (1 + odds)).argmin(axis=0)
    missed = np.cumsum(scores.rows[POSITIVE])[:-1]
    return tuple(
        CostStep(
            threshold=float(curve.thresholds[place]),
            used=bool(place == chosen),
            cost=float(curve.cost[place]),
            alarms=int(curve.alarms[place]),
            missed=int(missed[place]),
        )
        for place in np.unique(np.append(places, chosen))
    )


class CostItem(StrEnum):
    """One of the costs, which are usually guesses."""

    MISSED = "missed"
    FALSE_ALARM = "false alarm"
    REVIEW = "review"


@dataclass(frozen=True)
class Sensitivity:
    """What the chosen threshold costs too much if one of the costs is off by a factor.

    Attributes
    ----------
    factor
        The true cost as a multiple of the one given.
    best_threshold
        The threshold that would then be cheapest.
    cost, best_cost
        Cost of the window then, at the chosen threshold and at the best.
    """

    item: CostItem
    factor: float
    best_threshold: float
    cost: float
    best_cost: float

    @property
    def regret(self) -> float:
        """Cost that the wrong guess would have caused."""
        return self.cost - self.best_cost


def sensitivity(
    scores: ScoreSummary,
    *,
    threshold: float,
    costs: Costs,
    days: float | None = None,
    factors: tuple[float, ...] = (0.5, 2.0),
) -> tuple[Sensitivity, ...]:
    """Return how the choice of `threshold` fares if each cost is off by each factor.

    Parameters
    ----------
    days
        Days that the rows span; with it, thresholds keep to the reviews per day, as in
        `best_threshold`.

    Raises
    ------
    InputError
        As `cost_curve` does, or the threshold is not an edge of the bins.
    """
    chosen = first_flagged(scores, threshold) - 1
    limit = review_limit(costs, days)
    return tuple(
        _if_off(item, factor, cost_curve(scores, _scaled(costs, item, factor)), chosen, limit)
        for item in CostItem
        for factor in factors
    )


def _if_off(
    item: CostItem, factor: float, curve: CostCurve, chosen: int, limit: float
) -> Sensitivity:
    # The chosen threshold stays in the choice, even where these rows bring it above the limit.
    best = curve.cheapest(max(limit, float(curve.alarms[chosen])))
    return Sensitivity(
        item=item,
        factor=factor,
        best_threshold=float(curve.thresholds[best]),
        cost=float(curve.cost[chosen]),
        best_cost=float(curve.cost[best]),
    )


def _scaled(costs: Costs, item: CostItem, factor: float) -> Costs:
    if item is CostItem.MISSED:
        # Not validated anew: twice a loss of the whole amount is a fair question here.
        missed = MissedCost.model_construct(
            of_amount=costs.missed.of_amount * factor, fixed=costs.missed.fixed * factor
        )
        return costs.model_copy(update={"missed": missed})
    if item is CostItem.FALSE_ALARM:
        return costs.model_copy(update={"false_alarm": costs.false_alarm * factor})
    return costs.model_copy(update={"review": costs.review * factor})


def _from_here_on(rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rows at or above each inner edge."""
    above: NDArray[np.int64] = np.cumsum(rows[::-1])[::-1][1:]
    return above
