"""The hash of bins, by which summaries on the same bins are recognised."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from monitoring.summary.types import FeatureBins

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


NEWER = ("offset", "runs")
"""Fields that came later: where they are as usual, bins have the hash that they had before."""


def bins_hash(bins: Sequence[FeatureBins], score_edges: NDArray[np.float64]) -> str:
    """Return the hash of all bins: 16 hexadecimal digits."""
    fields = [_fields(part) for part in bins]
    text = json.dumps([fields, score_edges.tolist()], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _fields(part: FeatureBins) -> dict[str, Any]:
    fields = asdict(part) | {"rare": sorted(part.rare)}
    return {name: value for name, value in fields.items() if value or name not in NEWER}
