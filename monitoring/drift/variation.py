"""Natural variation: how far the chunks of a reference lie from the rest of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import Baseline, HourMix, contingency_table
from monitoring.drift.statistics import Divergence, divergence
from monitoring.summary.types import FeatureBins, Reference

if TYPE_CHECKING:
    from numpy.typing import NDArray


MOST_ALIKE = 0.95
"""Autocorrelation above which the number of independent chunks can't be estimated."""


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
        compared = divergence(contingency_table(bins, rest, counts))
        return cls(counts / rows, rows, rest, compared)


def resemblance(chunks: Sequence[Chunk]) -> float:
    """Return the autocorrelation of chunks one apart, of their deviations from the rest.

    A deviation is a vector, one number per bin, scaled as in chi-square; what chance adds to its
    length is taken off, and the estimate's bias in short series is undone: Kendall, "Note on
    bias in the estimation of autocorrelation", Biometrika 41 (1954).
    """
    expected = np.array([chunk.rest.shares for chunk in chunks])
    held = (expected > 0).all(axis=0)
    observed = np.array([chunk.shares for chunk in chunks])
    deviations = ((observed - expected) / np.sqrt(np.where(held, expected, 1)))[:, held]
    chance = np.mean([1 / chunk.rows + 1 / chunk.rest.rows for chunk in chunks])
    variance = (deviations**2).sum(axis=1).mean() - (held.sum() - 1) * chance
    if variance <= 0:
        return 0.0
    covariance = (deviations[1:] * deviations[:-1]).sum(axis=1).mean()
    pairs = len(chunks) - 1
    return float((pairs * np.clip(covariance / variance, -1, 1) + 1) / (pairs - 3))


def independent_chunks(chunks: int, resemblance: float) -> float:
    """Return how many independent chunks fix their mean divergence as well as these do.

    A divergence grows as the square of what moves, so that its autocorrelation is the square of
    that one's, at every lag. Bayley and Hammersley, "The effective number of independent
    observations in an autocorrelated time series", Supplement to the Journal of the Royal
    Statistical Society 8 (1946).
    """
    square = float(np.clip(resemblance, 0, MOST_ALIKE)) ** 2
    lags = np.arange(1, chunks)
    return chunks / (1 + 2 * float(((1 - lags / chunks) * square**lags).sum()))


MIN_CHUNKS = 8


MOST_OF_BASELINE = 0.75
"""Part of its own baseline above which a chunk has too little to be compared with."""


@dataclass(frozen=True)
class Variation:
    """How much one feature varies from chunk to chunk of the reference.

    Attributes
    ----------
    divergence
        Mean divergence of a chunk from the rest, less what chance gives; in bits.
    chunks
        How many independent chunks it is the mean of.
    """

    divergence: float
    chunks: float

    def p_value(self, effect: float) -> float:
        """Return how often natural variation alone gives an effect of at least this size.

        A divergence grows as the square of what moves; so where one quantity moves at random
        from chunk to chunk, a window's divergence over the chunks' mean one is distributed as
        F(1, chunks).
        """
        if self.divergence <= 0:
            return float(effect <= 0)
        from scipy.special import fdtrc

        return float(fdtrc(1, self.chunks, effect**2 / self.divergence))

    def limit(self, level: float) -> float:
        """Return the effect that natural variation alone exceeds in `level` of windows."""
        if self.divergence <= 0:
            return 0.0
        from scipy.special import fdtri

        ratio = fdtri(1, self.chunks, 1 - level)
        return float(min(np.sqrt(self.divergence * ratio), 1.0))


def variations(features: Mapping[str, Sequence[Chunk]]) -> dict[str, Variation]:
    """Return the variation of each feature that has enough chunks, which are in order of time.

    Chunks that differ no more than chance explains (one standard deviation) show none, so that
    no bar is raised where there is nothing to see. Where there is something, one is added for
    what so few chunks can't show.

    Days that resemble the day before hold less information than independent ones. How much less
    is one number for all features that vary, the mean of what each shows: with ten chunks, one
    feature's own is hardly better than a guess.
    """
    known = {name: chunks for name, chunks in features.items() if len(chunks) >= MIN_CHUNKS}
    means = {name: _mean_excess(chunks) for name, chunks in known.items()}
    shown = [resemblance(known[name]) for name, mean in means.items() if mean > 0]
    resembling = float(np.mean(shown)) if shown else 0.0
    return {
        name: Variation(means[name], independent_chunks(len(chunks), resembling))
        for name, chunks in known.items()
    }


def _mean_excess(chunks: Sequence[Chunk]) -> float:
    """Return the mean divergence beyond chance, on the safe side; 0 where chance explains it."""
    divergences = [chunk.divergence for chunk in chunks]
    mean = sum(part.excess for part in divergences) / len(chunks)
    spread = float(np.sqrt(sum(part.chance_spread**2 for part in divergences))) / len(chunks)
    return mean + spread if mean > spread else 0.0


@lru_cache(maxsize=4)
def natural_variation(reference: Reference) -> dict[str, Variation]:
    """Return each feature's variation; empty where the reference has fewer than 8 chunks."""
    if len(reference.chunks) < MIN_CHUNKS:
        return {}
    return variations(chunks_of(reference))


def chunks_of(reference: Reference) -> dict[str, list[Chunk]]:
    """Return each feature's chunks, each compared, as a window is, with the rest."""
    # The categories of a chunk are the reference's own: none of them is unseen.
    all_bins = [replace(bins, unseen_share=0.0) for bins in reference.bins]
    chunks: dict[str, list[Chunk]] = {bins.name: [] for bins in all_bins}
    for chunk in reference.chunks:
        mix = HourMix(reference, chunk)
        part = mix.part_of(chunk)
        if part > MOST_OF_BASELINE:
            continue
        for bins in all_bins:
            counts = chunk.features[bins.name].counts
            rest = mix.of(bins.name).without(counts, part)
            chunks[bins.name].append(Chunk.beside(bins, rest, counts))
    return chunks
