"""retrain_<use case>, daily: look for a reason to retrain; if there is one, seek a champion.

Every task calls the step of its own name in `monitoring.steps.retrain`, and XCom carries the
run and the step's small result. What is heavy is imported inside the tasks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    CronDataIntervalTimetable,
    Param,
    TriggerRule,
    get_current_context,
    task,
    task_group,
)

from monitoring.settings import settings
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case, use_case_files

Run = dict[str, Any]


def step(name: str, *arguments: str, trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS) -> Any:
    """Return a task that hands the run, and `arguments`, to the retrain step called `name`."""

    @task(task_id=name, trigger_rule=trigger_rule)
    def call(run: Run) -> Run:
        from monitoring.steps import retrain

        return retrain.call(name, run, *arguments)

    return call


@task
def open_run(use_case: str) -> Run:
    """Give the run its window and say that it was attempted."""
    from monitoring.steps import begin

    return begin.retrain(use_case, get_current_context()["dag_run"])


@task.short_circuit(task_id="decide", ignore_downstream_trigger_rules=False)
def decide(run: Run) -> bool:
    """Go on only with a reason to retrain; the log and the metrics say which, or why not."""
    from monitoring.steps import retrain

    return bool(retrain.call("decide", run)["go"])


@task(task_id="watch", trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def watch() -> None:
    """Fail the run when a step failed, although the steps that always run did well."""
    msg = "a step of this run failed: see its log"
    raise RuntimeError(msg)


def failed(context: Any) -> None:
    """Tell people that a task has failed for good."""
    from monitoring.steps import notify

    notify.task_failed(context["ti"].dag_id, context["ti"].task_id, context["dag_run"].run_id)


def retrain(case: UseCase) -> DAG:
    """Wire the retrain of one use case."""
    with DAG(
        dag_id=f"retrain_{case.name}",
        description=f"{case.title}: seek a better champion when data or drift ask for it",
        schedule=CronDataIntervalTimetable(case.retrain.every, timezone="UTC"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=settings().retry_seconds),
            "on_failure_callback": failed,
        },
        params={"force": Param(False, type="boolean", description="Retrain whatever is found.")},
        tags=["tocsin", case.name],
    ) as dag:
        run = open_run(case.name)
        fresh = step("check_production_data")(run)
        drift = step("detect_drift")(run)
        go = decide(run)
        backup = step("back_up_champion")(run)
        merged = step("merge_production_data")(run)
        chosen = step("select", trigger_rule=TriggerRule.NONE_SKIPPED)(run)
        for name in case.candidates:

            @task_group(group_id=name)
            def candidate(name: str = name) -> None:
                searched = step("search", name)(run)
                searched >> step("train", name)(run) >> step("log", name)(run)

            merged >> candidate() >> chosen
        promoted = step("promote")(run)
        archived = step("archive_production_data")(run)
        published = step("publish_metrics", trigger_rule=TriggerRule.ALL_DONE)(run)
        notified = step("notify", trigger_rule=TriggerRule.ALL_DONE)(run)

        [fresh, drift] >> go >> backup >> merged
        chosen >> promoted >> archived >> published >> notified
        [run, fresh, drift, go, backup, merged, chosen, promoted, archived, published, notified] >> (
            watch()
        )
    return dag


for _name in use_case_files(settings().use_cases):
    globals()[f"retrain_{_name}"] = retrain(find_use_case(_name, settings().use_cases))
