"""Reviewed: what each row came to with a model, when a day has only so many reviews."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.labels import POSITIVE
from monitoring.use_case import Costs

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RowOutcomes:
    """What became of labelled rows under one model; all (rows,).

    Attributes
    ----------
    caught
        Positives that were alarmed and reviewed.
    cost
        In the use case's currency; NaN where it can't be told: a positive whose amount is
        missing or below 0, where a miss costs a share of it.
    """

    caught: NDArray[np.bool_]
    cost: Floats


def row_outcomes(
    scores: Floats,
    labels: NDArray[np.int8],
    *,
    threshold: float,
    amounts: Floats | None,
    event_times: NDArray[np.datetime64],
    costs: Costs,
) -> RowOutcomes:
    """Return what became of each row, every one of them labelled.

    Of a day's alarms (UTC) the highest scores are reviewed, up to `costs.reviews_per_day`; equal
    scores in the order of the rows. An alarm that nobody reviews catches nothing and saves its
    review; a negative is harmed by it all the same. So a model that alarms more than the team
    can look at gains nothing by it.

    Parameters
    ----------
    scores, labels, amounts, event_times
        (rows,). Without `amounts` nothing that costs a share of them can be priced.
    threshold
        A row is an alarm where score >= threshold.
    """
    positive = labels == POSITIVE
    alarmed = scores >= threshold
    reviewed = alarmed & _within_capacity(scores, alarmed, event_times, costs.reviews_per_day)
    missed = positive & ~reviewed
    cost = reviewed * costs.review + (alarmed & ~positive) * costs.false_alarm
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
    alarmed: NDArray[np.bool_],
    event_times: NDArray[np.datetime64],
    a_day: int | None,
) -> NDArray[np.bool_]:
    """Return which rows are among the day's highest scores that are alarms."""
    within = np.ones(len(scores), np.bool_)
    if a_day is None:
        return within
    alarms = np.flatnonzero(alarmed)
    day = event_times[alarms].astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((-scores[alarms], day))
    starts = np.concatenate(([True], np.diff(day[order]) != 0)) if len(order) else day > 0
    place = np.arange(len(order))
    within_day = place - np.maximum.accumulate(np.where(starts, place, 0))
    within[alarms[order]] = within_day < a_day
    return within
