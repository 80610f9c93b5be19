"""Drift of the decided classes: their shares in a window against the model's validation rows'."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import Baseline
from monitoring.drift.decision import Limits, judged_alone
from monitoring.drift.variation import Chunk, variations
from monitoring.drift.verdict import DriftStatus, FeatureVerdict
from monitoring.summary.types import FeatureBins, FeatureKind
from monitoring.wording import several

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.summary.types import ClassCounts, Reference, Summary

NAME = "decided class"


def class_verdict(reference: Reference, window: Summary, limits: Limits) -> FeatureVerdict | None:
    """Judge the classes that were decided as a categorical column, its p-value on its own.

    None where the target has two values: there the score says it all.
    """
    before = None if reference.validation is None else reference.validation.classes
    if before is None:
        return None
    if window.classes is None:
        return FeatureVerdict(NAME, DriftStatus.NO_SCORES)
    rows = int(window.classes.rows.sum())
    if rows < limits.min_rows:
        why = f"{several(rows, 'row')} with a score, fewer than {limits.min_rows}"
        return FeatureVerdict(NAME, DriftStatus.TOO_FEW_ROWS, reason=why)
    bins = FeatureBins(NAME, FeatureKind.CATEGORICAL, categories=before.names)
    counts, baseline = _counts(window.classes), _baseline(before)
    chunks = [
        _beside(bins, baseline, chunk) for chunk in reference.class_chunks if chunk.rows.sum()
    ]
    return judged_alone(bins, baseline, counts, variations({NAME: chunks}), limits)


def _counts(classes: ClassCounts) -> NDArray[np.int64]:
    """Return rows by decided class as the bins of a column that has no other values."""
    counts: NDArray[np.int64] = np.concatenate([[0], classes.rows.sum(axis=1), [0, 0]])
    return counts


def _baseline(classes: ClassCounts) -> Baseline:
    counts = _counts(classes)
    return Baseline(counts / max(counts.sum(), 1), float(counts.sum()))


def _beside(bins: FeatureBins, baseline: Baseline, chunk: ClassCounts) -> Chunk:
    counts = _counts(chunk)
    return Chunk.beside(bins, baseline.without(counts, counts.sum() / baseline.rows), counts)
