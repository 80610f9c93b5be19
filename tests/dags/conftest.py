"""DAG runs without a scheduler: an Airflow and a Tocsin of their own, in a folder of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.settings import settings
from monitoring.use_case import UseCase
from tests.fixtures.eventually import PATIENCE
from tests.fixtures.tiny import write_tiny

DAGS = Path(__file__).parents[2] / "airflow" / "dags"
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Ran:
    """How a DAG run ended: its own state, and each task's."""

    state: str
    tasks: dict[str, str]
    folder: Path


class Airflow:
    """Runs DAGs by `dag.test()` in one child process: what is heavy is imported once."""

    def __init__(self, environment: dict[str, str], folder: Path) -> None:
        self.environment = environment
        self.folder = folder
        self._log = (folder / "airflow.log").open("ab")
        self._child = subprocess.Popen(
            [sys.executable, "-c", _CHILD, str(DAGS)],
            env=environment,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=self._log,
        )

    def run(self, dag_id: str, *, environment: dict[str, str] | None = None, **conf: object) -> Ran:
        """Run a DAG once and return how it ended.

        Parameters
        ----------
        environment
            Variables of this run alone, beside those of all.
        """
        out = self.folder / "ran.json"
        out.unlink(missing_ok=True)
        assert self._child.stdin is not None
        self._child.stdin.write(
            json.dumps([dag_id, environment or {}, conf, str(out)]).encode() + b"\n"
        )
        self._child.stdin.flush()
        while not out.exists():
            if self._child.poll() is not None:
                pytest.fail((self.folder / "airflow.log").read_text(errors="replace")[-4000:])
            time.sleep(0.1)
        ended = json.loads(out.read_text())
        return Ran(ended["state"], ended["tasks"], self.folder)

    def close(self) -> None:
        """End the child."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(timeout=PATIENCE)
        self._log.close()


_CHILD = """
import json, os, sys
from airflow.dag_processing.dagbag import DagBag
from monitoring.settings import settings
of_all = dict(os.environ)
for line in sys.stdin:
    dag_id, environment, conf, out = json.loads(line)
    os.environ.clear()
    os.environ.update(of_all | environment)
    settings.cache_clear()
    bag = DagBag(sys.argv[1])
    assert not bag.import_errors, bag.import_errors
    run = bag.get_dag(dag_id).test(run_conf=conf)
    tasks = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    with open(out + ".part", "w") as file:
        json.dump({"state": str(run.state), "tasks": tasks}, file)
    os.replace(out + ".part", out)
"""


@pytest.fixture(scope="session")
def tocsin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with use cases, data, state and reports of its own."""
    folder = tmp_path_factory.mktemp("dags")
    (folder / "use_cases").mkdir()
    (folder / "data").mkdir()
    return folder


@pytest.fixture(scope="session")
def airflow(tocsin_folder: Path, pushgateway: str) -> Iterator[Airflow]:
    """Return an Airflow whose database is migrated."""
    home = tocsin_folder / "airflow"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MLFLOW"))},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "TOCSIN_STATE": str(tocsin_folder / "state"),
        "TOCSIN_DATA": str(tocsin_folder / "data"),
        "TOCSIN_REPORTS": str(tocsin_folder / "reports"),
        "TOCSIN_USE_CASES": str(tocsin_folder / "use_cases"),
        "TOCSIN_PUSHGATEWAY_URL": pushgateway,
        "TOCSIN_RETRY_SECONDS": "0",
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }
    home.mkdir()
    subprocess.run([Path(sys.executable).with_name("airflow"), "db", "migrate"],
                   env=environment, check=True, capture_output=True)  # fmt: skip
    runner = Airflow(environment, tocsin_folder)
    yield runner
    runner.close()


@pytest.fixture(scope="session")
def tiny(tocsin_folder: Path) -> UseCase:
    """Return the use case that the DAG runs are of."""
    return write_tiny("tiny", tocsin_folder)


@pytest.fixture
def here(airflow: Airflow, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process look at what the DAG runs left, with the same settings."""
    for name, value in airflow.environment.items():
        if name.startswith("TOCSIN_"):
            monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()
