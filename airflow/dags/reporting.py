"""reporting_<use case>, every few hours: measure the newest window, report, publish, tell.

Every task calls the step of its own name in `monitoring.steps.report`; see retrain.py.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, CronDataIntervalTimetable, TriggerRule, get_current_context, task

from monitoring.settings import settings
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case, use_case_files

Run = dict[str, Any]


def step(name: str, *, trigger_rule: TriggerRule = TriggerRule.ALL_SUCCESS) -> Any:
    """Return a task that hands the run to the report step called `name`."""

    @task(task_id=name, trigger_rule=trigger_rule)
    def call(run: Run) -> Run:
        from monitoring.steps import report

        return report.call(name, run)

    return call


@task
def open_run(use_case: str) -> Run:
    """Give the run its window and say that it was attempted."""
    from monitoring.steps import begin

    return begin.report(use_case, get_current_context()["dag_run"])


@task.short_circuit(ignore_downstream_trigger_rules=False)
def check_data_availability(run: Run) -> bool:
    """Go on only where there are rows and a champion; the metrics say what was missing."""
    from monitoring.steps import report

    return bool(report.call("check_data_availability", run)["available"])


@task.short_circuit(ignore_downstream_trigger_rules=False)
def drift_limit_crossed(measured: Run) -> bool:
    """Go on to the retrain only if drift is strictly above its critical limit."""
    return bool(measured["drifted"])


@task(trigger_rule=TriggerRule.ONE_FAILED, retries=0)
def watch() -> None:
    """Fail the run when a step failed, although the steps that always run did well."""
    msg = "a step of this run failed: see its log"
    raise RuntimeError(msg)


def failed(context: Any) -> None:
    """Tell people that a task has failed for good."""
    from monitoring.steps import notify

    notify.task_failed(context["ti"].dag_id, context["ti"].task_id, context["dag_run"].run_id)


def reporting(case: UseCase) -> DAG:
    """Wire the reporting of one use case."""
    with DAG(
        dag_id=f"reporting_{case.name}",
        description=f"{case.title}: measure drift and performance, report, publish",
        schedule=CronDataIntervalTimetable(case.report.every, timezone="UTC"),
        start_date=datetime(2026, 1, 1, tzinfo=UTC),
        catchup=False,
        max_active_runs=1,
        default_args={
            "retries": 2,
            "retry_delay": timedelta(seconds=settings().retry_seconds),
            "on_failure_callback": failed,
        },
        tags=["tocsin", case.name],
    ) as dag:
        run = open_run(case.name)
        available = check_data_availability(run)
        measured = step("measure")(run)
        reports = [step(f"report_{kind}")(run) for kind in ("quality", "drift", "performance")]
        published = step("publish_metrics", trigger_rule=TriggerRule.ALL_DONE)(run)
        kept = step("keep_newest")(run)
        told = step("summary", trigger_rule=TriggerRule.ALL_DONE)(run)
        crossed = drift_limit_crossed(measured)
        retrain = TriggerDagRunOperator(
            task_id="trigger_retrain",
            trigger_dag_id=f"retrain_{case.name}",
            trigger_run_id=f"drift_{_of(measured, 'verdict_id')}",
            conf={
                "verdict_id": _of(measured, "verdict_id"),
                "as_of": _of(measured, "as_of"),
            },
            skip_when_already_exists=True,
        )

        available >> measured >> reports >> published >> kept >> told
        published >> crossed >> retrain
        [run, available, measured, *reports, published, kept, told, crossed, retrain] >> watch()
    return dag


def _of(measured: Any, field: str) -> str:
    """Return a template for one field of what `measured` found."""
    return f"{{{{ ti.xcom_pull(task_ids='{measured.operator.task_id}')['{field}'] }}}}"


for _name in use_case_files(settings().use_cases):
    globals()[f"reporting_{_name}"] = reporting(find_use_case(_name, settings().use_cases))
