"""Two models on the same rows: what each row came to, and by how much they differ.

What a row came to takes the day's review capacity into account; differences have bootstrap
intervals.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.errors import InputError
from monitoring.performance.score_histograms import POSITIVE
from monitoring.use_case import Costs
from monitoring.wording import several

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowOutcomes:
    """What became of labelled rows under one model; all (rows,).

    Attributes
    ----------
    caught
        Positives that were flagged and reviewed.
    cost
        In the use case's currency; NaN where it is unknown: a positive whose amount is
        missing or below 0, where a miss costs a share of it.
    """

    caught: NDArray[np.bool_]
    cost: Floats


def row_outcomes(
    scores: Floats,
    alarm: NDArray[np.bool_],
    labels: NDArray[np.int8],
    *,
    amounts: Floats | None,
    event_times: NDArray[np.datetime64],
    costs: Costs,
) -> RowOutcomes:
    """Return what became of each row, every one of them labelled.

    Of a day's alarms (UTC) the highest scores are reviewed, up to `costs.reviews_per_day`; equal
    scores in the order of the rows. An alarm that nobody reviews catches nothing and saves its
    review; a negative is harmed by it all the same. So a model that flags more than the team can
    review gains nothing by it.

    Parameters
    ----------
    scores, alarm, labels, amounts, event_times
        (rows,). Without `amounts` nothing that costs a share of them can be priced.
    """
    positive = labels == POSITIVE
    reviewed = alarm & _within_capacity(scores, alarm, event_times, costs.reviews_per_day)
    missed = positive & ~reviewed
    cost = reviewed * costs.review + (alarm & ~positive) * costs.false_alarm
    if costs.missed.of_amount == 0:
        loss = np.full(len(scores), costs.missed.fixed)
    else:
        known = np.full(len(scores), np.nan) if amounts is None else amounts
        loss = costs.missed.of_amount * np.where(known >= 0, known, np.nan) + costs.missed.fixed
        # Unknown whether caught or not: else catching would hide what missing shows.
        cost = np.where(positive & np.isnan(loss), np.nan, cost)
    return RowOutcomes(caught=positive & reviewed, cost=np.where(missed, loss, cost))


def _within_capacity(
    scores: Floats,
    flagged: NDArray[np.bool_],
    event_times: NDArray[np.datetime64],
    per_day: int | None,
) -> NDArray[np.bool_]:
    """Return which rows are among the day's highest scores that are alarms."""
    within = np.ones(len(scores), np.bool_)
    if per_day is None:
        return within
    alarms = np.flatnonzero(flagged)
    day = event_times[alarms].astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((-scores[alarms], day))
    starts = np.concatenate(([True], np.diff(day[order]) != 0)) if len(order) else day > 0
    place = np.arange(len(order))
    within_day = place - np.maximum.accumulate(np.where(starts, place, 0))
    within[alarms[order]] = within_day < per_day
    return within


RESAMPLES = 4000
"""Times that the rows are drawn anew: the ends of the intervals move by a percent of their
length from one seed to another."""


_AT_ONCE = 4_000_000
"""Draws that are held in memory together."""


@dataclass(frozen=True)
class Difference:
    """New less old, with its 95% interval.

    Attributes
    ----------
    below
        Share of the resamples in which new is below old: how sure it is.
    """

    value: float
    low: float
    high: float
    below: float = 0.0


@dataclass(frozen=True)
class Comparison:
    """A new model against an old one, on the same labelled rows.

    Attributes
    ----------
    rows, positives
        What they were compared on.
    priced
        Rows whose cost is known; cost is of these alone.
    new_cost, old_cost
        Mean cost per row, in the use case's currency; None where no positive can be priced.
    cost
        new_cost less old_cost: below 0 is cheaper.
    new_recall, old_recall
        Share of positives that were flagged and reviewed.
    recall
        new_recall less old_recall.
    """

    rows: int
    positives: int
    priced: int
    new_cost: float | None
    old_cost: float | None
    cost: Difference | None
    new_recall: float
    old_recall: float
    recall: Difference


def compared(
    new: RowOutcomes,
    old: RowOutcomes,
    positive: NDArray[np.bool_],
    weight: Floats | None = None,
) -> Comparison:
    """Compare two models by a paired bootstrap: rows are drawn with the outcomes under both.

    Rows that came to the same under both models, and positives, differ in nothing but their
    kind, so how often each kind of row is drawn is one multinomial draw (Efron 1979): work
    grows with the kinds there are, not with the rows. Intervals are the 2.5% and 97.5% points.
    The seed comes from the rows: the same ones always give the same answer.

    Parameters
    ----------
    new, old
        Of the same rows, in the same order.
    positive
        (rows,): which of them are positive; at least one.
    weight
        (rows,): rows that each stands for, where blocking hides the truth of some; 1 if unset.

    Raises
    ------
    InputError
        There are no positives.
    """
    positives = int(positive.sum())
    if positives == 0:
        msg = f"no positives among {several(len(positive), 'row')}: recall can't be compared"
        raise InputError(msg)
    priced = ~np.isnan(new.cost) & ~np.isnan(old.cost)
    stands_for = np.ones(len(positive)) if weight is None else weight
    kinds, count = _kinds(new, old, positive, priced, stands_for)
    cost_more, caught_more, is_positive, is_priced = kinds.T
    sums = _resampled_sums(kinds, count)
    known = bool((priced & positive).any())
    new_cost, old_cost = (
        (_mean(model.cost, priced, stands_for) if known else None) for model in (new, old)
    )
    return Comparison(
        rows=len(positive),
        positives=positives,
        priced=int(priced.sum()),
        new_cost=new_cost,
        old_cost=old_cost,
        cost=_difference(cost_more @ count, is_priced @ count, sums[:, 0], sums[:, 3])
        if known
        else None,
        new_recall=_mean(new.caught, positive, stands_for),
        old_recall=_mean(old.caught, positive, stands_for),
        recall=_difference(caught_more @ count, is_positive @ count, sums[:, 1], sums[:, 2]),
    )


def _mean(
    values: Floats | NDArray[np.bool_], those: NDArray[np.bool_], stands_for: Floats
) -> float:
    return float((values[those] * stands_for[those]).sum() / stands_for[those].sum())


def _kinds(
    new: RowOutcomes,
    old: RowOutcomes,
    positive: NDArray[np.bool_],
    priced: NDArray[np.bool_],
    stands_for: Floats,
) -> tuple[Floats, NDArray[np.int64]]:
    """Return the kinds of rows (kinds, 4) and how many rows are of each.

    A kind is what the new model costs and catches more, whether a row is positive, and whether
    it is priced: each as often as the row stands for.
    """
    cost_more = np.where(priced, new.cost - old.cost, 0.0)
    caught_more = new.caught.astype(np.float64) - old.caught
    unlike = (cost_more != 0) | (caught_more != 0) | (stands_for != 1)
    table = np.column_stack([cost_more, caught_more, positive, priced]) * stands_for[:, None]
    alike = positive[~unlike] * 2 + priced[~unlike]
    same = np.array([[0.0, 0.0, code // 2, code % 2] for code in range(4)])
    kinds, count = np.unique(table[unlike], axis=0, return_counts=True)
    kinds = np.concatenate([kinds, same])
    count = np.concatenate([count, np.bincount(alike, minlength=4)])
    return kinds[count > 0], count[count > 0].astype(np.int64)


def _resampled_sums(kinds: Floats, count: NDArray[np.int64]) -> Floats:
    """Return the sums over all rows of the kinds' columns, (resamples, 4)."""
    content = kinds.tobytes() + count.tobytes()
    seed = int.from_bytes(hashlib.sha256(content).digest()[:8], "big")
    rng = np.random.default_rng(seed)
    rows, share = int(count.sum()), count / count.sum()
    step = max(1, _AT_ONCE // len(count))
    return np.concatenate(
        [
            rng.multinomial(rows, share, size=min(step, RESAMPLES - start)) @ kinds
            for start in range(0, RESAMPLES, step)
        ]
    )


def _difference(total: float, of: float, totals: Floats, ofs: Floats) -> Difference:
    """Return total / of; a resample without any rows of the kind asked for has no difference."""
    differences = totals / np.maximum(ofs, 1)
    low, high = np.quantile(differences, [0.025, 0.975])
    value = float(total / of)
    # Rounding must not put the value outside its own interval.
    below = float((differences < 0).mean())
    return Difference(value, min(float(low), value), max(float(high), value), below)
