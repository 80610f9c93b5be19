"""An Airflow plugin that kills each task of `retrain_killed` in the midst of its first tries.

It lies in every test stack's plugins, and strikes once the folder `kills` is there.
"""

import json
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import ClassVar

from airflow.listeners import hookimpl
from airflow.plugins_manager import AirflowPlugin

from monitoring.steps.order import RETRAIN

KILLS = Path(os.environ["AIRFLOW_HOME"]) / "kills"
SECONDS = {1: 0.05, 2: 1.0}
"""When the first and the second try are struck, from when the step's own code is loaded on."""


class Killer:
    """Listens for tasks that begin."""

    @hookimpl
    def on_task_instance_running(self, task_instance):
        """Strike from a thread of its own, so that the step is at work when it falls."""
        if task_instance.dag_id != "retrain_killed" or task_instance.try_number not in SECONDS:
            return
        if not KILLS.is_dir():
            return
        arguments = (task_instance.task_id, task_instance.try_number)
        threading.Thread(target=_strike, args=arguments, daemon=True).start()


def _strike(task: str, attempt: int) -> None:
    name = task.rpartition(".")[2]  # a candidate's has its group before it
    module = next(step.function.module for step in RETRAIN.every_step if step.name == name)
    while not _is_loaded(module):
        time.sleep(0.005)
    time.sleep(SECONDS[attempt])
    (KILLS / f"{task}.{attempt}.json").write_text(json.dumps({"task": task, "attempt": attempt}))
    os.kill(os.getpid(), signal.SIGKILL)


def _is_loaded(module: str) -> bool:
    loaded = sys.modules.get(module)
    return loaded is not None and not getattr(loaded.__spec__, "_initializing", False)


class KillerPlugin(AirflowPlugin):
    """Registers the listener."""

    name = "killer"
    listeners: ClassVar = [Killer()]
