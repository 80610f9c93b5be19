"""A replay: each row once, and one that was killed is finished by the same command."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.settings import settings
from monitoring.sources.source import read_source, resolve
from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.steps.places import model_registry
from monitoring.steps.replay import last_replay, replay
from monitoring.steps.run import StepError
from monitoring.use_case import UseCase
from tests.fixtures.tiny import write_tiny
from tests.training.conftest import job

UNTIL = datetime(2026, 2, 1, tzinfo=UTC)
LATER = UNTIL + timedelta(hours=1)
TABLES = ("production_rows", "scores", "labels", "quarantined_rows")

_KILLED = """
import os, signal, sys
from datetime import datetime
from monitoring.steps import replay as replaying
from monitoring.store.production_store import ProductionStore
from monitoring.settings import settings
from monitoring.use_case_file import find_use_case
until, phase = sys.argv[1:]
of = replaying if phase == "atomic_write" else ProductionStore
do = getattr(of, phase)
def then_die(*arguments, **options):
    do(*arguments, **options)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(of, phase, then_die)
case = find_use_case("tiny", settings().use_cases)
replaying.replay(case, until=datetime.fromisoformat(until))
"""


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> tuple[UseCase, Path]:
    """A use case whose champion is trained, and the folder of both."""
    folder = tmp_path_factory.mktemp("replay")
    case = write_tiny("tiny", folder, rows=3000)
    (folder / "state").mkdir()
    (folder / "state" / "mlflow.db").write_bytes(mlflow_tables.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOCSIN_STATE", str(folder / "state"))
        settings.cache_clear()
        known = resolve(case, folder / "data")
        trained = job(known, read_source(known, folder / "data").rows).trained
        registry = model_registry()
        version = registry.register(case, registry.log(case, trained, "retrain_1", UNTIL))
        registry.promote(case, version)
    settings.cache_clear()
    return case, folder


@pytest.fixture
def case(
    champion: tuple[UseCase, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[UseCase]:
    """The use case, and a production store in which nothing is yet."""
    case, folder = champion
    for name in ("state", "data", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(folder / name))
    use_store(tmp_path, monkeypatch)
    for record in (folder / "state" / "replays").glob("*"):
        record.unlink()
    yield case
    settings.cache_clear()


def use_store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let everything from here on use a new store in `folder`; return its file."""
    folder.mkdir(exist_ok=True)
    file = folder / "production.db"
    monkeypatch.setenv("TOCSIN_DATABASE_URL", f"sqlite:///{file}")
    settings.cache_clear()
    return file


def contents(store: Path) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of a store's tables."""
    with sqlite3.connect(store) as database:
        return {
            table: sorted(database.execute(f"select * from {table}"), key=repr)  # noqa: S608
            for table in TABLES
        }


@pytest.mark.parametrize(
    "phase", ["atomic_write", "add_rows", "add_scores", "add_labels", "add_quarantined"]
)
def test_killed_at_any_phase_the_same_command_finishes_it(
    case: UseCase, tmp_path: Path, phase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    calm = use_store(tmp_path / "calm", monkeypatch)
    expected = replay(case, until=UNTIL)
    (settings().state / "replays" / f"{case.name}.json").unlink()
    killed = use_store(tmp_path / "killed", monkeypatch)
    child = subprocess.run(
        [sys.executable, "-c", _KILLED, UNTIL.isoformat(), phase], check=False, cwd=tmp_path
    )
    assert child.returncode == -9
    assert last_replay(case) is None
    # Before its rows arrived nothing had begun: then it may as well end at another moment.
    replayed = replay(case, until=UNTIL if phase == "atomic_write" else LATER)
    assert replayed == expected == last_replay(case)
    assert contents(killed) == contents(calm)


def test_rows_are_replayed_once(case: UseCase) -> None:
    replay(case, until=UNTIL)
    with pytest.raises(StepError, match="were replayed before, from 2026-01-30"):
        replay(case, until=LATER)


def test_an_unfinished_replay_is_not_finished_as_another_one(case: UseCase, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", _KILLED, UNTIL.isoformat(), "add_rows"], check=False, cwd=tmp_path
    )
    with pytest.raises(StepError, match="run `tocsin replay tiny` to finish it"):
        replay(case, until=UNTIL, scenario=Scenario.COVARIATE)
