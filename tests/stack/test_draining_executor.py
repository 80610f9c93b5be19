"""A stop waits for the tasks that run, and ends those that take too long."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

STOP = """
import sys, time
from multiprocessing import Process, SimpleQueue
from monitoring.stack import draining_executor
draining_executor.DRAIN_SECONDS = float(sys.argv[1])
worker = Process(target=time.sleep, args=(float(sys.argv[2]),))
worker.start()
executor = draining_executor.DrainingExecutor(parallelism=1)
executor.activity_queue, executor.result_queue = SimpleQueue(), SimpleQueue()
executor.workers = {worker.pid: worker}
began = time.monotonic()
executor.end()
print(time.monotonic() - began)
"""


@pytest.mark.parametrize(
    ("drain", "task", "at_least", "at_most"), [(60, 2, 1, 50), (1, 3600, 0.9, 60)]
)
def test_a_task_is_waited_for_and_no_longer_than_it_is_given(
    tmp_path: Path, drain: float, task: float, at_least: float, at_most: float
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", STOP, str(drain), str(task)],
        env={"PATH": os.environ["PATH"], "AIRFLOW_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert at_least < float(done.stdout.splitlines()[-1]) < at_most
