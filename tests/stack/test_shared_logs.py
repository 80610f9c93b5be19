"""The log of a task that runs is read from the folder that Airflow's components share, alone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

READ = """
from types import SimpleNamespace
from airflow.utils.log.log_reader import TaskLogReader
from airflow.utils.state import TaskInstanceState
handler = TaskLogReader().log_handler
print(type(handler).__name__)
handler._render_filename = lambda ti, number: "attempt=1.log"
handler._get_executor_get_task_log = lambda ti: lambda ti, number: None
running = TaskInstanceState.RUNNING
ti = SimpleNamespace(state=running, hostname="nobody.invalid", try_number=1, task=None)
stream, _ = handler._read(ti, 1)
for line in stream:
    print(line.event)
"""


@pytest.mark.parametrize("shared", [True, False])
def test_no_log_server_is_asked(tmp_path: Path, *, shared: bool) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "attempt=1.log").write_text('{"event": "what the task says"}\n')
    environment = {
        "PATH": os.environ["PATH"],
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(tmp_path / "logs"),
    }
    if shared:
        name = "monitoring.stack.shared_logs.LOGGING_CONFIG"
        environment["AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS"] = name
    done = subprocess.run(
        [sys.executable, "-c", READ],
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "what the task says" in done.stdout, done.stderr[-2000:]
    assert ("Could not read served logs" in done.stdout) is not shared
