"""A champion in a state of its own, and traffic that it scored."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.rows.rows import Role, Rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources.auto import resolve
from monitoring.sources.source import read_source
from monitoring.steps.places import model_registry
from monitoring.steps.replay import moved
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model
from monitoring.training.registry import Registry
from monitoring.use_case import UseCase
from tests.fixtures.tiny import write_tiny
from tests.steps.replayed import UNTIL, Replayable, use_store
from tests.steps.watching import logs, written
from tests.training.conftest import Job, job

__all__ = ["logs", "written"]

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
"""When the steps look; all training rows lie before it."""

TWIN = "retrain_2"
"""The retrain that logged the model a second time."""


@pytest.fixture(scope="package")
def cards(fraud_case: UseCase, card_rows: Rows) -> Job:
    """A logistic regression trained on every fourth payment of ten days."""
    return job(fraud_case, card_rows.take(slice(None, None, 4)))


@dataclass(frozen=True)
class Served:
    """A registry in which one model serves: its database, its files, and a copy of these."""

    database: Path
    artifacts: Path
    copy: Path
    version: str

    def restore(self) -> None:
        """Put the files back where they were: the database names them by their paths."""
        shutil.rmtree(self.artifacts)
        shutil.copytree(self.copy, self.artifacts)


@pytest.fixture(scope="package")
def served(cards: Job, mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """Log, register and promote the model once for all tests; its twin is logged too."""
    folder = tmp_path_factory.mktemp("served")
    database = Path(shutil.copy(mlflow_tables, folder / "mlflow.db"))
    registry = Registry(f"sqlite:///{database}", folder / "artifacts")
    run_id = registry.log(cards.case, cards.trained, "retrain_1", AS_OF)
    version = registry.register(cards.case, run_id)
    registry.promote(cards.case, version)
    registry.log(cards.case, cards.trained, TWIN, AS_OF)
    copy = Path(shutil.copytree(folder / "artifacts", folder / "copy"))
    return Served(database, folder / "artifacts", copy, version.number)


@pytest.fixture
def model(
    cards: Job, served: Served, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Model]:
    """The champion, in a state of its own."""
    shutil.copy(served.database, tmp_path / "mlflow.db")
    served.restore()
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    settings.cache_clear()
    yield model_registry().load(cards.case, served.version)
    settings.cache_clear()


def send(
    store: ProductionStore,
    cards: Job,
    model: Model,
    window: Window,
    rows: Rows | None = None,
    role: Role = Role.CHAMPION,
    stored_as: Callable[[Rows], Rows] = lambda sent: sent,
) -> Rows:
    """Store test rows as traffic of `window`, scored by a model and labelled; return it.

    What is stored may be another thing than what was sent, and scored.
    """
    sent = moved(cards.split.test if rows is None else rows, window, timedelta(hours=2))
    scores = model.score(sent.features)
    stored = stored_as(sent)
    store.add_rows(cards.case, stored)
    store.add_scores(
        cards.case,
        sent.row_id,
        scores,
        alarmed=scores >= model.threshold,
        model_version=str(model.version),
        role=role,
        scored_at=sent.arrival_time,
    )
    store.add_labels(cards.case, sent.row_id, sent.label, sent.label_time)
    return stored


@pytest.fixture
def twin(cards: Job, model: Model) -> Model:
    """The challenger: the champion once more, as a version of its own."""
    registry = model_registry()
    run_id = registry.log(cards.case, cards.trained, TWIN, AS_OF)  # has been, once for all tests
    version = registry.register(cards.case, run_id)
    registry.challenge(cards.case, version)
    return registry.load(cards.case, version.number)


def lose(cards: Job, served: Served, model: Model) -> None:
    """Remove the files of a version, as a cleared bucket would."""
    registry = model_registry()
    run_id = registry.version(cards.case, str(model.version)).run_id
    files = list(served.artifacts.glob(f"**/{run_id}/**/manifest.json"))
    assert files
    for file in files:
        file.unlink()


@pytest.fixture(scope="package")
def replay_champion(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> Replayable:
    """A use case whose champion is trained on all but what a replay needs."""
    folder = tmp_path_factory.mktemp("replay")
    case = write_tiny("tiny", folder, rows=3000)
    (folder / "state").mkdir()
    (folder / "state" / "mlflow.db").write_bytes(mlflow_tables.read_bytes())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TOCSIN_STATE", str(folder / "state"))
        settings.cache_clear()
        known = resolve(case, folder / "data")
        rows = read_source(known, folder / "data").rows
        trained = job(known, rows, held_back=0.2).trained
        registry = model_registry()
        version = registry.register(case, registry.log(case, trained, "retrain_1", UNTIL))
        registry.promote(case, version)
    settings.cache_clear()
    return Replayable(case, folder)


@pytest.fixture
def replayable(
    replay_champion: Replayable, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Replayable]:
    """The use case, and a production store in which nothing is yet."""
    folder = replay_champion.folder
    for name in ("state", "data", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(folder / name))
    use_store(tmp_path, monkeypatch)
    for record in (folder / "state" / "replays").glob("*"):
        record.unlink()
    yield replay_champion
    settings.cache_clear()
