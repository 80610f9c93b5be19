"""reporting_<use case>, every few hours: measure the newest window, report, publish, notify.

Its tasks are the steps of `monitoring.steps.order.REPORT`, each called by its own name.
"""

from __future__ import annotations

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import DAG

from monitoring.steps.dag_ids import reporting_dag, retrain_dag
from monitoring.steps.order import REPORT
from monitoring.use_case import UseCase
from monitoring.wiring import arguments, tasks_of, use_cases, watch

MEASURED = "{{ ti.xcom_pull(task_ids='measure')['%s'] }}"


def reporting(case: UseCase) -> DAG:
    """Wire the reporting of one use case."""
    order = REPORT.of(case)
    with DAG(
        dag_id=reporting_dag(case.name),
        description=f"{case.title}: measure drift and performance, report, publish",
        **arguments(order.pipeline, case, case.report.every, order.step_limit),
    ) as dag:
        tasks = tasks_of(order, case)
        if case.production is None:
            tasks["trigger_retrain"] = TriggerDagRunOperator(
                task_id="trigger_retrain",
                trigger_dag_id=retrain_dag(case.name),
                trigger_run_id=f"drift_{MEASURED % 'verdict_id'}",
                conf={field: MEASURED % field for field in ("verdict_id", "as_of")},
                skip_when_already_exists=True,
            )
            tasks["drift_limit_crossed"] >> tasks["trigger_retrain"]
        watch(order, tasks)
    return dag


for _case in use_cases():
    globals()[reporting_dag(_case.name)] = reporting(_case)
