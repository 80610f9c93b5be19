"""retrain_<use case>, daily: retrain if there is a reason to, and promote a better champion.

Its tasks are the steps of `monitoring.steps.order.RETRAIN`, each called by its own name.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from monitoring.steps.order import RETRAIN, retrain_dag
from monitoring.use_case import UseCase
from monitoring.wiring import arguments, tasks_of, use_cases, watch


def retrain(case: UseCase) -> DAG:
    """Wire the retrain of one use case."""
    order = RETRAIN.of(case)
    with DAG(
        dag_id=retrain_dag(case.name),
        description=f"{case.title}: seek a better champion when data or drift ask for it",
        params={"force": Param(False, type="boolean", description="Retrain whatever is found.")},
        **arguments(order, case, case.retrain.every),
    ) as dag:
        watch(order, tasks_of(order, case))
    return dag


for _case in use_cases():
    globals()[retrain_dag(_case.name)] = retrain(_case)
