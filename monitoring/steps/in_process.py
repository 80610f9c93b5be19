"""In process: a whole run in this process, the steps in the order in which the DAGs call them."""

from __future__ import annotations

import logging
from collections.abc import Callable

from monitoring.steps.notification import Told
from monitoring.steps.report import report_outcome as reporting
from monitoring.steps.retrain import retrain_outcome as retraining
from monitoring.steps.retrain.decision import Decision
from monitoring.steps.run import Run

log = logging.getLogger(__name__)

_BEFORE = ("check_production_data", "detect_drift", "decide")
_PREPARE = ("back_up_champion", "merge_production_data")
_CONCLUDE = ("select", "promote", "archive_production_data")
_REPORT = ("report_quality", "report_drift", "report_performance")


def retrain(run: Run) -> Told:
    """Run a retrain; publishing and notifying happen on every branch, a failure's too."""
    try:
        _call_retrain(run, *_BEFORE)
        if run.need("decision", Decision).go:
            _call_retrain(run, *_PREPARE)
            for name in run.case.candidates:
                _try_candidate(run, name)
            _call_retrain(run, *_CONCLUDE)
    except Exception as error:
        _in_spite_of(error, run, retraining.publish_metrics, retraining.notify)
        raise
    retraining.publish_metrics(run)
    return retraining.notify(run)


def report(run: Run) -> tuple[Told, bool]:
    """Run a report; return what people were told, and whether drift lies above its limit."""
    drifted = False
    try:
        if reporting.check_data_availability(run).available:
            drifted = reporting.measure(run).drifted
            _call_report(run, *_REPORT)
    except Exception as error:
        _in_spite_of(error, run, reporting.publish_metrics, reporting.summary)
        raise
    reporting.publish_metrics(run)
    reporting.keep_newest_reports(run)
    return reporting.summary(run), drifted


def _in_spite_of(error: Exception, run: Run, *steps: Callable[[Run], object]) -> None:
    """Call the steps of every branch; what fails in them is noted on the error that came first."""
    for step in steps:
        try:
            step(run)
        except Exception as another:  # noqa: BLE001  the first error is the one to be raised
            error.add_note(f"then {step.__name__} failed too: {another}")


def _call_retrain(run: Run, *names: str) -> None:
    for name in names:
        log.info("%s: %s", run.key, name)
        retraining.STEPS[name](run)


def _call_report(run: Run, *names: str) -> None:
    for name in names:
        log.info("%s: %s", run.key, name)
        reporting.STEPS[name](run)


def _try_candidate(run: Run, candidate: str) -> None:
    """Run one candidate's steps; whatever fails in it costs that candidate alone."""
    for name, step in retraining.CANDIDATE_STEPS.items():
        log.info("%s: %s.%s", run.key, candidate, name)
        try:
            step(run, candidate)
        except Exception:
            log.exception("%s: candidate %s failed in %s", run.key, candidate, name)
            return
