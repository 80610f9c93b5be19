"""The outcome of a report: its figures published, and its notification sent."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from monitoring.performance.scorecard import CardStatus
from monitoring.reports.entry import ReportKind
from monitoring.rows.rows import Role
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.samples import (
    PERFORMANCE,
    attribution_samples,
    class_estimate_samples,
    class_samples,
    cost_samples,
    error_samples,
    estimate_samples,
    label_problem_samples,
    quarantine_samples,
    scorecard_samples,
    skew_samples,
    unmeasured_samples,
    verdict_samples,
    window_samples,
)
from monitoring.signals.statuses import Subject, Unmeasured, classes_of, performance_of
from monitoring.steps.notification import Notification, notify
from monitoring.steps.publish import publish_model, publish_run_success, push
from monitoring.steps.report.measurement import Availability, Measured
from monitoring.steps.report.probation import Probated
from monitoring.steps.report.report_files import ReportFile, Retention
from monitoring.steps.run import Result, Run
from monitoring.use_case import UseCase
from monitoring.use_case_notify import Event


class Published(Result):
    """The figures were pushed."""


def publish_metrics(run: Run) -> Published:
    """Publish what was measured, or why nothing was."""
    availability = run.read("availability", Availability)
    rows = None if availability is None else availability.rows
    publish_report(run, run.read("measured", Measured), rows=rows)
    published = Published()
    run.write("published", published)
    return published


def summary(run: Run) -> Notification:
    """Publish that the run succeeded, if it did; then notify of it, whichever way it went.

    In this order: a webhook that is down makes no figure stale.
    """
    availability = run.read("availability", Availability)
    measured = run.read("measured", Measured)
    skipped = availability is not None and not availability.available
    if not _succeeded(run, skipped=skipped):
        notification = Notification.of_failure(run)
    else:
        publish_run_success(run)
        if measured is not None:
            notification = _notification(run, measured)
        else:
            text = "" if availability is None else availability.words
            notification = Notification.of_success(run, "nothing to report", text)
    notify(run, notification)
    return notification


def _notification(run: Run, measured: Measured) -> Notification:
    case = run.declared
    # A watched model is on no probation.
    taken_back = None if case.is_watched else run.need("probated", Probated).text(case)
    if taken_back is None:
        return Notification.of_success(run, "report", measured.text(case))
    title, text = "CRITICAL: a new champion was taken back", measured.text(case)
    notification = Notification.of_success(run, title, f"{taken_back}\n{text}")
    # The run went well; who hears of failures has to hear of this.
    return notification.model_copy(update={"event": Event.FAILURE})


def _succeeded(run: Run, *, skipped: bool) -> bool:
    """Return whether every step before the summary did its work, or rightly had none."""
    reported = all(run.read(f"report_{kind}", ReportFile) is not None for kind in ReportKind)
    concluded = (
        run.read("published", Published) is not None
        and run.read("retention", Retention) is not None
    )
    return concluded and (skipped or reported) and not run.failures()


def publish_report(run: Run, measured: Measured | None, *, rows: int | None) -> None:
    """Publish a report's figures; those of a run without any are absent, never 0.

    Parameters
    ----------
    rows
        Production rows in the verdict's window; None if they could not be counted.
    """
    samples = report_samples(run.declared, measured, rows=rows, as_of=run.as_of)
    push(run.declared, PushGroup.REPORT, samples)
    publish_model(run.declared)


def report_samples(
    case: UseCase, measured: Measured | None, *, rows: int | None, as_of: datetime
) -> tuple[Sample, ...]:
    """Return a report's figures as samples; parameters as `publish_report`."""
    counted = () if rows is None else window_samples(Subject.DATA, rows, as_of)
    if measured is None:
        return (*counted, *unmeasured_samples())
    return (*counted, *_measured_samples(case, measured))


def _measured_samples(case: UseCase, measured: Measured) -> Iterable[Sample]:
    yield from verdict_samples(measured.verdict, measured.model_version)
    yield from quarantine_samples(measured.quarantined)
    yield from label_problem_samples(measured.label_problems)
    yield from skew_samples(measured.skew, case.drift.min_rows)
    if measured.cost_of_drift is not None:
        yield from attribution_samples(measured.cost_of_drift)
    if measured.shadow_status is not None:
        of = performance_of(Stage.PRODUCTION, Role.SHADOW)
        yield from unmeasured_samples(of, status=measured.shadow_status)
    yield from window_samples(
        Subject.PERFORMANCE, measured.mature_rows, measured.mature_end, measured.mature_version
    )
    if case.columns.classes is not None:
        yield from _class_samples(measured)
        yield from _arm_class_samples(measured)
    yield from _realised_samples(case, measured)
    yield from _arm_samples(case, measured)
    if measured.estimated is None:
        yield from unmeasured_samples(Subject.ESTIMATE)
    else:
        yield from estimate_samples(measured.estimated)
        yield from window_samples(
            Subject.ESTIMATE,
            measured.estimated.rows,
            measured.verdict.window_end,
            measured.model_version,
        )


def _class_samples(measured: Measured) -> Iterable[Sample]:
    """Yield the figures by class, or why there are none."""
    if measured.classes is None:
        about = classes_of(Stage.PRODUCTION, Role.CHAMPION)
        status = Unmeasured.UNREADABLE if measured.scorer_unreadable else CardStatus.NO_ROWS
        yield from unmeasured_samples(about, status=status)
    else:
        yield from class_samples(measured.classes, stage=Stage.PRODUCTION, role=Role.CHAMPION)
    if measured.estimated_classes is None:
        yield from unmeasured_samples(Subject.CLASS_ESTIMATE)
    else:
        yield from class_estimate_samples(measured.estimated_classes)


def _realised_samples(case: UseCase, measured: Measured) -> Iterable[Sample]:
    """Yield the mature window's figures, or why there are none."""
    if measured.realised is None:
        status = Unmeasured.UNREADABLE if measured.scorer_unreadable else CardStatus.NO_ROWS
        yield from unmeasured_samples(PERFORMANCE, Subject.ESTIMATE_ERROR, status=status)
        return
    yield from scorecard_samples(
        measured.realised,
        stage=Stage.PRODUCTION,
        role=Role.CHAMPION,
        capacity=_capacity(case, measured, measured.arms.champion_share),
        figures=case.figures,
        classes=measured.classes,
    )
    yield from error_samples(
        measured.estimated_then, measured.realised, version=measured.mature_version
    )
    yield from cost_samples(measured.cost_steps)
    if measured.shadow is not None:
        yield from scorecard_samples(
            measured.shadow.card,
            stage=Stage.PRODUCTION,
            role=Role.SHADOW,
            capacity=_capacity(case, measured, measured.arms.champion_share),
        )


def _arm_samples(case: UseCase, measured: Measured) -> Iterable[Sample]:
    """Yield the figures of each arm on its own rows, or why there are none."""
    for arm in measured.arms.figures:
        if arm.card is None:
            of = performance_of(Stage.PRODUCTION, arm.role)
            yield from unmeasured_samples(of, status=Unmeasured.UNREADABLE)
        else:
            yield from scorecard_samples(
                arm.card,
                stage=Stage.PRODUCTION,
                role=arm.role,
                capacity=_capacity(case, measured, arm.share),
                classes=arm.classes,
            )


def _arm_class_samples(measured: Measured) -> Iterable[Sample]:
    """Yield the figures by class of each arm on its own rows, or why there are none."""
    for arm in measured.arms.figures:
        if arm.classes is None:
            of = classes_of(Stage.PRODUCTION, arm.role)
            yield from unmeasured_samples(of, status=Unmeasured.UNREADABLE)
        else:
            yield from class_samples(arm.classes, stage=Stage.PRODUCTION, role=arm.role)


def _capacity(case: UseCase, measured: Measured, share: float) -> float | None:
    """Return how many alarms the team can review on a share of the mature window's rows."""
    a_day = case.costs.reviews_per_day
    days = measured.mature_window.length / timedelta(days=1)
    return None if a_day is None else a_day * days * share
