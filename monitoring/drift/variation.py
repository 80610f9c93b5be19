"""Natural variation: how far the reference's own chunks lie from the rest of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import fdtrc, fdtri

from monitoring.drift.baseline import HourMix
from monitoring.drift.distance import Divergence, divergence
from monitoring.drift.table import feature_table
from monitoring.summary.types import Reference

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
        How many chunks it is the mean of.
    """

    divergence: float
    chunks: int

    def p_value(self, effect: float) -> float:
        """Return how often natural variation alone gives an effect of at least this size.

        A divergence grows as the square of what moves; so where one quantity moves at random
        from chunk to chunk, a window's divergence over the chunks' mean one is distributed as
        F(1, chunks).
        """
        if self.divergence <= 0:
            return float(effect <= 0)
        return float(fdtrc(1, self.chunks, effect**2 / self.divergence))

    def limit(self, level: float) -> float:
        """Return the effect that natural variation alone exceeds in `level` of windows."""
        if self.divergence <= 0:
            return 0.0
        ratio = fdtri(1, self.chunks, 1 - level)
        return float(min(np.sqrt(self.divergence * ratio), 1.0))


def variation_of(found: Sequence[Divergence]) -> Variation | None:
    """Return the variation that chunks of these divergences show; None for too few of them.

    Chunks that differ no more than chance explains (one standard deviation) show none, so that
    no bar is raised where there is nothing to see. Where there is something, one is added for
    what so few chunks can't tell.
    """
    chunks = len(found)
    if chunks < MIN_CHUNKS:
        return None
    mean = sum(part.excess for part in found) / chunks
    spread = np.sqrt(sum(part.chance_spread**2 for part in found)) / chunks
    return Variation(float(mean + spread) if mean > spread else 0.0, chunks)


@lru_cache(maxsize=4)
def natural_variation(reference: Reference) -> dict[str, Variation]:
    """Return each feature's variation; empty where the reference has fewer than 8 chunks.

    Each chunk is judged as a window is, against the reference without it.
    """
    if len(reference.chunks) < MIN_CHUNKS:
        return {}
    # The categories of a chunk are the reference's own: none of them is unseen.
    all_bins = [replace(bins, unseen_share=0.0) for bins in reference.bins]
    found: dict[str, list[Divergence]] = {bins.name: [] for bins in all_bins}
    for chunk in reference.chunks:
        mix = HourMix(reference, chunk)
        part = mix.part_of(chunk)
        if part > MOST_OF_BASELINE:
            continue
        for bins in all_bins:
            counts = chunk.features[bins.name].counts
            rest = mix.of(bins.name).without(counts, part)
            found[bins.name].append(divergence(feature_table(bins, rest, counts)))
    known = {name: variation_of(parts) for name, parts in found.items()}
    return {name: variation for name, variation in known.items() if variation is not None}
