"""Columns made of a payment and of those before it, never of a label or a later payment."""

from __future__ import annotations

from collections import defaultdict, deque

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Floats = NDArray[np.float64]

HOUR = 3600.0
NEIGHBOURS = 4000
"""Payments before a payment among which its neighbours are sought: some 45 minutes."""
_BLOCK = 500

CLOCK = ("hour_sine", "hour_cosine")
AMOUNT = ("amount_seconds_since", "amount_last_hour", "amount_against_history")
NEAREST = ("nearest_distance", "third_distance", "nearest_seconds_ago", "close_ones")


def past_columns(features: pd.DataFrame, seconds: Floats) -> pd.DataFrame:
    """Return the columns `CLOCK`, `AMOUNT` and `NEAREST` of payments in order of time.

    Parameters
    ----------
    features
        (n,): V1 to V28 and Amount.
    seconds
        (n,): event times, ascending.
    """
    amount = features["Amount"].to_numpy()
    values = features.drop(columns="Amount").to_numpy()
    turn = 2 * np.pi * (seconds % (24 * HOUR)) / (24 * HOUR)
    since, count = _same_amount(amount, seconds)
    nearest = _nearest(values, seconds)
    columns = (np.sin(turn), np.cos(turn), since, count, _against_history(amount), *nearest.T)
    return pd.DataFrame(dict(zip(CLOCK + AMOUNT + NEAREST, columns, strict=True)))


def _same_amount(amount: Floats, seconds: Floats) -> tuple[Floats, Floats]:
    """Return seconds since a payment of the same amount, and how many came in the last hour."""
    since, count = np.full(len(amount), np.nan), np.zeros(len(amount))
    recent: dict[float, deque[float]] = defaultdict(deque)
    last: dict[float, float] = {}
    for place, (value, now) in enumerate(zip(amount.tolist(), seconds.tolist(), strict=True)):
        if value in last:
            since[place] = now - last[value]
        queue = recent[value]
        while queue and queue[0] < now - HOUR:
            queue.popleft()
        count[place] = len(queue)
        queue.append(now)
        last[value] = now
    return since, count


def _against_history(amount: Floats) -> Floats:
    """Return log amounts less the mean of all before, in their standard deviations."""
    logs = np.log1p(amount)
    before = np.maximum(np.arange(len(logs)), 1)
    mean = (np.cumsum(logs) - logs) / before
    variance = (np.cumsum(logs**2) - logs**2) / before - mean**2
    return np.asarray((logs - mean) / np.sqrt(np.maximum(variance, 1e-6)))


def _nearest(values: Floats, seconds: Floats) -> Floats:
    """Return (n, 4): how near the nearest of the payments before lie, and how long ago.

    Values are in the standard deviations of the first `NEIGHBOURS` payments, which have none of
    these figures themselves.
    """
    scaled = (values / values[:NEIGHBOURS].std(axis=0)).astype(np.float32)
    squares = np.square(scaled).sum(axis=1)
    found = np.full((len(values), 4), np.nan)
    for start in range(NEIGHBOURS, len(values), _BLOCK):
        stop, first = min(start + _BLOCK, len(values)), start - NEIGHBOURS
        own = slice(start, stop)
        distance = squares[own, None] + squares[None, first:stop]
        distance -= 2 * scaled[own] @ scaled[first:stop].T
        np.maximum(distance, 0, out=distance)
        not_before = np.arange(first, stop)[None] >= np.arange(start, stop)[:, None]
        distance[not_before] = np.inf
        three = np.sort(np.partition(distance, 2, axis=1)[:, :3], axis=1)
        found[own, 0], found[own, 1] = np.sqrt(three[:, 0]), np.sqrt(three[:, 2])
        found[own, 2] = seconds[own] - seconds[first + distance.argmin(axis=1)]
        found[own, 3] = (distance < 4).sum(axis=1)
    return found
