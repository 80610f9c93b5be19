"""A person lets an earlier version serve again: all that belongs to it comes along."""

import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import requests
import yaml
from mlflow import MlflowClient
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.settings import settings
from monitoring.steps.places import champion_model, model_registry
from monitoring.steps.publish import publish_model
from monitoring.steps.rollback import roll_back
from monitoring.steps.run import StepError
from monitoring.training import TrainingError
from monitoring.training.registry import Registry
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED, load_use_case
from tests.fixtures.webhook import Webhook
from tests.training.conftest import Job

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
runner = CliRunner()


@pytest.fixture(scope="module")
def three(cards: Job) -> tuple[Trained, ...]:
    """The same model with three thresholds: the dearer a review, the higher."""
    name = cards.trained.model.candidate
    made = []
    for review in (2.0, 20.0, 200.0):
        costs = cards.case.costs.model_copy(update={"review": review})
        dear = cards.case.model_copy(update={"costs": costs})
        made.append(train(dear, name, cards.split, cards.searched, data_hash="", seed=0))
    assert made[0].model.threshold < made[1].model.threshold < made[2].model.threshold
    return tuple(made)


@pytest.fixture(scope="module")
def case(cards: Job, tmp_path_factory: pytest.TempPathFactory) -> UseCase:
    """Return a use case of its own name, of the quick candidates, that a folder declares."""
    content = yaml.safe_load((SHIPPED / "fraud.yml").read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("use_cases") / "returning.yml"
    path.write_text(yaml.safe_dump(content | {"name": "returning"}), encoding="utf-8")
    read = load_use_case(path)
    named = read.source.model_copy(update={"path": path})
    return read.model_copy(update={"candidates": cards.case.candidates, "source": named})


def register(three: tuple[Trained, ...], case: UseCase, registry: Registry) -> None:
    """Make versions 1, 2 and 3 of them."""
    for number, trained in enumerate(three):
        registry.register(case, registry.log(case, trained, f"r{number}", AS_OF))


@pytest.fixture(scope="module")
def three_versions(
    three: tuple[Trained, ...],
    case: UseCase,
    mlflow_tables: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    """Return a registry's database in which none of three versions serves yet."""
    folder = tmp_path_factory.mktemp("three_versions")
    database = Path(shutil.copy(mlflow_tables, folder / "mlflow.db"))
    register(three, case, Registry(f"sqlite:///{database}", folder / "artifacts"))
    return database


@pytest.fixture(autouse=True)
def _own_state(
    three_versions: Path, case: UseCase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    shutil.copy(three_versions, tmp_path / "mlflow.db")
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    monkeypatch.setenv("TOCSIN_USE_CASES", str(Path(case.source.path).parent))
    settings.cache_clear()
    yield
    settings.cache_clear()


def promoted(case: UseCase, *numbers: str) -> None:
    """Let versions take over, one after the other."""
    registry = model_registry()
    for number in numbers:
        registry.promote(case, registry.version(case, number))


def parts(case: UseCase) -> tuple[str | None, str | None]:
    """Return the numbers of the champion and of the one before."""
    registry = model_registry()
    versions = (registry.champion(case), registry.previous(case))
    champion, previous = (None if one is None else one.number for one in versions)
    return champion, previous


def test_on_real_servers_the_version_before_serves_again_and_that_is_announced(
    cards: Job,
    three: tuple[Trained, ...],
    case: UseCase,
    mlflow_server: str,
    pushgateway: str,
    webhook: Webhook,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCSIN_MLFLOW_URL", mlflow_server)
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    monkeypatch.setenv("TOCSIN_WEBHOOK_URL", webhook.url)
    settings.cache_clear()
    register(three[:2], case, model_registry())
    promoted(case, "1", "2")
    result = runner.invoke(app, ["rollback", case.name, "--json"])
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    threshold = three[0].model.threshold
    assert (said["version"], said["replaced"], said["threshold"]) == ("1", "2", threshold)

    assert parts(case) == ("1", "2")
    model = champion_model(case)
    assert model is not None
    assert (model.threshold, model.reference.model_version) == (threshold, "1")
    features = cards.split.test.features
    np.testing.assert_array_equal(model.score(features), cards.trained.model.score(features))
    pushed = requests.get(f"{pushgateway}/metrics", timeout=5).text
    since = [line for line in pushed.splitlines() if line.startswith("tocsin_promoted_timest")]
    [line] = [line for line in since if f'use_case="{case.name}"' in line]
    serving = model_registry().champion(case)
    assert serving is not None
    assert serving.promoted is not None
    assert 'version="1"' in line
    assert float(line.split()[-1]) == pytest.approx(serving.promoted.timestamp(), abs=1)
    notifications = [
        message
        for message in webhook.received
        if message["commonLabels"].get("use_case") == case.name
    ]
    assert notifications[-1]["title"] == "Card fraud: rolled back"
    assert "version 1" in notifications[-1]["message"]
    assert "version 2" in notifications[-1]["message"]


def test_the_board_says_which_libraries_are_others_than_those_that_trained_the_champion(
    three: tuple[Trained, ...], case: UseCase, pushgateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr("monitoring.training.bundle.installed", lambda _: "1.2.3")
        registry = model_registry()
        registry.register(case, registry.log(case, three[0], "elsewhere", AS_OF))
    said = []
    for number in ("1", "4"):
        promoted(case, number)
        publish_model(case)
        lines = requests.get(f"{pushgateway}/metrics", timeout=5).text.splitlines()
        own = [line for line in lines if f'use_case="{case.name}"' in line]
        [line] = [line for line in own if line.startswith("tocsin_model_info")]
        said.append(line.partition('libraries="')[2].partition('"')[0])
    assert said[0] == "as trained"
    assert said[1].startswith("trained with scikit-learn 1.2.3, scored with ")
    assert champion_model(case) is not None  # it scores its own rows as then, and serves


def test_a_named_version_serves_and_may_be_the_challenger(case: UseCase) -> None:
    promoted(case, "1", "2")
    registry = model_registry()
    registry.challenge(case, registry.version(case, "3"))
    assert roll_back(case, to="challenger").version == "3"
    assert registry.challenger(case) is None
    assert parts(case) == ("3", "2")
    words = roll_back(case, to="1").words
    assert words.startswith("version 1 (logistic_regression, threshold 0.")
    assert words.endswith("serves again instead of version 3")
    assert parts(case) == ("1", "3")


def test_a_switch_that_was_killed_is_finished_before_previous_is_believed(
    case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted(case, "1", "2")
    with monkeypatch.context() as killing:
        killing.setattr("monitoring.training.aliases.settle", _killed)
        with pytest.raises(KeyboardInterrupt):
            promoted(case, "3")
    assert parts(case) == ("3", "1")
    assert roll_back(case).version == "2"
    assert parts(case) == ("2", "3")


def _killed(*_: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize(
    ("serving", "to", "error", "says"),
    [
        (None, None, StepError, "nothing serves yet: run `tocsin retrain returning`"),
        ("1", None, StepError, "no version served before version 1: name one by"),
        ("1", "1", StepError, "version 1 serves already"),
        ("1", "9", TrainingError, "no model version or alias '9'"),
    ],
)
def test_where_there_is_no_way_back_nothing_changes_and_the_error_says_why(
    case: UseCase, serving: str | None, to: str | None, error: type[Exception], says: str
) -> None:
    if serving is not None:
        promoted(case, serving)
    with pytest.raises(error, match=says):
        roll_back(case, to=to)
    assert parts(case) == (serving, None)


def test_a_version_without_its_files_is_not_let_serve(case: UseCase) -> None:
    promoted(case, "1", "2")
    client = MlflowClient(tracking_uri=settings().tracking_url)
    experiment = client.get_experiment_by_name(case.name).experiment_id
    empty = client.create_run(experiment, tags={"tocsin.candidate": "none"})
    model_registry().register(case, empty.info.run_id)
    with pytest.raises(TrainingError, match="version 4 has no model files"):
        roll_back(case, to="4")
    assert parts(case) == ("2", "1")


def test_when_it_cannot_be_announced_the_switch_stands_and_is_not_to_be_repeated(
    case: UseCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    promoted(case, "1", "2")
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", "http://127.0.0.1:9")
    settings.cache_clear()
    with pytest.raises(StepError, match="Do not roll back again"):
        roll_back(case)
    assert parts(case) == ("1", "2")
