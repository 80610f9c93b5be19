"""status_<use case>, at the end of each retrain: how it ended is stored, for pages to show.

The retrain starts it and does not wait: only a run of another DAG can see how that one ended.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from monitoring.steps.dag_ids import status_dag
from monitoring.use_case import UseCase
from monitoring.wiring import STATUS_LIMIT, StoreRunState, arguments, trained_use_cases


def status(case: UseCase) -> DAG:
    """Wire what awaits the end of a use case's retrains."""
    with DAG(
        dag_id=status_dag(case.name),
        description=f"{case.title}: store how a retrain ended",
        is_paused_upon_creation=False,
        params={"run_id": Param(type="string", description="Of the retrain.")},
        **arguments("status", case, None, STATUS_LIMIT),
    ) as dag:
        StoreRunState(task_id="store_run_state", case=case)
    return dag


for _case in trained_use_cases():
    globals()[status_dag(_case.name)] = status(_case)
