"""What a window cost with the model, in money, and the decision threshold that costs least."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from monitoring.errors import InputError
from monitoring.performance.arrays import amounts_of, labels_of, scores_of
from monitoring.performance.intervals import UNDEFINED, Ratio, skewed
from monitoring.performance.score_histograms import NEGATIVE, POSITIVE
from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs, MissedCost
from monitoring.wording import number, several

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Money:
    """Money of a window, in the use case's currency.

    Attributes
    ----------
    caught, missed
        Loss prevented by detected positives; loss of missed ones.
    reviews, false_alarms
        Cost of reviewing every alarm; cost of flagging negatives, on top of their review.
    without_model
        Loss if nothing had been flagged.
    return_on_cost
        Loss prevented for each unit spent on alarms; not defined where nothing was spent.
    unpriced
        Positives whose amount is missing: each is taken to be the mean of the others.
    control
        What the control group cost: loss of the positives among flagged rows that were let
        through, less the reviews and false alarms that these rows would have been.
    """

    caught: float
    missed: float
    reviews: float
    false_alarms: float
    without_model: float
    return_on_cost: Ratio = UNDEFINED
    unpriced: int = 0
    control: float = 0.0

    @property
    def cost(self) -> float:
        """Everything the window cost with the model in place."""
        return self.missed + self.reviews + self.false_alarms + self.control

    @property
    def net_saving(self) -> float:
        """Cost without the model less cost with it."""
        return self.without_model - self.cost


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


def money_at(
    scores: ScoreSummary, first: int, costs: Costs, squares: ScoreSummary | None = None
) -> Money | None:
    """Return the money of the labelled rows, where bins from `first` on are flagged.

    None where a miss costs a share of its amount and no positive has one.

    Parameters
    ----------
    squares
        Where rows stand for several each: the histograms of the squares of that.
    """
    if not can_price(scores, costs, (POSITIVE,)):
        return None
    loss = losses(scores, costs.missed, (POSITIVE,))
    caught, missed = float(loss.total[first:].sum()), float(loss.total[:first].sum())
    false_alarms = int(scores.rows[NEGATIVE, first:].sum())
    detected = int(scores.rows[POSITIVE, first:].sum())
    return Money(
        caught=caught,
        missed=missed,
        reviews=(detected + false_alarms) * costs.review,
        false_alarms=false_alarms * costs.false_alarm,
        without_model=caught + missed,
        return_on_cost=_return_on_cost(
            _spending(scores, first, costs), _spending(squares or scores, first, costs), costs
        ),
        unpriced=loss.unpriced,
    )


def control_cost(let_through: ScoreSummary | None, first: int, costs: Costs) -> float:
    """Return what the flagged rows that were let through cost, less what they saved."""
    money = None if let_through is None else money_at(let_through, first, costs)
    return 0.0 if money is None else money.caught - money.reviews - money.false_alarms


@dataclass(frozen=True)
class _Spending:
    """Loss prevented by flagged rows, the squares of it, and the flagged rows."""

    caught: float
    squared: float
    detected: int
    false_alarms: int


def _spending(scores: ScoreSummary, first: int, costs: Costs) -> _Spending:
    loss = losses(scores, costs.missed, (POSITIVE,))
    return _Spending(
        float(loss.total[first:].sum()),
        float(loss.squared[first:].sum()),
        int(scores.rows[POSITIVE, first:].sum()),
        int(scores.rows[NEGATIVE, first:].sum()),
    )


def _return_on_cost(sums: _Spending, squares: _Spending, costs: Costs) -> Ratio:
    """Return the loss prevented a unit spent, with the interval that a bootstrap would give.

    Closed, for a bootstrap that draws how often each alarm happened from a Poisson distribution:
    the variance of the logarithm is the sum over alarms of (own loss / caught - own cost /
    spent)^2, each times the square of the rows that it stands for.
    """
    on_false = costs.review + costs.false_alarm
    spent = sums.detected * costs.review + sums.false_alarms * on_false
    if spent == 0:
        return UNDEFINED
    if sums.caught == 0:
        return Ratio(0.0)
    of_spent = (squares.detected * costs.review**2 + squares.false_alarms * on_false**2) / spent**2
    both = 2 * costs.review * (squares.caught / sums.caught) / spent
    variance = squares.squared / sums.caught**2 - both + of_spent
    value = sums.caught / spent
    return Ratio(value, *skewed(value, max(variance, 0.0) * value**2))


def best_threshold(
    scores: ArrayLike,
    labels: ArrayLike,
    amounts: ArrayLike | None,
    costs: Costs,
    days: float | None = None,
    weights: Floats | None = None,
) -> float:
    """Return the decision threshold that costs least on these rows; exact, by sorting them.

    Parameters
    ----------
    scores
        (rows,): probability of the positive class.
    labels
        (rows,): 1 for positive, 0 for negative.
    amounts
        (rows,): money at stake; None only where a miss costs nothing of its amount. A positive
        whose own is missing (NaN) is taken to be the mean of the others.
    costs
        What mistakes and work cost.
    days
        Days that the rows span. With it, a threshold may not flag more rows per day than
        `costs.reviews_per_day`; without it there is no such limit.
    weights
        (rows,): rows that each stands for, where blocking hides the truth of some; 1 if unset.

    Returns
    -------
    float
        Halfway between the lowest score flagged and the highest that is not, so that a last
        digit changes no decision. Of thresholds that cost the same, the one with fewest alarms.
        Above every score where no alarm is worth its cost.

    Raises
    ------
    InputError
        No rows, arrays of different lengths, a score outside 0 to 1, a label that is neither 0 nor
        1, rows of one class only, a positive with a negative amount or none with any, positives
        that cost nothing to miss, or days that are not above 0.
    """
    score = scores_of(scores)
    positive = labels_of(labels, len(score))
    _check_both_classes(positive)
    loss = np.where(positive, _losses(amounts, positive, costs), 0.0)
    if loss.sum() == 0:
        msg = (
            "missing every positive would cost nothing, so no alarm is worth its review: set "
            "`costs.missed`, or check the amounts"
        )
        raise InputError(msg)
    order = np.argsort(-score, kind="stable")
    stands_for = np.ones(len(score)) if weights is None else weights[order]
    score, positive, loss = score[order], positive[order], loss[order] * stands_for
    # cost[k]: the k highest scores are flagged.
    flagged = _running(stands_for)
    false_alarms = _running(~positive * stands_for)
    cost = loss.sum() - _running(loss) + flagged * costs.review + false_alarms * costs.false_alarm
    splits_ties = np.zeros(len(score) + 1, dtype=bool)
    splits_ties[1:-1] = score[:-1] == score[1:]
    allowed = ~splits_ties & (flagged <= review_limit(costs, days))
    return _between(score, int(np.argmin(np.where(allowed, cost, np.inf))))


def review_limit(costs: Costs, days: float | None) -> float:
    """Return how many rows the team can review in `days`; infinite where nothing limits them.

    Raises
    ------
    InputError
        `days` is not above 0.
    """
    if days is not None and not days > 0:
        msg = f"days: {days!r} is not a length of time; give the days that the rows span, above 0"
        raise InputError(msg)
    if days is None or costs.reviews_per_day is None:
        return float("inf")
    return costs.reviews_per_day * days


def _losses(amounts: ArrayLike | None, positive: NDArray[np.bool_], costs: Costs) -> Floats:
    """Return what each row costs if it is a positive and missed."""
    if costs.missed.of_amount == 0:
        return np.full(len(positive), costs.missed.fixed)
    if amounts is None:
        msg = (
            f"no amounts, but a miss costs {number(costs.missed.of_amount)} of its amount: give "
            "the amounts, or set `costs.missed.of_amount` to 0"
        )
        raise InputError(msg)
    amount = amounts_of(amounts, priced=positive)
    known = amount[positive & ~np.isnan(amount)]
    if known.size == 0:
        msg = (
            f"amounts: missing from {several(int(positive.sum()), 'positive')}, and a miss costs "
            f"{number(costs.missed.of_amount)} of its amount: check the column of amounts"
        )
        raise InputError(msg)
    filled = np.where(np.isnan(amount), known.mean(), amount)
    return costs.missed.of_amount * filled + costs.missed.fixed


def _running(values: NDArray[np.bool_] | Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])


def _check_both_classes(positive: NDArray[np.bool_]) -> None:
    for there, word in ((positive.any(), "positives"), (not positive.all(), "negatives")):
        if not there:
            msg = (
                f"no {word} among {several(len(positive), 'row')}: a threshold is a choice between "
                "catching positives and flagging negatives, so it needs some of both"
            )
            raise InputError(msg)


def _between(descending: Floats, flagged: int) -> float:
    """Return a threshold that flags the `flagged` highest scores and no other."""
    below = float(descending[flagged]) if flagged < len(descending) else 0.0
    above = float(descending[flagged - 1]) if flagged else 1.0
    middle = below + (above - below) / 2
    if middle > below:
        return middle
    return above if flagged else float(np.nextafter(below, np.inf))
