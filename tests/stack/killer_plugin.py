"""An Airflow plugin that kills each task of `retrain_killed` in the midst of its first try.

It lies in every test stack's plugins, and strikes once the folder `kills` is there.
"""

import json
import os
import signal
import threading
import time
from pathlib import Path
from typing import ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

KILLS = Path(os.environ["AIRFLOW_HOME"]) / "kills"
SECONDS = {"search": 0.4, "train": 0.4, "log": 1.0, "merge_production_data": 0.8, "promote": 1.0}
"""When to strike where a step takes long enough to be struck inside; at once elsewhere."""


class Killer:
    """Listens for tasks that begin."""

    @hookimpl
    def on_task_instance_running(self, task_instance):
        """Strike once, from a thread of its own, so that the step is at work when it falls."""
        if not KILLS.is_dir():
            return
        if task_instance.dag_id != "retrain_killed" or task_instance.try_number != 1:
            return
        threading.Thread(target=_strike, args=(task_instance.task_id,), daemon=True).start()


def _strike(task: str) -> None:
    time.sleep(SECONDS.get(task.rpartition(".")[2], 0.2))
    record = KILLS / f"{task}.json"
    record.write_text(json.dumps({"task": task}))
    os.kill(os.getpid(), signal.SIGKILL)


class KillerPlugin(AirflowPlugin):
    """Registers the listener."""

    name = "killer"
    listeners: ClassVar = [Killer()]
