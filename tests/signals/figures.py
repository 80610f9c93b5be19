"""Figures of a model in good health, from which each test takes what it needs ill."""

from dataclasses import replace
from datetime import UTC, datetime

from monitoring.drift.verdict import DriftStatus, FeatureVerdict, PreviousDrift, Verdict
from monitoring.performance.cost_attribution import CostAttribution, CostPart
from monitoring.performance.cost_curve import CostStep
from monitoring.performance.estimate import Estimate
from monitoring.performance.intervals import Amount, Ratio
from monitoring.performance.money import Money
from monitoring.performance.paired_comparison import Comparison, Difference
from monitoring.performance.scorecard import CardStatus, Scorecard
from monitoring.rows.rows import Role
from monitoring.rows.serving_skew import Skew
from monitoring.signals import Pipeline, PushGroup, Sample, Subject
from monitoring.signals.catalogue import LAST_ATTEMPT, LAST_SUCCESS, NEXT_DUE, STATUS
from monitoring.signals.metric import Stage
from monitoring.signals.samples import (
    attribution_samples,
    cost_samples,
    error_samples,
    estimate_samples,
    gate_samples,
    label_problem_samples,
    model_samples,
    quarantine_samples,
    retrain_samples,
    scorecard_samples,
    skew_samples,
    verdict_samples,
    window_samples,
)
from monitoring.signals.statuses import NotificationStatus, RetrainDecision, notification_of
from monitoring.store.row_source import LabelProblems

AT = datetime(2026, 1, 2, tzinfo=UTC)
VERSION = "3"
"""The version that serves."""


ATTRIBUTION = CostAttribution(
    before=300.0,
    after=420.0,
    parts=(CostPart("V1", 100.0), CostPart("V2", -15.0), CostPart(None, 5.0)),
    remainder=30.0,
    rows=4000,
)

STEP = CostStep(threshold=0.5, used=True, cost=535.0, alarms=45, missed=4)


def card(**changes: object) -> Scorecard:
    """Return a scorecard that no threshold minds."""
    good = Scorecard(
        status=CardStatus.JUDGED,
        threshold=0.5,
        rows=10_000,
        labelled=9_500,
        positives=40,
        coverage=0.95,
        detected=36,
        missed=4,
        false_alarms=9,
        recall=Ratio(0.9, 0.8, 0.96),
        precision=Ratio(0.8, 0.7, 0.9),
        f1=Ratio(0.85, 0.75, 0.93),
        false_alarm_rate=Ratio(0.001, 0.0005, 0.002),
        pr_auc=Ratio(0.82, 0.7, 0.9),
        roc_auc=Ratio(0.97, 0.95, 0.99),
        precision_at_capacity=Ratio(0.1, 0.05, 0.15),
        recall_at_capacity=Ratio(0.95, 0.9, 0.99),
        money=Money(
            caught=3600,
            missed=400,
            reviews=90,
            false_alarms=45,
            without_model=4000,
            return_on_cost=Ratio(26.7, 18.0, 38.0),
        ),
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def estimate(**changes: object) -> Estimate:
    """Return an estimate close to the truth."""
    good = Estimate(
        status=CardStatus.JUDGED,
        threshold=0.5,
        rows=12_000,
        positives=45.0,
        recall=Ratio(0.88, 0.79, 0.94),
        precision=Ratio(0.79),
        f1=Ratio(0.83),
        pr_auc=Ratio(0.8),
        cost=Amount(600.0, 350.0, 980.0),
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def feature(name: str, **changes: object) -> FeatureVerdict:
    """Return a feature that did not move."""
    calm = FeatureVerdict(
        name=name, status=DriftStatus.TESTED, effect=0.02, missing=0.01, importance=0.5
    )
    return replace(calm, **changes)  # type: ignore[arg-type]


def verdict(*features: FeatureVerdict, **changes: object) -> Verdict:
    """Return a verdict on the features; on two calm ones where none is given."""
    calm = Verdict(
        id="v1",
        status=DriftStatus.TESTED,
        rows_reference=50_000,
        rows_current=12_000,
        features=features or (feature("V1"), feature("V2")),
        scores=feature("score"),
        window_end=AT,
        previous=PreviousDrift("2", DriftStatus.TESTED, tested=2, drifted=("V1",), max_effect=0.2),
    )
    return replace(calm, **changes)  # type: ignore[arg-type]


def comparison(**changes: object) -> Comparison:
    """Return a challenger that is cheaper than the champion, and catches more."""
    good = Comparison(
        rows=4000,
        positives=80,
        priced=4000,
        new_cost=0.3,
        old_cost=0.4,
        cost=Difference(-0.1, -0.16, -0.04),
        new_recall=0.9,
        old_recall=0.85,
        recall=Difference(0.05, 0.0, 0.1),
    )
    return replace(good, **changes)  # type: ignore[arg-type]


def report_samples(
    *,
    drift: Verdict | None = None,
    realised: Scorecard | None = None,
    estimated: Estimate | None = None,
    quarantined: dict[str, int] | None = None,
) -> tuple[Sample, ...]:
    """Return what a report publishes."""
    realised, estimated = realised or card(), estimated or estimate()
    return (
        *verdict_samples(drift or verdict(), VERSION),
        *scorecard_samples(realised, stage=Stage.PRODUCTION, role=Role.CHAMPION, capacity=400),
        *estimate_samples(estimated),
        *error_samples(estimated, realised, version=VERSION),
        *cost_samples((STEP,)),
        *attribution_samples(ATTRIBUTION),
        *window_samples(Subject.PERFORMANCE, realised.rows, AT, VERSION),
        *window_samples(Subject.ESTIMATE, estimated.rows, AT, VERSION),
        *quarantine_samples(quarantined or {}),
        *label_problem_samples(LabelProblems(unknown=0, conflicting=0)),
        *skew_samples(Skew(checked=2_000, unlike=0, left_out=0), min_rows=500),
    )


def pushed() -> dict[PushGroup, tuple[Sample, ...]]:
    """Return everything that lies in the Pushgateway after a retrain and a report."""
    parts = {
        PushGroup.MODEL: (
            *model_samples(
                version=VERSION,
                candidate="xgboost",
                data_hash="ab12",
                moved_libraries=("trained with xgboost-cpu 3.1, scored with 3.2",),
                promoted=AT,
                held=False,
            ),
            *scorecard_samples(card(), stage=Stage.TEST, role=Role.CHAMPION, capacity=400),
        ),
        PushGroup.RETRAIN: retrain_samples(
            decision=RetrainDecision.SKIPPED,
            reason="no drift",
            new_labelled=120,
            waiting_for_labels=False,
        ),
        PushGroup.GATE: gate_samples(
            version="3",
            rule="cheaper",
            outcome="promoted",
            rows=4000,
            positives=80,
            comparison=comparison(),
        ),
        PushGroup.REPORT: report_samples(),
    }
    for pipeline in Pipeline:
        labels = {"pipeline": pipeline.value}
        parts[pipeline.attempt] = (
            Sample(LAST_ATTEMPT, AT.timestamp(), labels),
            Sample(NEXT_DUE, AT.timestamp() + 6 * 3600, labels),
        )
        parts[pipeline.success] = (Sample(LAST_SUCCESS, AT.timestamp(), labels),)
        delivered = {"of": notification_of(pipeline), "status": NotificationStatus.DELIVERED.value}
        parts[pipeline.notification] = (Sample(STATUS, 1, delivered),)
    return parts
