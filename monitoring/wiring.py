"""What the DAG files share: the tasks of an order of steps, and the arguments of every DAG.

Only DAG files import this: it needs Airflow, and nothing else that is heavy.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import (
    BaseSensorOperator,
    CronDataIntervalTimetable,
    TaskGroup,
    TriggerRule,
    get_current_context,
    task,
)
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowSkipException
from airflow.sdk.log import mask_secret

from monitoring.errors import TocsinError
from monitoring.settings import secrets, settings
from monitoring.steps.dag_ids import status_dag
from monitoring.steps.order import RETRIES, WATCH, EachCandidate, Order, Runs, Step
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCaseError, all_use_cases

if TYPE_CHECKING:
    from monitoring.steps.notification import AirflowTry

STATUS_EVERY, STATUS_LIMIT = timedelta(seconds=15), timedelta(hours=1)
"""How often the end of a retrain is looked for, and for how long: its last step has ended then."""

Json = dict[str, Any]
"""A run, or a step's small result, as XCom holds it."""

# The run as text, for a task that waits for the candidates alone: the task that opened the run
# would count as a candidate that succeeded.
_RUN_AS_TEXT = "{{ ti.xcom_pull(task_ids='%s') | tojson }}"


def use_cases() -> tuple[UseCase, ...]:
    """Return every use case that can be read; the DAG file `use_case_files.py` shows the others."""
    return all_use_cases(settings().use_cases, settings().active_use_cases).valid


def trained_use_cases() -> tuple[UseCase, ...]:
    """Return those whose models Tocsin trains: of others there is nothing to retrain."""
    return tuple(case for case in use_cases() if not case.is_watched)


def refuse_broken_files() -> None:
    """Raise where a use-case file can't be read.

    Raises
    ------
    UseCaseError
        Some can't; each is named with its error.
    """
    broken = all_use_cases(settings().use_cases, settings().active_use_cases).broken
    if broken:
        what = "\n\n".join(f"{name}: {error}" for name, error in broken.items())
        msg = f"no DAGs for {', '.join(broken)}, until their files can be read\n\n{what}"
        raise UseCaseError(msg)


def arguments(
    pipeline: str, case: UseCase, schedule: str | None, limit: timedelta
) -> dict[str, Any]:
    """Return the arguments of every DAG: one run at a time, intervals, retries, limits, owner.

    Parameters
    ----------
    pipeline
        What its runs are called in notifications.
    limit
        How long one try of a task may take.
    """
    timetable = None if schedule is None else CronDataIntervalTimetable(schedule, timezone="UTC")
    owner = {} if case.owner is None else {"owner": case.owner.name}
    link = case.owner.link if case.owner is not None else None
    return {
        "schedule": timetable,
        "start_date": datetime(2026, 1, 1, tzinfo=UTC),
        "catchup": False,
        "max_active_runs": 1,
        "default_args": {
            "retries": RETRIES,
            "retry_delay": timedelta(seconds=settings().retry_seconds),
            "execution_timeout": limit,
            "on_failure_callback": _on_failure(case, pipeline),
            "on_retry_callback": _on_retry(case, pipeline) if case.notify.on_retry else [],
            **owner,
        },
        "owner_links": {} if link is None else {owner["owner"]: link},
        "tags": ["tocsin", case.name],
    }


def tasks_of(order: Order, case: UseCase) -> dict[str, Any]:
    """Return the tasks of an order by the names of their steps, each after those it waits for.

    Candidates' tasks lie in a group per candidate, which is named after it, and are not returned.
    """
    run = _open_run(order, case)
    tasks = {order.opening.name: run}
    ends: dict[str, list[Any]] = {order.opening.name: [run]}
    for step in order.steps:
        if isinstance(step, EachCandidate):
            starts, ends[step.name] = _candidates(order, step, case, run)
        else:
            tasks[step.name] = _task(order, step, run, tasks.get(step.takes or ""))
            starts, ends[step.name] = [tasks[step.name]], [tasks[step.name]]
        for name in step.after:
            for before in ends[name]:
                before >> starts
    return tasks


def watch(order: Order, tasks: Mapping[str, Any]) -> Any:
    """Return the task that fails the run when a step failed, though those that always run did not.

    A gate is not waited for itself: one that closes would skip this task, and what failed after
    it on the branch that always runs would not fail the run.
    """

    @task(task_id=WATCH, trigger_rule=TriggerRule.ONE_FAILED, retries=0, on_failure_callback=[])
    def fail() -> None:
        msg = "a step of this run failed: see its log"
        raise TocsinError(msg)

    gates = {step.name for step in order.named_steps if step.gate is not None}
    watching = fail()
    [one for name, one in tasks.items() if name not in gates] >> watching
    return watching


def trigger_status(case: UseCase) -> TriggerDagRunOperator:
    """Return the task that has the DAG of a retrain's status await its end; nobody waits for that.

    It runs however the tasks before it ended. Since `watch` fails with whatever failed, this task
    at the end of a run makes no failed run a success.
    """
    return TriggerDagRunOperator(
        task_id="trigger_status",
        trigger_dag_id=status_dag(case.name),
        conf={"run_id": "{{ run_id }}"},
        trigger_rule=TriggerRule.ALL_DONE,
    )


class StoreRunState(BaseSensorOperator):
    """Waits for the end of a retrain, and stores how it ended for the pages.

    It looks again from time to time, and takes no worker's slot between.
    """

    def __init__(self, *, case: UseCase, **others: Any) -> None:
        super().__init__(
            mode="reschedule",
            poke_interval=STATUS_EVERY.total_seconds(),
            timeout=STATUS_LIMIT.total_seconds(),
            **others,
        )
        self.case = case

    def poke(self, context: Any) -> bool:
        """Return whether the run has ended."""
        from monitoring.pages.run_states import NO_AIRFLOW
        from monitoring.pages.servers import servers_of

        _mask_secrets()
        states = servers_of(settings()).run_states
        if not states.asked:
            raise AirflowSkipException(NO_AIRFLOW)
        run_id = context["params"]["run_id"]
        return states.end_of(self.case, run_id, datetime.now(UTC)) is not None


def _open_run(order: Order, case: UseCase) -> Any:
    """Return the task that gives the run its window and publishes that it was attempted."""

    @task(task_id=order.opening.name, on_failure_callback=_on_unopened(case, order.pipeline))
    def open_run() -> Json:
        from monitoring.steps import begin

        _mask_secrets()
        context = get_current_context()
        run = begin.from_airflow(order.pipeline, case.name, context["dag_run"])
        opened: Json = run.model_dump(mode="json")
        # Now, for a push that fails is reported by a later step, which needs the run.
        context["ti"].xcom_push(BaseXCom.XCOM_RETURN_KEY, opened)
        order.call(order.opening, run, attempt=_try_of(context).attempt)
        return opened

    return open_run()


def _candidates(
    order: Order, group: EachCandidate, case: UseCase, run: Any
) -> tuple[list[Any], list[Any]]:
    """Return the first and the last tasks of every candidate's group."""
    firsts, lasts = [], []
    for name in case.candidates:
        with TaskGroup(group_id=name):
            tasks = [_candidate_task(order, step, run, name) for step in group.steps]
            for before, after in pairwise(tasks):
                before >> after
        firsts.append(tasks[0])
        lasts.append(tasks[-1])
    return firsts, lasts


def _candidate_task(order: Order, step: Step, run: Any, candidate: str) -> Any:
    @task(task_id=step.name, on_failure_callback=[])
    def call(run: Json | None) -> Json:
        return _called(order, step, run, candidate)

    return call(run)


def _task(order: Order, step: Step, run: Any, taken: Any) -> Any:
    """Return the task that calls a step, on the run that `run` gives and what it takes."""
    arguments: Json = {"task_id": step.name, "trigger_rule": TriggerRule(step.runs)}
    if step.name in order.reported:
        # The notification reports its failure: one fault, one message.
        arguments["on_failure_callback"] = []
    if step.runs is Runs.AFTER_ANY_SUCCESS:
        run = _RUN_AS_TEXT % order.opening.name
    if step.gate is not None:
        return _gate(order, step, step.gate, run, arguments)

    @task(**arguments)
    def call(run: Json | str | None, taken: Json | None) -> Json:
        return _called(order, step, run, taken=taken)

    return call(run, taken)


def _gate(order: Order, step: Step, field: str, run: Any, arguments: Json) -> Any:
    """Return the task that calls a step and skips those after it unless `field` is true."""

    @task.short_circuit(ignore_downstream_trigger_rules=False, **arguments)
    def call(run: Json | None) -> bool:
        return bool(_called(order, step, run)[field])

    return call(run)


def _called(
    order: Order, step: Step, run: Json | str | None, *candidate: str, taken: Json | None = None
) -> Json:
    """Call a step with the run as XCom holds it, and return its result as JSON."""
    from monitoring.steps.run import Run

    _mask_secrets()
    if run is None:
        msg = "the run was never opened: there is nothing to do"
        raise AirflowSkipException(msg)
    opened = Run.model_validate_json(run) if isinstance(run, str) else Run.model_validate(run)
    attempt = _try_of(get_current_context()).attempt
    return order.call(step, opened, *candidate, taken=taken, attempt=attempt).model_dump(
        mode="json"
    )


def _mask_secrets() -> None:
    """Have Airflow mask our secrets in the task's log, in what libraries write there too."""
    for secret in secrets():
        mask_secret(secret)


def _try_of(context: Any) -> AirflowTry:
    """Return which try of which task a context is of."""
    from monitoring.steps.notification import AirflowTry

    ti = context["ti"]
    attempt = f"{ti.try_number} of {ti.max_tries + 1}"
    return AirflowTry(ti.dag_id, ti.task_id, ti.run_id, attempt)


def _on_failure(case: UseCase, pipeline: str) -> Callable[[Any], None]:
    """Return what notifies of a task that failed for good, which no later step reports."""

    def notify_failure(context: Any) -> None:
        from monitoring.steps import notification

        _mask_secrets()
        this = _try_of(context)
        error = context.get("exception")
        notification.notify_failure(case, this.task, this.run, error, pipeline, this)

    return notify_failure


def _on_unopened(case: UseCase, pipeline: str) -> Callable[[Any], None]:
    """Return what notifies of a run that could not be opened; one that was, reports its failure."""
    notify_failure = _on_failure(case, pipeline)

    def notify_unopened(context: Any) -> None:
        from monitoring.signals.pushgateway import PublishError

        if not isinstance(context.get("exception"), PublishError):
            notify_failure(context)

    return notify_unopened


def _on_retry(case: UseCase, pipeline: str) -> Callable[[Any], None]:
    """Return what notifies of a task that failed and is tried again."""

    def notify_retry(context: Any) -> None:
        from monitoring.steps import notification

        _mask_secrets()
        error = context.get("exception")
        notification.notify_retry(case, error, pipeline, _try_of(context))

    return notify_retry
