"""Chunk: a part of the reference beside the rest of it, and how alike neighbours are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import Baseline
from monitoring.drift.distance import Divergence, divergence
from monitoring.drift.table import feature_table
from monitoring.summary.types import FeatureBins

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ALIKE = 0.95
"""Autocorrelation above which it can't be told how few chunks are independent."""


@dataclass(frozen=True, eq=False)
class Chunk:
    """One feature of one chunk beside the rest of the reference.

    Attributes
    ----------
    shares, rows
        Of the chunk's rows over the feature's bins.
    rest
        What the reference without it expects.
    divergence
        How far the chunk lies from the rest.
    """

    shares: NDArray[np.float64]
    rows: int
    rest: Baseline
    divergence: Divergence

    @classmethod
    def beside(cls, bins: FeatureBins, rest: Baseline, counts: NDArray[np.int64]) -> Chunk:
        """Compare a chunk with the rest as a window is compared with a reference."""
        rows = int(counts.sum())
        found = divergence(feature_table(bins, rest, counts))
        return cls(counts / rows, rows, rest, found)


def resemblance(chunks: Sequence[Chunk]) -> float:
    """Return the autocorrelation of chunks one apart, of their deviations from the rest.

    A deviation is a vector, one number a bin, scaled as in chi-square; what chance adds to its
    length is taken off, and the estimate's bias in short series is undone: Kendall, "Note on
    bias in the estimation of autocorrelation", Biometrika 41 (1954).
    """
    expected = np.array([chunk.rest.shares for chunk in chunks])
    held = (expected > 0).all(axis=0)
    found = np.array([chunk.shares for chunk in chunks])
    deviations = ((found - expected) / np.sqrt(np.where(held, expected, 1)))[:, held]
    chance = np.mean([1 / chunk.rows + 1 / chunk.rest.rows for chunk in chunks])
    variance = (deviations**2).sum(axis=1).mean() - (held.sum() - 1) * chance
    if variance <= 0:
        return 0.0
    covariance = (deviations[1:] * deviations[:-1]).sum(axis=1).mean()
    pairs = len(chunks) - 1
    return float((pairs * np.clip(covariance / variance, -1, 1) + 1) / (pairs - 3))


def independent_chunks(chunks: int, resemblance: float) -> float:
    """Return how many independent chunks tell as much of their mean divergence as these do.

    A divergence grows as the square of what moves, so that its autocorrelation is the square of
    that one's, at every lag. Bayley and Hammersley, "The effective number of independent
    observations in an autocorrelated time series", Supplement to the Journal of the Royal
    Statistical Society 8 (1946).
    """
    square = float(np.clip(resemblance, 0, MOST_ALIKE)) ** 2
    lags = np.arange(1, chunks)
    return chunks / (1 + 2 * float(((1 - lags / chunks) * square**lags).sum()))
