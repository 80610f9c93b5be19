"""Samples of drift verdicts, windows, quarantined rows and labels."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from monitoring.drift.verdict import DriftStatus, FeatureVerdict, PreviousDrift, Verdict
from monitoring.rows.serving_skew import Skew
from monitoring.signals.catalogue import (
    BROKEN_FEATURES,
    DRIFT_SCORE,
    DRIFTED_FEATURES,
    FEATURE_DRIFT,
    FEATURE_IMPORTANCE,
    FEATURE_MISSING,
    FIGURES_VERSION,
    MAX_FEATURE_DRIFT,
    MEAN_FEATURE_DRIFT,
    PREVIOUS_DRIFT,
    QUARANTINED,
    SCORE_DRIFT,
    SERVING_SKEW,
    TESTED_FEATURES,
    WEIGHTED_DRIFT,
    WINDOW_END,
    WINDOW_ROWS,
)
from monitoring.signals.metric import Sample, known
from monitoring.signals.performance_metrics import LABEL_CORRECTIONS, LABEL_PROBLEMS
from monitoring.signals.samples.class_samples import class_drift_samples
from monitoring.signals.statuses import Subject, drift_of, status_sample
from monitoring.store.row_source import LabelProblems


def verdict_samples(verdict: Verdict, version: str | None = None) -> tuple[Sample, ...]:
    """Return the samples of a verdict, made against a version's reference, and of its window."""
    tested = len(verdict.tested)
    drifted = len(verdict.drifted_features) if tested else None
    return (
        status_sample(Subject.DRIFT, verdict.status),
        *known(DRIFT_SCORE, verdict.share),
        *known(DRIFTED_FEATURES, drifted),
        *known(TESTED_FEATURES, tested),
        *known(BROKEN_FEATURES, len(verdict.broken_features)),
        *known(MAX_FEATURE_DRIFT, verdict.max_effect),
        *known(MEAN_FEATURE_DRIFT, verdict.mean_effect),
        *known(WEIGHTED_DRIFT, verdict.weighted_share),
        *(sample for feature in verdict.features for sample in _feature(feature)),
        *_scores(verdict.scores),
        *class_drift_samples(verdict.decided_class),
        *_previous(verdict.previous),
        *window_samples(Subject.DRIFT, verdict.rows_current, verdict.window_end, version),
    )


def _feature(feature: FeatureVerdict) -> tuple[Sample, ...]:
    figures = (
        *known(FEATURE_DRIFT, feature.effect, feature=feature.name),
        *known(FEATURE_MISSING, feature.missing, feature=feature.name),
        *known(FEATURE_IMPORTANCE, feature.importance, feature=feature.name),
    )
    if feature.status is DriftStatus.TESTED:
        return figures
    return (*figures, status_sample(drift_of(feature.name), feature.status))


def _scores(scores: FeatureVerdict | None) -> tuple[Sample, ...]:
    if scores is None:
        return (status_sample(Subject.SCORE_DRIFT, DriftStatus.NO_SCORES),)
    return (
        *known(SCORE_DRIFT, scores.effect),
        status_sample(Subject.SCORE_DRIFT, scores.status),
    )


def _previous(previous: PreviousDrift | None) -> tuple[Sample, ...]:
    """Return nothing where no model served before: there is nothing that could be missed."""
    if previous is None:
        return ()
    return (
        *known(PREVIOUS_DRIFT, previous.share),
        status_sample(Subject.PREVIOUS_DRIFT, previous.status),
    )


NO_REASON = "none"
"""The reason under which a window without quarantined rows reports its 0."""


def window_samples(
    of: Subject, rows: int, end: datetime | None, version: str | None = None
) -> tuple[Sample, ...]:
    """Return how many rows a window has, when it ends, and which version its figures are of.

    Where its times, or the version, are not known, they are left out.
    """
    moment = None if end is None else end.timestamp()
    return (
        *known(WINDOW_ROWS, rows, of=of.value),
        *known(WINDOW_END, moment, of=of.value),
        *(() if version is None else known(FIGURES_VERSION, 1, of=of.value, version=version)),
    )


def label_problem_samples(problems: LabelProblems) -> tuple[Sample, ...]:
    """Return the labels that are not as they should be, by problem, and those corrected."""
    return (
        *known(LABEL_PROBLEMS, problems.unknown, problem="unknown id"),
        *known(LABEL_PROBLEMS, problems.conflicting, problem="contradiction"),
        *known(LABEL_PROBLEMS, problems.before_event, problem="before its event"),
        *known(LABEL_PROBLEMS, problems.shared_id, problem="shared id"),
        *known(LABEL_CORRECTIONS, problems.corrected),
    )


def skew_samples(skew: Skew, min_rows: int) -> tuple[Sample, ...]:
    """Return the share of rows served with other values than are stored, of enough rows."""
    return known(SERVING_SKEW, skew.share if skew.checked >= min_rows else None)


def quarantine_samples(rows_by_reason: Mapping[str, int]) -> tuple[Sample, ...]:
    """Return the rows set aside by reason; a 0 where every row passed the check."""
    if not rows_by_reason:
        return known(QUARANTINED, 0, reason=NO_REASON)
    return tuple(
        Sample(QUARANTINED, rows, {"reason": reason})
        for reason, rows in sorted(rows_by_reason.items())
    )
