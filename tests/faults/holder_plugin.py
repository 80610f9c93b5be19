"""An Airflow plugin that holds a task at its beginning, so that what befalls it falls within it.

A task waits while a file `holds/DAG.TASK.hold` is there, and says so by `holds/DAG.TASK.held`.
"""

import os
import time
from pathlib import Path
from typing import ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

HOLDS = Path(os.environ["AIRFLOW_HOME"]) / "holds"


class Holder:
    """Listens for tasks that begin."""

    @hookimpl
    def on_task_instance_running(self, task_instance):
        """Wait, if the task is to be held."""
        hold = HOLDS / f"{task_instance.dag_id}.{task_instance.task_id}.hold"
        if hold.is_file():
            hold.with_suffix(".held").write_text(str(os.getpid()))
            while hold.is_file():
                time.sleep(0.05)


class HolderPlugin(AirflowPlugin):
    """Registers the listener."""

    name = "holder"
    listeners: ClassVar = [Holder()]
