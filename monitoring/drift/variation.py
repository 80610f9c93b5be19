"""Natural variation: how far the reference's own chunks lie from the rest of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import HourMix
from monitoring.drift.distance import effect
from monitoring.drift.table import feature_table
from monitoring.summary.types import Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

MIN_CHUNKS = 8
PERCENTILE = 0.95


def natural_variation(reference: Reference) -> Mapping[str, float]:
    """Return the 95th percentile of the chunks' effects, by feature.

    Each chunk is judged as a window is, against the reference without it. Empty where there are
    fewer than 8 chunks.
    """
    if len(reference.chunks) < MIN_CHUNKS:
        return {}
    effects: dict[str, list[float]] = {bins.name: [] for bins in reference.bins}
    for chunk in reference.chunks:
        mix = HourMix(reference, chunk)
        part = mix.part_of(chunk)
        for bins in reference.bins:
            counts = chunk.features[bins.name].counts
            rest = mix.of(bins.name).without(counts, part)
            effects[bins.name].append(effect(feature_table(bins, rest, counts)))
    return {name: float(np.quantile(found, PERCENTILE)) for name, found in effects.items()}
