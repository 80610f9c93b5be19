"""What the DAG files share: tasks that call a step by its name, and what every DAG is given.

Only DAG files import this: it needs Airflow, and nothing else that is heavy.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from airflow.sdk import CronDataIntervalTimetable, TriggerRule, get_current_context, task

from monitoring.errors import TocsinError
from monitoring.settings import settings
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCaseError, find_use_case, use_case_files

log = logging.getLogger(__name__)

Json = dict[str, Any]
"""A run, or a step's small result, as XCom carries it."""

PipelineName = Literal["retrain", "report"]
TRIES_AGAIN = 2


def use_cases() -> Iterator[UseCase]:
    """Yield every use case that can be read; one that cannot takes no other's DAG down."""
    folder = settings().use_cases
    for name in use_case_files(folder):
        try:
            yield find_use_case(name, folder)
        except UseCaseError:
            log.exception("no DAG for use case %s: check its file", name)


def arguments(case: UseCase, schedule: str) -> dict[str, Any]:
    """Return what every DAG is given: one run at a time, real intervals, tries, a callback."""
    return {
        "schedule": CronDataIntervalTimetable(schedule, timezone="UTC"),
        "start_date": datetime(2026, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {
            "retries": TRIES_AGAIN,
            "retry_delay": timedelta(seconds=settings().retry_seconds),
            "on_failure_callback": _failed,
        },
        "tags": ["tocsin", case.name],
    }


def open_run(pipeline: PipelineName, use_case: str) -> Any:
    """Return the task that gives the run its window and says that it was attempted."""

    @task(task_id="open_run")
    def call() -> Json:
        from monitoring.steps import begin

        return begin.from_airflow(pipeline, use_case, get_current_context()["dag_run"])

    return call()


def step(
    pipeline: PipelineName,
    name: str,
    run: Any,
    *candidate: str,
    trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS,
) -> Any:
    """Return the task that hands the run to the step called `name`.

    Parameters
    ----------
    run
        What `open_run` returned, or a template of it as JSON.
    """

    @task(task_id=name, trigger_rule=trigger_rule)
    def call(run: Json | str) -> Json:
        opened = json.loads(run) if isinstance(run, str) else run
        return _call(pipeline, name, opened, *candidate)

    return call(run)


def gate(pipeline: PipelineName, name: str, run: Any, *, field: str) -> Any:
    """Return the task that calls a step, and goes on only where its result's `field` is true."""

    @task.short_circuit(task_id=name, ignore_downstream_trigger_rules=False)
    def call(run: Json) -> bool:
        return bool(_call(pipeline, name, run)[field])

    return call(run)


def watch() -> Any:
    """Return the task that fails the run when a step failed: those that always run did well."""

    @task(task_id="watch", trigger_rule=TriggerRule.ONE_FAILED, retries=0, on_failure_callback=[])
    def call() -> None:
        msg = "a step of this run failed: see its log"
        raise TocsinError(msg)

    return call()


def _call(pipeline: PipelineName, name: str, run: Json, *candidate: str) -> Json:
    from monitoring.steps.report import report_outcome
    from monitoring.steps.retrain import retrain_outcome

    if pipeline == "report":
        return report_outcome.call(name, run)
    return retrain_outcome.call(name, run, *candidate)


def _failed(context: Any) -> None:
    """Tell people that a task has failed for good."""
    from monitoring.steps import notification

    notification.task_failed(context["ti"].dag_id, context["ti"].task_id, context["dag_run"].run_id)
