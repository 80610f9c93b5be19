"""Comparable: what a reference lacks where a feature can't be compared with it."""

from __future__ import annotations

from monitoring.drift.verdict import DriftStatus
from monitoring.summary.fit import MIN_ROWS
from monitoring.summary.types import FeatureBins, FeatureSummary


def why_not_comparable(
    bins: FeatureBins, reference: FeatureSummary
) -> tuple[DriftStatus, str] | None:
    """Return the status of a feature whose reference lies in one bin, and why; None otherwise.

    Nothing is known of how values lie within a bin. A column whose every category is rare, such
    as an identifier or free text, lies in the bin of the others, missing values aside: to call
    it constant, or not drifted, would be wrong.
    """
    counts = reference.counts
    rows = int(counts.sum())
    known = rows - int(counts[0])
    if known == 0:
        return DriftStatus.CONSTANT_REFERENCE, "all missing in the reference"
    if not (bins.categories or bins.edges or bins.heavy):
        if known < 2 * MIN_ROWS:
            why = f"{known} values in the reference, fewer than the {2 * MIN_ROWS} that bins need"
            return DriftStatus.TOO_FEW_ROWS, why
        many = "too many categories to keep" if bins.open_ended else f"{len(bins.rare)} categories"
        why = f"{many} in {known} rows of the reference, none of them often enough to compare"
        return DriftStatus.TOO_MANY_CATEGORIES, why
    if counts.max() == rows:
        return DriftStatus.CONSTANT_REFERENCE, "constant in the reference"
    return None
