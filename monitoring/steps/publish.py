"""Publish: what a run found, as samples of the catalogue, pushed part by part."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from monitoring.performance.scorecard import CardStatus, Scorecard
from monitoring.rows.rows import Role
from monitoring.settings import settings
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.pushgateway import publish, publish_success
from monitoring.signals.samples import (
    PERFORMANCE,
    cost_samples,
    error_samples,
    estimate_samples,
    gate_samples,
    label_problem_samples,
    model_samples,
    quarantine_samples,
    retrain_samples,
    scorecard_samples,
    unmeasured_samples,
    verdict_samples,
    window_samples,
)
from monitoring.signals.statuses import RetrainDecision, Subject
from monitoring.steps.decide import Decision
from monitoring.steps.measured import Measured
from monitoring.steps.places import model_registry
from monitoring.steps.promote import Promotion
from monitoring.steps.run import Run
from monitoring.training.model import Model
from monitoring.training.registry import Version
from monitoring.use_case import UseCase

log = logging.getLogger(__name__)


def publish_report(run: Run, measured: Measured | None, *, rows: int | None) -> None:
    """Publish a report's figures; those of a run without any are absent, never 0.

    Parameters
    ----------
    rows
        Production rows in the verdict's window; None if they could not be counted.
    """
    samples = report_samples(run.case, measured, rows=rows, as_of=run.as_of)
    _push(run.case, PushGroup.REPORT, samples)
    publish_model(run.case)


def report_samples(
    case: UseCase, measured: Measured | None, *, rows: int | None, as_of: datetime
) -> tuple[Sample, ...]:
    """Return a report's figures as samples; parameters as `publish_report`."""
    counted = () if rows is None else window_samples(Subject.DATA, rows, as_of)
    if measured is None:
        return (*counted, *unmeasured_samples())
    return (*counted, *_measured_samples(case, measured))


def publish_retrain(
    run: Run, decision: Decision | None, promotion: Promotion | None, *, new_labelled: int
) -> None:
    """Publish what a retrain decided and, whatever came of it, the model that now serves.

    Parameters
    ----------
    new_labelled
        Labelled production rows that no retrain has consumed, as it is now.
    """
    if decision is not None:
        samples = retrain_samples(
            decision=_decided(decision, promotion),
            reason=decision.reason.value,
            new_labelled=new_labelled,
            waiting_for_labels=decision.waiting
            or (promotion is not None and promotion.gate.waiting),
        )
        _push(run.case, PushGroup.RETRAIN, samples)
    if promotion is not None:
        _push(run.case, PushGroup.GATE, _gate_samples(promotion))
    publish_model(run.case)


def publish_run_success(run: Run) -> None:
    """Say that the run did all it should: the last thing that a run does."""
    url = settings().pushgateway_url
    if url is not None:
        publish_success(run.use_case, run.pipeline, datetime.now(UTC), url=url)


def _decided(decision: Decision, promotion: Promotion | None) -> RetrainDecision:
    if not decision.go:
        return RetrainDecision.SKIPPED
    if promotion is None:
        return RetrainDecision.FAILED
    return RetrainDecision.PROMOTED if promotion.gate.promote else RetrainDecision.KEPT_CHAMPION


def _gate_samples(promotion: Promotion) -> tuple[Sample, ...]:
    said = promotion.gate
    return gate_samples(
        version=promotion.version,
        rule=said.rule.value,
        outcome=said.outcome.value,
        rows=said.rows,
        positives=said.positives,
        found=said.compared,
    )


def _measured_samples(case: UseCase, measured: Measured) -> Iterable[Sample]:
    yield from verdict_samples(measured.verdict)
    yield from quarantine_samples(measured.quarantined)
    yield from label_problem_samples(measured.label_problems)
    yield from window_samples(Subject.PERFORMANCE, measured.mature_rows, measured.mature_end)
    yield from _realised_samples(case, measured)
    if measured.estimated is None:
        yield from unmeasured_samples(Subject.ESTIMATE)
    else:
        yield from estimate_samples(measured.estimated)
        yield from window_samples(
            Subject.ESTIMATE, measured.estimated.rows, measured.verdict.window_end
        )


def _realised_samples(case: UseCase, measured: Measured) -> Iterable[Sample]:
    """Yield the mature window's figures, or that no row of it was scored."""
    if measured.realised is None:
        status = CardStatus.NO_ROWS
        yield from unmeasured_samples(PERFORMANCE, Subject.ESTIMATE_ERROR, status=status)
        return
    yield from scorecard_samples(
        measured.realised,
        stage=Stage.PRODUCTION,
        role=Role.CHAMPION,
        capacity=_capacity(case, measured.mature_window.length),
    )
    yield from error_samples(measured.estimated_then, measured.realised)
    yield from cost_samples(measured.cost_steps)
    if measured.shadow is not None:
        yield from scorecard_samples(
            measured.shadow.card,
            stage=Stage.PRODUCTION,
            role=Role.SHADOW,
            capacity=_capacity(case, measured.mature_window.length),
        )


def publish_model(case: UseCase) -> None:
    """Push the serving model's own figures: again by every run, should the gateway forget."""
    registry = model_registry()
    version = registry.champion(case)
    if version is not None:
        _push(case, PushGroup.MODEL, _serving_samples(registry.load(case, version.number), version))


def _serving_samples(model: Model, version: Version) -> tuple[Sample, ...]:
    return (
        *model_samples(
            version=version.number,
            candidate=model.candidate,
            data_hash=model.data_hash[:12],
            promoted=version.promoted,
        ),
        *_test_samples(model.test),
    )


def _test_samples(card: Scorecard) -> tuple[Sample, ...]:
    return scorecard_samples(card, stage=Stage.TEST, role=Role.CHAMPION)


def _capacity(case: UseCase, length: timedelta) -> float | None:
    a_day = case.costs.reviews_per_day
    return None if a_day is None else a_day * (length / timedelta(days=1))


def _push(case: UseCase, group: PushGroup, samples: Iterable[Sample]) -> None:
    url = settings().pushgateway_url
    if url is None:
        log.warning("TOCSIN_PUSHGATEWAY_URL is not set: %s of %s not pushed", group, case.name)
        return
    publish(samples, use_case=case.name, group=group, url=url)
