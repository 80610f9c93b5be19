"""retrain_<use case>, daily: retrain if there is a reason to, and promote a better champion.

Its tasks are the steps of `monitoring.steps.order.RETRAIN`, each called by its own name; the last
one starts `status_<use case>`, which outlives the run.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from monitoring.steps.dag_ids import retrain_dag
from monitoring.steps.order import RETRAIN
from monitoring.use_case import UseCase
from monitoring.wiring import arguments, tasks_of, trained_use_cases, trigger_status, watch


def retrain(case: UseCase) -> DAG:
    """Wire the retrain of one use case."""
    order = RETRAIN.of(case)
    with DAG(
        dag_id=retrain_dag(case.name),
        description=f"{case.title}: seek a better champion when data or drift ask for it",
        params={"force": Param(False, type="boolean", description="Retrain whatever is found.")},
        **arguments(order.pipeline, case, case.retrain.every, order.step_limit),
    ) as dag:
        tasks = tasks_of(order, case)
        tasks["trigger_status"] = trigger_status(case)
        tasks[order.notification] >> tasks["trigger_status"]
        watch(order, tasks)
    return dag


for _case in trained_use_cases():
    globals()[retrain_dag(_case.name)] = retrain(_case)
