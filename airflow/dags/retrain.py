"""retrain_<use case>, daily: look for a reason to retrain; if there is one, seek a champion.

Every task calls the step of its own name in `monitoring.steps.retrain`.
"""

from __future__ import annotations

from functools import partial

from airflow.sdk import DAG, Param, TriggerRule, task_group

from monitoring.use_case import UseCase
from monitoring.wiring import arguments, gate, open_run, step, use_cases, watch

call = partial(step, "retrain")
# The run as text, for a task that none but the candidates come before: the task that opened the
# run would count as a candidate that did well.
RUN = "{{ ti.xcom_pull(task_ids='open_run') | tojson }}"


def retrain(case: UseCase) -> DAG:
    """Wire the retrain of one use case."""
    with DAG(
        dag_id=f"retrain_{case.name}",
        description=f"{case.title}: seek a better champion when data or drift ask for it",
        params={"force": Param(False, type="boolean", description="Retrain whatever is found.")},
        **arguments(case, case.retrain.every),
    ) as dag:
        run = open_run("retrain", case.name)
        fresh = call("check_production_data", run)
        drift = call("detect_drift", run)
        go = gate("retrain", "decide", run, field="go")
        backup = call("back_up_champion", run)
        merged = call("merge_production_data", run)
        chosen = call("select", RUN, trigger_rule=TriggerRule.ALL_DONE_MIN_ONE_SUCCESS)
        for name in case.candidates:

            @task_group(group_id=name)
            def candidate(name: str = name) -> None:
                call("search", run, name) >> call("train", run, name) >> call("log", run, name)

            merged >> candidate() >> chosen
        promoted = call("promote", run)
        archived = call("archive_production_data", run)
        published = call("publish_metrics", run, trigger_rule=TriggerRule.ALL_DONE)
        told = call("notify", run, trigger_rule=TriggerRule.ALL_DONE)

        [fresh, drift] >> go >> backup >> merged
        chosen >> promoted >> archived >> published >> told
        needed = [run, fresh, drift, go, backup, merged, chosen, promoted, archived]
        [*needed, published, told] >> watch()
    return dag


for _case in use_cases():
    globals()[f"retrain_{_case.name}"] = retrain(_case)
