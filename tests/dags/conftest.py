"""DAG runs without a scheduler: an Airflow and a Tocsin of their own, in a folder of their own."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitoring.settings import settings
from monitoring.steps.replay import Wanted, replay
from monitoring.use_case import UseCase
from tests.fixtures.eventually import PATIENCE
from tests.fixtures.postgres import fresh_database, programs
from tests.fixtures.tiny import write_tiny

DAGS = Path(__file__).parents[2] / "airflow" / "dags"
AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"

Json = dict[str, Any]


@dataclass(frozen=True)
class Ran:
    """How a DAG run ended: its own state, and each task's."""

    state: str
    tasks: dict[str, str]
    folder: Path


class Airflow:
    """Finds DAGs, and runs them by `dag.test()`, in one child: what is heavy is imported once."""

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
        ended = self._asked("run", dag_id, conf, environment or {})
        return Ran(ended["state"], ended["tasks"], self.folder)

    def found(self, folder: Path) -> Json:
        """Return the DAGs that Airflow finds with a folder's use cases, and its import errors."""
        own = {"TOCSIN_STATE": str(folder / "state"), "TOCSIN_USE_CASES": str(folder / "use_cases")}
        return self._asked("found", "", {}, own)

    def _asked(self, what: str, dag_id: str, conf: Json, environment: dict[str, str]) -> Json:
        out = self.folder / "answer.json"
        out.unlink(missing_ok=True)
        assert self._child.stdin is not None
        question = json.dumps([what, dag_id, conf, environment, str(out)])
        self._child.stdin.write(question.encode() + b"\n")
        self._child.stdin.flush()
        while not out.exists():
            if self._child.poll() is not None:
                pytest.fail((self.folder / "airflow.log").read_text(errors="replace")[-4000:])
            time.sleep(0.1)
        answer: Json = json.loads(out.read_text())
        return answer

    def close(self) -> None:
        """End the child."""
        assert self._child.stdin is not None
        self._child.stdin.close()
        self._child.wait(timeout=PATIENCE)
        self._log.close()


_CHILD = """
import json, os, sys
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
from monitoring.settings import settings
def run(bag, dag_id, conf):
    assert not bag.import_errors, bag.import_errors
    run = bag.get_dag(dag_id).test(run_conf=conf)
    tasks = {ti.task_id: str(ti.state) for ti in run.get_task_instances()}
    return {"state": str(run.state), "tasks": tasks}
def found(bag, dag_id, conf):
    return {
        "dags": {dag_id: described(dag) for dag_id, dag in bag.dags.items()},
        "errors": dict(sorted(bag.import_errors.items())),
    }
def described(dag):
    return {
        "schedule": dag.schedule and dag.schedule.expression,
        "owner": dag.owner,
        "owner_links": dag.owner_links,
        "params": sorted(dag.params),
        "tags": sorted(dag.tags),
        "description": dag.description,
        "max_active_runs": dag.max_active_runs,
        "paused_at_first": dag.is_paused_upon_creation,
        "rescheduled": [t.task_id for t in dag.tasks if getattr(t, "mode", "") == "reschedule"],
        "groups": sorted(group for group in dag.task_group.get_task_group_dict() if group),
        "tasks": {
            task.task_id: {
                "upstream": sorted(task.upstream_task_ids),
                "rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
                "type": task.task_type,
                "retries": task.retries,
                "minutes": task.execution_timeout.total_seconds() / 60,
            }
            for task in dag.tasks
        },
    }
of_all = dict(os.environ)
for line in sys.stdin:
    what, dag_id, conf, environment, out = json.loads(line)
    os.environ.clear()
    os.environ.update(of_all | environment)
    settings.cache_clear()
    bag = DagBag(sys.argv[1], bundle_path=Path(sys.argv[1]))
    answer = {"run": run, "found": found}[what](bag, dag_id, conf)
    with open(out + ".part", "w") as file:
        json.dump(answer, file)
    os.replace(out + ".part", out)
"""


@pytest.fixture(scope="package")
def tocsin_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with use cases, data, state and reports of its own."""
    folder = tmp_path_factory.mktemp("dags")
    (folder / "use_cases").mkdir()
    (folder / "data").mkdir()
    return folder


@pytest.fixture(scope="package")
def airflow(
    tocsin_folder: Path, pushgateway: str, request: pytest.FixtureRequest
) -> Iterator[Airflow]:
    """Return an Airflow whose database is migrated.

    It is on PostgreSQL where that is installed, as in docker-compose.yml; the local stack's tests
    have one on SQLite.
    """
    environment = environment_of(tocsin_folder, pushgateway)
    with ExitStack() as until_the_end:
        if programs():
            fresh = fresh_database(request.getfixturevalue("postgres_url"))
            environment[DATABASE] = until_the_end.enter_context(fresh)
        yield until_the_end.enter_context(migrated(environment, tocsin_folder))


def environment_of(folder: Path, pushgateway: str) -> dict[str, str]:
    """Return the environment of an Airflow and a Tocsin that keep everything in a folder."""
    home = folder / "airflow"
    return {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MLFLOW"))},
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DAGS),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        DATABASE: f"sqlite:///{home}/airflow.db",
        "TOCSIN_STATE": str(folder / "state"),
        "TOCSIN_DATA": str(folder / "data"),
        "TOCSIN_REPORTS": str(folder / "reports"),
        "TOCSIN_USE_CASES": str(folder / "use_cases"),
        "TOCSIN_HOLD_BACK": "0.2",
        "TOCSIN_PUSHGATEWAY_URL": pushgateway,
        "TOCSIN_RETRY_SECONDS": "0",
        "DO_NOT_TRACK": "1",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


@contextmanager
def migrated(environment: dict[str, str], folder: Path) -> Iterator[Airflow]:
    """Migrate an Airflow's database, and let its DAGs be run for as long as the block lasts."""
    Path(environment["AIRFLOW_HOME"]).mkdir()
    subprocess.run([Path(sys.executable).with_name("airflow"), "db", "migrate"],
                   env=environment, check=True, capture_output=True)  # fmt: skip
    runner = Airflow(environment, folder)
    yield runner
    runner.close()


@pytest.fixture(scope="package")
def here(airflow: Airflow) -> Iterator[None]:
    """Let this process look at what the DAG runs left, with the same settings."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in airflow.environment.items():
            if name.startswith("TOCSIN_"):
                patch.setenv(name, value)
        settings.cache_clear()
        yield
    settings.cache_clear()


@pytest.fixture(scope="package")
def first_champion(airflow: Airflow, tocsin_folder: Path) -> tuple[UseCase, Ran]:
    """Return the use case that most runs are of, and the first of them, which trained it."""
    case = write_tiny("tiny", tocsin_folder)
    return case, airflow.run(f"retrain_{case.name}", as_of=AS_OF.isoformat())


@pytest.fixture(scope="package")
def tiny(first_champion: tuple[UseCase, Ran]) -> UseCase:
    """Return the use case that most runs are of; it has a champion, and no traffic yet."""
    case, ran = first_champion
    assert ran.state == "success"
    return case


@pytest.fixture(scope="package")
def quiet(tiny: UseCase, here: None) -> datetime:
    """Return the end of two days of traffic without drift."""
    until = AS_OF + timedelta(days=10)
    replay(tiny, Wanted(until))
    return until
