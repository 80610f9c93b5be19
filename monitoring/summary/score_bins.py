"""The score bins: even in log-odds, finer in the tail and at the top, the threshold an edge."""

from __future__ import annotations

from math import ceil, exp, log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH = 16.0
"""Log-odds beyond which scores share a bin: one in nine million."""

STEP = 0.25
TAIL_STEP = 0.05
"""Log-odds from one edge to the next, and where the highest scores lie."""

RANKS = 50
"""Ranks of the scores between which there is an edge, from the highest down."""

TAIL = 0.95
"""Share of scores below the tail."""

HEAVY = 1 / 256
"""Share of the scores that makes a value heavy: it gets a bin of its own."""

MOST_VALUES = 4096
"""Different scores that get a bin each where rows are measured at once."""

BLOCK = 1 << 16
"""Sorted scores that are looked at before the next."""


def score_bin_edges(scores: NDArray[np.float64] | None, threshold: float) -> NDArray[np.float64]:
    """Return the inner edges of the score bins, ascending.

    Parameters
    ----------
    scores
        Scores of the model, which fix where the tail begins; at log-odds 0 without any.
    threshold
        Decision threshold; one of the edges.
    """
    known = np.empty(0) if scores is None else np.sort(scores[~np.isnan(scores)])
    tail = _log_odds(float(np.clip(np.quantile(known, TAIL), 1e-7, 0.5))) if known.size else 0.0
    body = np.arange(-REACH, REACH + STEP, STEP)
    fine = np.arange(np.floor(tail / STEP) * STEP, REACH, TAIL_STEP)
    steps = np.union1d(np.round(body, 6), np.round(fine, 6)).tolist()
    spaced = [1 / (1 + exp(-step)) for step in steps]
    return np.unique(
        np.concatenate([spaced, _between_ranks(known), _around_heavy(known), [threshold]])
    )


def _log_odds(share: float) -> float:
    return log(share / (1 - share))


def score_row_edges(scores: NDArray[np.float64], threshold: float) -> NDArray[np.float64]:
    """Return the inner edges of bins for rows that are measured at once, and merged with no others.

    A bin for each score, so that every figure is exact; where there are too many different ones,
    edges at even ranks, and closer together among the highest.

    Parameters
    ----------
    scores
        Scores of these rows, none missing.
    threshold
        Decision threshold; one of the edges.
    """
    ascending = np.sort(scores)
    values = _few_values(ascending)
    if values is None:
        last = len(ascending) - 1
        even, highest = np.linspace(0, last, MOST_VALUES // 2), np.geomspace(1, last, MOST_VALUES)
        ranks = np.concatenate([even, highest]).astype(int)
        values = np.concatenate([ascending[last - ranks], _around_heavy(ascending)])
    return np.unique(np.append(values, threshold))


def _few_values(ascending: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return the different values; None where there are more than `MOST_VALUES`."""
    values = np.empty(0)
    for start in range(0, len(ascending), BLOCK):
        values = np.unique(np.concatenate([values, ascending[start : start + BLOCK]]))
        if len(values) > MOST_VALUES:
            return None
    return values


def _between_ranks(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges between the highest scores, at ranks that grow geometrically.

    A calibration may squeeze its highest scores together until even fine steps of log-odds hold
    too many of them: there the order among few rows decides the precision-recall curve.
    """
    ranked = ascending[::-1]
    if len(ranked) < 2:
        return np.empty(0)
    ranks = np.unique(np.geomspace(1, len(ranked) - 1, RANKS).astype(int))
    higher, lower = ranked[ranks - 1], ranked[ranks]
    between: NDArray[np.float64] = ((higher + lower) / 2)[higher > lower]
    return between


def _around_heavy(ascending: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges that give each heavy value a bin of its own.

    Trees, steps of a calibration and rounding let many rows share one score. Mixed with others,
    they would be taken for rows in random order, where in truth they are ties.
    """
    least = max(ceil(HEAVY * len(ascending)), 2)
    # As many equal ones in a row can't lie between two of these places.
    values = np.unique(ascending[::least])
    rows = np.searchsorted(ascending, values, "right") - np.searchsorted(ascending, values, "left")
    heavy = values[rows >= least]
    above = np.nextafter(heavy, np.inf)
    return np.concatenate([heavy, above[above <= 1]])
