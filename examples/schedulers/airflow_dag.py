"""Drift as a task of a DAG of your own. `python airflow_dag.py` runs it once, without a scheduler.

Airflow's workers need the light installation alone: `pip install tocsin`.
"""

from __future__ import annotations

import os

from airflow.sdk import dag, task


@dag(schedule="@daily", tags=["payments"])
def payments() -> None:
    """Compare what a day brought with what the model learned from."""

    @task
    def check_drift(folder: str) -> str:
        from monitoring import compare

        verdict = compare(f"{folder}/reference.parquet", f"{folder}/yesterday.parquet")
        if verdict.drifted:  # more than 30% of the columns
            raise ValueError(verdict.sentence)
        return verdict.sentence

    check_drift(os.environ.get("PAYMENTS", "/srv/payments"))


made = payments()

if __name__ == "__main__":
    made.test()
