"""Runs of MLflow: found by their key, and filled with values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from monitoring.stored_files import files_in, place_at
from monitoring.training import TrainingError
from monitoring.training.versions import CANDIDATE

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

RUN_KEY = "tocsin.run_key"

_KEY = re.compile(r"[A-Za-z0-9_.-]{1,120}")


def runs_of(client: MlflowClient, experiment: str, run_key: str, candidate: str) -> list[Run]:
    """Return the runs of a run key and a candidate."""
    if _KEY.fullmatch(run_key) is None:
        msg = f"run key {run_key!r}: at most 120 letters, digits, _, . and - are allowed"
        raise TrainingError(msg)
    wanted = f"tags.`{RUN_KEY}` = '{run_key}' and tags.`{CANDIDATE}` = '{candidate}'"
    return list(client.search_runs([experiment], filter_string=wanted))


def log_values(
    client: MlflowClient, run_id: str, parameters: Mapping[str, str], metrics: Mapping[str, float]
) -> None:
    """Log parameters and metrics together: one by one, a hundred take seconds."""
    from mlflow.entities import Metric, Param

    now = int(datetime.now(UTC).timestamp() * 1000)
    client.log_batch(
        run_id,
        metrics=[Metric(name, number, now, step=0) for name, number in metrics.items()],
        params=[Param(name, value) for name, value in parameters.items()],
    )


def check_reached(artifacts: str) -> None:
    """Raise where a run's files lie on S3 and that can't be reached: MLflow calls them missing."""
    if artifacts.startswith("s3://"):
        files_in(place_at(artifacts), "*")
