"""Judge: a window's summary against a reference gives a verdict."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from monitoring.drift.baseline import HourMix
from monitoring.drift.comparable import why_not_comparable
from monitoring.drift.decision import decided
from monitoring.drift.distance import divergence
from monitoring.drift.limits import Limits
from monitoring.drift.reason import missing_moved, reason
from monitoring.drift.scores import score_verdict
from monitoring.drift.significance import table_p_value
from monitoring.drift.table import feature_table
from monitoring.drift.variation import natural_variation
from monitoring.drift.verdict import SHARE_LIMIT, DriftStatus, FeatureVerdict, Verdict
from monitoring.errors import TocsinError
from monitoring.summary.types import ColumnStatus, FeatureBins, Reference, Summary

_UNREAD = {
    ColumnStatus.MISSING_COLUMN: (DriftStatus.MISSING_COLUMN, "the window has no such column"),
    ColumnStatus.TYPE_CHANGED: (
        DriftStatus.TYPE_CHANGED,
        "the column holds another kind of values than in the reference",
    ),
}


class VerdictError(TocsinError, ValueError):
    """Window and reference don't belong together."""


def drift_verdict(
    reference: Reference,
    window: Summary,
    limits: Limits,
    *,
    id: str,  # noqa: A002 - the word for it everywhere
    share_limit: float = SHARE_LIMIT,
    window_start: datetime | None = None,
    window_end: datetime | None = None,
) -> Verdict:
    """Judge whether a window has drifted from its reference, feature by feature.

    Parameters
    ----------
    window
        A summary on the reference's bins.
    share_limit
        Share of drifted features above which the window as a whole has drifted.
    window_start, window_end
        The window as it was asked for; the first and last event time where not given.

    Raises
    ------
    VerdictError
        The window was summarised on other bins, or for another model version.
    """
    _check(reference, window)
    mix = HourMix(reference, window)
    variation = natural_variation(reference)
    judged = [_feature(reference, window, limits, mix, bins) for bins in reference.bins]
    features = tuple(
        replace(part, reason=reason(bins, mix.of(bins.name), window.features[bins.name]))
        if part.changed
        else part
        for bins, part in zip(reference.bins, decided(judged, variation, limits), strict=True)
    )
    return Verdict(
        id=id,
        status=_overall(features),
        rows_reference=reference.training.rows,
        rows_current=window.rows,
        features=features,
        scores=score_verdict(reference, window, limits),
        variation_known=bool(variation),
        share_limit=share_limit,
        model_version=window.model_version,
        window_start=window_start or window.start,
        window_end=window_end or window.end,
    )


def _feature(
    reference: Reference,
    window: Summary,
    limits: Limits,
    mix: HourMix,
    bins: FeatureBins,
) -> FeatureVerdict:
    """Return a feature's figures; whether it changed is decided with all of them at hand."""
    importance = reference.importance.get(bins.name, 0.0)
    part = window.features[bins.name]

    def untested(status: DriftStatus, why: str, missing: float | None = None) -> FeatureVerdict:
        return FeatureVerdict(bins.name, status, reason=why, missing=missing, importance=importance)

    if part.status is not ColumnStatus.OK:
        status, why = _UNREAD[part.status]
        read = int(part.counts.sum())
        return untested(status, f"{why}, in {window.rows - read:,} rows of it" if read else why)
    missing = float(part.counts[0] / window.rows) if window.rows else None
    if window.rows < limits.min_rows:
        why = f"{window.rows} rows, fewer than {limits.min_rows}"
        return untested(DriftStatus.TOO_FEW_ROWS, why, missing)
    baseline = mix.of(bins.name)
    lacking = why_not_comparable(bins, reference.training.features[bins.name])
    if lacking is not None:
        status, why = lacking
        constant = status is DriftStatus.CONSTANT_REFERENCE
        moved = reason(bins, baseline, part) if constant else missing_moved(baseline, part)
        return untested(status, f"{why}; {moved}" if moved else why, missing)
    table = feature_table(bins, baseline, part.counts)
    return FeatureVerdict(
        bins.name,
        DriftStatus.TESTED,
        effect=divergence(table).effect,
        p_value=table_p_value(table),
        missing=missing,
        importance=importance,
    )


def _overall(features: tuple[FeatureVerdict, ...]) -> DriftStatus:
    statuses = [part.status for part in features]
    if DriftStatus.TESTED in statuses:
        return DriftStatus.TESTED
    return max(statuses, key=statuses.count)


def _check(reference: Reference, window: Summary) -> None:
    if window.bins_hash != reference.training.bins_hash:
        msg = (
            f"the window lies on bins {window.bins_hash}, the reference on "
            f"{reference.training.bins_hash}: summarise the window on this reference"
        )
        raise VerdictError(msg)
    versions = {reference.model_version, window.model_version} - {None}
    if len(versions) > 1:
        found = ", ".join(sorted(map(str, versions)))
        msg = f"window and reference are of unlike model versions: {found}"
        raise VerdictError(msg)
