"""Scores: the drift of the model's own score, against its validation scores."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import Baseline
from monitoring.drift.chunk import Chunk
from monitoring.drift.decision import decided
from monitoring.drift.distance import divergence
from monitoring.drift.limits import Limits
from monitoring.drift.reason import reason
from monitoring.drift.significance import table_p_value
from monitoring.drift.table import feature_table
from monitoring.drift.variation import Variation, variations
from monitoring.drift.verdict import DriftStatus, FeatureVerdict
from monitoring.summary.types import (
    FeatureBins,
    FeatureKind,
    FeatureSummary,
    Reference,
    ScoreSummary,
    Summary,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

NAME = "score"

SHARES = (*np.arange(0.05, 0.96, 0.05), 0.975, 0.99, 0.995, 0.998, 0.999)
"""Shares of validation rows at which score bins are joined: finer where the alarms are."""


def score_verdict(reference: Reference, window: Summary, limits: Limits) -> FeatureVerdict:
    """Judge the window's scores as one more feature, its p-value on its own."""
    before = None if reference.validation is None else reference.validation.scores
    if before is None or window.scores is None or not before.rows.sum():
        return FeatureVerdict(NAME, DriftStatus.NO_SCORES)
    rows = int(window.scores.rows.sum())
    if rows < limits.min_rows:
        why = f"{rows} rows with a score, fewer than {limits.min_rows}"
        return FeatureVerdict(NAME, DriftStatus.TOO_FEW_ROWS, reason=why)
    bins, starts = _joined(before)
    baseline = _baseline(before, starts)
    counts = _counts(window.scores, starts)
    if np.count_nonzero(baseline.shares) == 1:
        why = "all validation scores are alike"
        return FeatureVerdict(NAME, DriftStatus.CONSTANT_REFERENCE, reason=why)
    table = feature_table(bins, baseline, counts)
    part = FeatureVerdict(
        NAME,
        DriftStatus.TESTED,
        effect=divergence(table).effect,
        p_value=table_p_value(table),
    )
    variation = _variation(reference, bins, baseline, starts)
    (part,) = decided([part], {} if variation is None else {NAME: variation}, limits)
    if not part.changed:
        return part
    return replace(part, reason=reason(bins, baseline, FeatureSummary(counts)))


def _joined(scores: ScoreSummary) -> tuple[FeatureBins, NDArray[np.intp]]:
    """Return the bins on which scores are compared, and where each begins among the fine ones."""
    rows = scores.rows.sum(axis=0)
    reached = np.cumsum(rows) / rows.sum()
    ends = np.unique(np.searchsorted(reached, SHARES)) + 1
    starts = np.unique(np.append(0, ends[ends < len(rows)]))
    edges = scores.edges[starts[1:] - 1]
    return FeatureBins(NAME, FeatureKind.NUMERIC, edges=tuple(edges.tolist())), starts


def _counts(scores: ScoreSummary, starts: NDArray[np.intp]) -> NDArray[np.int64]:
    return np.append(0, np.add.reduceat(scores.rows.sum(axis=0), starts))


def _baseline(scores: ScoreSummary, starts: NDArray[np.intp]) -> Baseline:
    counts = _counts(scores, starts)
    return Baseline(counts / counts.sum(), float(counts.sum()))


def _variation(
    reference: Reference, bins: FeatureBins, baseline: Baseline, starts: NDArray[np.intp]
) -> Variation | None:
    found = []
    for chunk in reference.score_chunks:
        counts = _counts(chunk, starts)
        if counts.sum():
            rest = baseline.without(counts, counts.sum() / baseline.rows)
            found.append(Chunk.beside(bins, rest, counts))
    return variations({NAME: found}).get(NAME)
