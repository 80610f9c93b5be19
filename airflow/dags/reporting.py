"""reporting_<use case>, every few hours: measure the newest window, report, publish, tell.

Every task calls the step of its own name in `monitoring.steps.report`.
"""

from __future__ import annotations

from functools import partial

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG, TriggerRule

from monitoring.use_case import UseCase
from monitoring.wiring import arguments, gate, open_run, step, use_cases, watch

call = partial(step, "report")
MEASURED = "{{ ti.xcom_pull(task_ids='measure')['%s'] }}"


def reporting(case: UseCase) -> DAG:
    """Wire the reporting of one use case."""
    with DAG(
        dag_id=f"reporting_{case.name}",
        description=f"{case.title}: measure drift and performance, report, publish",
        **arguments(case, case.report.every),
    ) as dag:
        run = open_run("report", case.name)
        available = gate("report", "check_data_availability", run, field="available")
        measured = call("measure", run)
        reports = [call(f"report_{kind}", run) for kind in ("quality", "drift", "performance")]
        published = call("publish_metrics", run, trigger_rule=TriggerRule.ALL_DONE)
        kept = call("keep_newest", run)
        told = call("summary", run, trigger_rule=TriggerRule.ALL_DONE)
        crossed = gate("report", "drift_limit_crossed", run, field="drifted")
        retrain = TriggerDagRunOperator(
            task_id="trigger_retrain",
            trigger_dag_id=f"retrain_{case.name}",
            trigger_run_id=f"drift_{MEASURED % 'verdict_id'}",
            conf={field: MEASURED % field for field in ("verdict_id", "as_of")},
            skip_when_already_exists=True,
        )

        available >> measured >> reports >> published >> kept >> told
        [measured, published] >> crossed >> retrain
        [run, available, measured, *reports, published, kept, told, crossed, retrain] >> watch()
    return dag


for _case in use_cases():
    globals()[f"reporting_{_case.name}"] = reporting(_case)
