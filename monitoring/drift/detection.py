"""Drift detection: a window's summary against a reference gives a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import Baseline, HourMix
from monitoring.drift.class_drift import class_verdict
from monitoring.drift.decision import (
    Limits,
    compared,
    decided,
    judged_alone,
    why_not_comparable,
)
from monitoring.drift.explanation import missing_moved, reason
from monitoring.drift.running import why_set_aside
from monitoring.drift.variation import Chunk, Variation, natural_variation, variations
from monitoring.drift.verdict import (
    SHARE_LIMIT,
    DriftStatus,
    FeatureVerdict,
    PreviousDrift,
    Verdict,
)
from monitoring.errors import TocsinError
from monitoring.summary.types import (
    ColumnStatus,
    FeatureBins,
    FeatureKind,
    Reference,
    ScoreSummary,
    Summary,
)
from monitoring.summary.weights import stands_for
from monitoring.wording import several, shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray


_UNREAD = {
    ColumnStatus.MISSING_COLUMN: (DriftStatus.MISSING_COLUMN, "the window has no such column"),
    ColumnStatus.TYPE_CHANGED: (
        DriftStatus.TYPE_CHANGED,
        "the column holds another kind of values than in the reference",
    ),
}


class VerdictError(TocsinError, ValueError):
    """Window and reference don't belong together: the summary lies on other bins."""


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
        decided_class=class_verdict(reference, window, limits),
        variation_known=bool(variation),
        share_limit=share_limit,
        model_version=window.model_version,
        window_start=window_start or window.start,
        window_end=window_end or window.end,
        reading=tuple(_strays(reference.training, window)),
    )


def _strays(reference: Summary, window: Summary) -> Iterator[str]:
    """Name the words that stand where numbers belong, and count them."""
    for which, rows in (("the reference", reference), ("current", window)):
        for name, part in rows.features.items():
            if part.strays and part.status is ColumnStatus.OK:
                most = sorted(part.stray, key=lambda word: (-part.stray[word], word))[:3]
                named = ", ".join(f'"{shortened(word, 40)}"' for word in most)
                yield (
                    f"{name} of {which} holds {several(part.strays, 'word')} among its "
                    f"numbers, taken as missing: {named}{', ...' if len(part.stray) > 3 else ''}"
                )


def _feature(
    reference: Reference,
    window: Summary,
    limits: Limits,
    mix: HourMix,
    bins: FeatureBins,
) -> FeatureVerdict:
    """Return a feature's figures; whether it changed is decided over all features together."""
    importance = reference.importance.get(bins.name, 0.0)
    part = window.features[bins.name]

    def untested(status: DriftStatus, why: str, missing: float | None = None) -> FeatureVerdict:
        return FeatureVerdict(bins.name, status, reason=why, missing=missing, importance=importance)

    aside = why_set_aside(bins, reference.training.features[bins.name], part)
    if part.status is ColumnStatus.MISSING_COLUMN and aside is not None:
        return untested(DriftStatus.SET_ASIDE, aside)
    if part.status is not ColumnStatus.OK:
        status, why = _UNREAD[part.status]
        read = int(part.counts.sum())
        return untested(
            status, f"{why}, in {several(window.rows - read, 'row')} of it" if read else why
        )
    missing = float(part.counts[0] / window.rows) if window.rows else None
    if window.rows < limits.min_rows:
        why = f"{several(window.rows, 'row')}, fewer than {limits.min_rows}"
        return untested(DriftStatus.TOO_FEW_ROWS, why, missing)
    baseline = mix.of(bins.name)
    if aside is not None:
        return untested(DriftStatus.SET_ASIDE, aside, missing)
    lacking = why_not_comparable(bins, reference.training.features[bins.name])
    if lacking is not None:
        status, why = lacking
        moved = missing_moved(baseline, part)
        return untested(status, f"{why}; {moved}" if moved else why, missing)
    return replace(compared(bins, baseline, part.counts), missing=missing, importance=importance)


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
    lacking = sorted({bins.name for bins in reference.bins} - set(window.features))
    if lacking:
        names = shortened(", ".join(lacking), 200)
        msg = (
            f"the window's summary lacks features of the reference ({names}): it was changed by "
            "hand; summarise the window anew"
        )
        raise VerdictError(msg)
    versions = {reference.model_version, window.model_version} - {None}
    if len(versions) > 1:
        listed = ", ".join(sorted(map(str, versions)))
        msg = f"window and reference are of different model versions: {listed}"
        raise VerdictError(msg)


NAME = "score"


SHARES = (*np.arange(0.05, 0.96, 0.05), 0.975, 0.99, 0.995, 0.998, 0.999)
"""Shares of validation rows at which score bins are joined: finer in the tail of flagged rows."""


def score_verdict(reference: Reference, window: Summary, limits: Limits) -> FeatureVerdict:
    """Judge the window's scores as one more feature, its p-value on its own."""
    before = None if reference.validation is None else reference.validation.scores
    if before is None or window.scores is None or not before.rows.sum():
        return FeatureVerdict(NAME, DriftStatus.NO_SCORES)
    rows = int(window.scores.rows.sum())
    if rows < limits.min_rows:
        why = f"{several(rows, 'row')} with a score, fewer than {limits.min_rows}"
        return FeatureVerdict(NAME, DriftStatus.TOO_FEW_ROWS, reason=why)
    before = stands_for(before)  # blocked rows are not among them, those let through are
    bins, starts = _joined(before)
    baseline = _baseline(before, starts)
    counts = _counts(window.scores, starts)
    if np.count_nonzero(baseline.shares) == 1:
        why = "all validation scores are equal"
        return FeatureVerdict(NAME, DriftStatus.CONSTANT_REFERENCE, reason=why)
    variation = _variation(reference, bins, baseline, starts)
    varies = {} if variation is None else {NAME: variation}
    return judged_alone(bins, baseline, counts, varies, limits)


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
    chunks = []
    for chunk in reference.score_chunks:
        counts = _counts(stands_for(chunk), starts)
        if counts.sum():
            rest = baseline.without(counts, counts.sum() / baseline.rows)
            chunks.append(Chunk.beside(bins, rest, counts))
    return variations({NAME: chunks}).get(NAME)


def previous_drift(reference: Reference, window: Summary, limits: Limits) -> PreviousDrift:
    """Judge a window by the features of an earlier model's reference.

    Parameters
    ----------
    reference
        Of the model that served before.
    window
        The champion's window, summarised anew on this reference's bins.

    Raises
    ------
    VerdictError
        The window was summarised on other bins, or for another model version.
    """
    verdict = drift_verdict(reference, window, limits, id="previous")
    return PreviousDrift(
        model_version=reference.model_version,
        status=verdict.status,
        tested=len(verdict.tested),
        drifted=tuple(part.name for part in verdict.drifted_features),
        max_effect=verdict.max_effect,
    )


def drifting_since(newest_first: Iterable[Verdict]) -> datetime | None:
    """Return when the episode began that the newest verdict belongs to.

    It began with the window of the first verdict above its limit, and ends with one that is not.
    A window that could not be judged neither begins nor ends one.

    Parameters
    ----------
    newest_first
        Verdicts of a use case, whichever model's reference they were made against; no more of
        them are taken than the episode needs.

    Returns
    -------
    datetime or None
        Start of the first window above; None where the newest that was judged is not above.
    """
    since = None
    for verdict in newest_first:
        if verdict.share is None:
            continue
        if not verdict.drifted:
            break
        since = verdict.window_start
    return since
