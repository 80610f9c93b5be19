"""The ids of the DAGs of a use case."""

from __future__ import annotations


def retrain_dag(use_case: str) -> str:
    """Return the id of the DAG that retrains a use case."""
    return f"retrain_{use_case}"


def reporting_dag(use_case: str) -> str:
    """Return the id of the DAG that reports on a use case."""
    return f"reporting_{use_case}"


def status_dag(use_case: str) -> str:
    """Return the id of the DAG that stores how a retrain of a use case ended."""
    return f"status_{use_case}"
