"""Score bins: spaced in log-odds, finer in the tail and at the top, the threshold an edge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, logit

if TYPE_CHECKING:
    from numpy.typing import NDArray

REACH = 16.0
"""Log-odds beyond which scores are not told apart: one in nine million."""

STEP = 0.25
TAIL_STEP = 0.05
"""Log-odds from one edge to the next, and where the highest scores lie."""

RANKS = 50
"""Ranks of the scores between which there is an edge, from the highest down."""

TAIL = 0.95
"""Share of scores below the tail."""


def score_bin_edges(scores: NDArray[np.float64] | None, threshold: float) -> NDArray[np.float64]:
    """Return the inner edges of the score bins, ascending.

    Parameters
    ----------
    scores
        Scores of the model, which say where the tail begins; at log-odds 0 without any.
    threshold
        Decision threshold; one of the edges.
    """
    known = np.empty(0) if scores is None else scores[~np.isnan(scores)]
    tail = float(logit(np.clip(np.quantile(known, TAIL), 1e-7, 0.5))) if known.size else 0.0
    body = np.arange(-REACH, REACH + STEP, STEP)
    fine = np.arange(np.floor(tail / STEP) * STEP, REACH, TAIL_STEP)
    spaced = expit(np.union1d(np.round(body, 6), np.round(fine, 6)))
    return np.unique(np.concatenate([spaced, _between_ranks(known), [threshold]]))


def _between_ranks(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return edges between the highest scores, at ranks that grow geometrically.

    A calibration may squeeze its highest scores together until even fine steps of log-odds hold
    too many of them: there the order among few rows decides the precision-recall curve.
    """
    ranked = np.sort(scores)[::-1]
    if len(ranked) < 2:
        return np.empty(0)
    ranks = np.unique(np.geomspace(1, len(ranked) - 1, RANKS).astype(int))
    higher, lower = ranked[ranks - 1], ranked[ranks]
    between: NDArray[np.float64] = ((higher + lower) / 2)[higher > lower]
    return between
