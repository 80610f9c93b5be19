"""Weights: score histograms of what rows stand for, where each of some stands for several."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.summary.types import COUNTED, ScoreSummary

if TYPE_CHECKING:
    from numpy.typing import NDArray


def stands_for(scores: ScoreSummary, *, power: int = 1) -> ScoreSummary:
    """Return the histograms with each row as often as it stands for; as they are without weights.

    Counts are of whole rows, and right within one from any bin up.

    Parameters
    ----------
    power
        Of what each row stands for: sums of squares, of which variances are made, are of 2.
    """
    if not scores.by_weight:
        return scores
    sums: dict[str, Any] = {}
    for name in COUNTED:
        sums[name] = getattr(scores, name).astype(np.float64)
        for weight, part in scores.by_weight.items():
            sums[name] += (weight**power - 1) * getattr(part, name)
    counts, unpriced = sums.pop("rows"), sums.pop("unpriced")
    rows = _whole(counts)
    # Sums of scores go with whole rows, so that no mean lies beyond 1.
    sums["score"] *= np.divide(rows, counts, out=np.zeros_like(counts), where=counts > 0)
    sums |= {"rows": rows, "unpriced": np.minimum(_whole(unpriced), rows), "by_weight": {}}
    return replace(scores, **sums)


def _whole(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    above = np.rint(np.cumsum(counts[:, ::-1], axis=1)).astype(np.int64)
    return np.diff(above, axis=1, prepend=0)[:, ::-1]
