"""Airflow's logging where its components share one folder of logs: no log server is asked.

Its API server else asks one for the log of every task that runs, which it has read from the folder
already, and writes above it that the connection was refused. The logging configuration below is
that of `AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS`.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from airflow.config_templates.airflow_local_settings import DEFAULT_LOGGING_CONFIG
from airflow.utils.log.file_task_handler import FileTaskHandler


class SharedLogs(FileTaskHandler):
    """Reads the logs of tasks from the folder alone."""

    def _read_from_logs_server(self, *_: Any) -> tuple[list[str], list[Any]]:
        return [], []


LOGGING_CONFIG: dict[str, Any] = deepcopy(DEFAULT_LOGGING_CONFIG)
LOGGING_CONFIG["handlers"]["task"]["class"] = f"{SharedLogs.__module__}.{SharedLogs.__name__}"
