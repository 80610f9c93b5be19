"""Models are logged, registered and switched: once each, however often it is tried."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from monitoring.training import TrainingError
from monitoring.training.bundle import load_model
from monitoring.training.registry import Registry
from monitoring.training.versions import Version, no_champion
from tests.training.conftest import Job

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'mlflow.db'}"


@pytest.fixture(scope="module")
def two_runs(cards: Job, mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which two retrains have logged a candidate: to log one takes seconds."""
    folder = tmp_path_factory.mktemp("two_runs")
    database = Path(shutil.copy(mlflow_tables, folder / "mlflow.db"))
    registry = Registry(f"sqlite:///{database}", folder / "artifacts")
    for number in (1, 2):
        registry.log(cards.case, cards.trained, f"retrain_{number}", AS_OF)
    return database


@pytest.fixture
def logged(two_runs: Path, tmp_path: Path) -> Registry:
    """A registry of its own that holds those runs."""
    shutil.copy(two_runs, tmp_path / "mlflow.db")
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")


def runs(url: str, job: Job, *, deleted: bool = False) -> list:  # type: ignore[type-arg]
    from mlflow import MlflowClient
    from mlflow.entities import ViewType

    client = MlflowClient(tracking_uri=url)
    experiment = client.get_experiment_by_name(job.case.name)
    view = ViewType.DELETED_ONLY if deleted else ViewType.ACTIVE_ONLY
    return list(client.search_runs([experiment.experiment_id], run_view_type=view))


def test_a_candidate_is_one_run_however_often_it_is_logged(
    cards: Job, registry: Registry, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = tmp_path / "here"
    here.mkdir()
    monkeypatch.chdir(here)
    first = registry.log(cards.case, cards.trained, "retrain_1", AS_OF)
    assert registry.log(cards.case, cards.trained, "retrain_1", AS_OF) == first
    (run,) = runs(url, cards)
    assert run.info.run_id == first
    assert run.info.status == "FINISHED"
    assert registry.log(cards.case, cards.trained, "retrain_2", AS_OF) != first
    assert not list(here.iterdir())


def test_a_run_says_what_the_model_is_and_did(cards: Job, registry: Registry, url: str) -> None:
    run_id = registry.log(cards.case, cards.trained, "retrain_1", AS_OF)
    (run,) = runs(url, cards)
    metrics, tags, card = run.data.metrics, run.data.tags, cards.trained.model.test
    assert metrics["test_fraud_recall"] == metrics["test_recall"] == card.recall.value
    assert metrics["test_fraud_precision"] == card.precision.value
    assert metrics["test_fraud_f1"] == card.f1.value
    assert metrics["fraud_detection_rate"] == card.recall.value
    assert metrics["frauds_detected_count"] == card.detected
    assert metrics["frauds_missed_count"] == card.missed
    assert metrics["false_alarms_count"] == card.false_alarms
    assert metrics["false_alarm_rate"] == card.false_alarm_rate.value
    assert metrics["test_macro_f1"] == card.macro_f1
    assert metrics["test_weighted_f1"] == card.weighted_f1
    assert card.money is not None
    assert metrics["test_cost"] == card.money.cost
    assert metrics["search_pr_auc"] == cards.searched.average_precision
    assert run.data.params["C"] == str(cards.searched.parameters["C"])
    assert run.data.params["max_iter"] == "500"
    assert tags["tocsin.data_hash"] == "d" * 64
    assert tags["tocsin.train_rows"] == str(len(cards.split.train))
    assert tags["tocsin.test_end"] == cards.trained.model.trained_as_of.isoformat()
    assert tags["tocsin.code_version"].startswith("0.")
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=url)
    assert {file.path for file in client.list_artifacts(run_id, "figures")} == {
        f"figures/{name}.png"
        for name in ("precision_recall", "roc", "calibration", "cost", "cost_sensitivity")
    }
    offs = json.loads(mlflow_text(url, run_id, "cost_sensitivity.json"))
    assert [(off["item"], off["factor"]) for off in offs] == [
        (item, factor) for item in ("missed", "false alarm", "review") for factor in (0.5, 2.0)
    ]
    assert all(off["regret"] >= 0 for off in offs)
    assert "bundle/reference.tocsin" in {f.path for f in client.list_artifacts(run_id, "bundle")}


def mlflow_text(url: str, run_id: str, path: str) -> str:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=url)
    return Path(client.download_artifacts(run_id, path)).read_text(encoding="utf-8")


def test_names_that_say_fraud_are_kept_to_the_fraud_use_case(
    survey: Job, registry: Registry, url: str
) -> None:
    registry.log(survey.case, survey.trained, "retrain_1", AS_OF)
    (run,) = runs(url, survey)
    assert not [name for name in run.data.metrics if "fraud" in name]
    assert "test_recall" in run.data.metrics


@pytest.mark.faults
def test_killed_while_it_logs_a_rerun_leaves_one_finished_run(
    cards: Job, registry: Registry, url: str, tmp_path: Path
) -> None:
    cards.trained.save(tmp_path / "trained")
    killed = subprocess.run(
        [sys.executable, "-c", _KILLED, str(tmp_path), url],
        cwd=Path(__file__).parents[2],
        check=False,
    )
    assert killed.returncode == -signal.SIGKILL
    (half,) = runs(url, cards)
    assert half.info.status == "RUNNING"

    run_id = registry.log(cards.case, cards.trained, "retrain_1", AS_OF)
    (run,) = runs(url, cards)
    assert run.info.run_id == run_id != half.info.run_id
    assert run.info.status == "FINISHED"
    assert [run.info.run_id for run in runs(url, cards, deleted=True)] == [half.info.run_id]


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from mlflow import MlflowClient
from monitoring.training.registry import Registry
from monitoring.training.trained import Trained
from tests.training.conftest import QUICK, with_candidates
from monitoring.use_case_file import find_use_case
folder, url = Path(sys.argv[1]), sys.argv[2]
MlflowClient.log_artifacts = lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL)
case = with_candidates(find_use_case("fraud"), QUICK)
registry = Registry(url, folder / "artifacts")
registry.log(case, Trained.load(folder / "trained"), "retrain_1", datetime(2026, 2, 1, tzinfo=UTC))
"""


def test_a_run_is_one_version_however_often_it_is_registered(cards: Job, logged: Registry) -> None:
    assert logged.champion(cards.case) is None
    run_id = logged.log(cards.case, cards.trained, "retrain_1", AS_OF)
    version = logged.register(cards.case, run_id)
    assert logged.register(cards.case, run_id) == version
    assert (version.number, version.run_id) == ("1", run_id)
    assert (version.candidate, version.promoted) == ("logistic_regression", None)
    assert logged.champion(cards.case) is None


def test_one_alias_move_switches_and_again_changes_nothing(cards: Job, logged: Registry) -> None:
    versions = two_versions(cards, logged)
    for version in versions:
        logged.promote(cards.case, version)
    serving, before = logged.champion(cards.case), logged.previous(cards.case)
    assert serving is not None
    assert before is not None
    assert (serving.number, before.number) == ("2", "1")
    assert serving.promoted is not None
    logged.promote(cards.case, versions[1])
    assert logged.champion(cards.case) == serving
    assert logged.previous(cards.case) == before
    logged.promote(cards.case, before)  # a rollback
    back, left = logged.champion(cards.case), logged.previous(cards.case)
    assert back is not None
    assert left is not None
    assert (back.number, left.number) == ("1", "2")


def two_versions(cards: Job, registry: Registry) -> tuple[Version, Version]:
    first, second = (
        registry.register(
            cards.case, registry.log(cards.case, cards.trained, f"retrain_{number}", AS_OF)
        )
        for number in (1, 2)
    )
    return first, second


def parts(cards: Job, registry: Registry) -> tuple[str | None, ...]:
    """Return the numbers of champion, challenger and the one before."""
    of = (registry.champion, registry.challenger, registry.previous)
    versions = [part(cards.case) for part in of]
    return tuple(None if version is None else version.number for version in versions)


def test_a_challenger_waits_in_the_shadow_until_it_serves(cards: Job, logged: Registry) -> None:
    first, second = two_versions(cards, logged)
    logged.challenge(cards.case, first)
    assert parts(cards, logged) == (None, "1", None)
    logged.promote(cards.case, first)
    assert parts(cards, logged) == ("1", None, None)
    logged.challenge(cards.case, second)
    assert parts(cards, logged) == ("1", "2", None)
    assert logged.load(cards.case, "challenger").version == "2"
    logged.promote(cards.case, second)
    assert parts(cards, logged) == ("2", None, "1")
    logged.challenge(cards.case, second)  # a task that is tried again
    assert parts(cards, logged) == ("2", None, "1")


@pytest.mark.faults
def test_killed_between_two_moves_one_model_serves_and_another_try_finishes(
    cards: Job, logged: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = two_versions(cards, logged)
    for writes in range(6):
        logged.promote(cards.case, first)
        with monkeypatch.context() as killing:
            kill_after(writes, killing)
            with pytest.raises(KeyboardInterrupt):
                take_over(cards, logged, second)
        serving, waiting, _ = parts(cards, logged)
        assert serving in ("1", "2")
        assert waiting != serving
        take_over(cards, logged, second)
        assert parts(cards, logged) == ("2", None, "1")


def test_what_the_gate_said_is_kept_with_the_version(
    cards: Job, logged: Registry, url: str
) -> None:
    from mlflow import MlflowClient

    first, second = two_versions(cards, logged)
    noted(cards, logged, first, "drift", AS_OF)
    noted(cards, logged, second, "new rows", AS_OF + timedelta(days=2))
    tags = MlflowClient(tracking_uri=url).get_model_version("fraud", "1").tags
    assert tags["tocsin.gate.outcome"] == "lost"
    assert tags["tocsin.asked_by"] == "drift"
    assert_last(cards, logged)


def test_who_has_no_champion_is_told_why_its_first_version_was_refused(
    cards: Job, logged: Registry
) -> None:
    assert no_champion(cards.case, None) == "no champion yet: run `tocsin retrain fraud`"
    first, _ = two_versions(cards, logged)
    logged.challenge(cards.case, first)
    assert no_champion(cards.case, logged.challenger(cards.case)).startswith("no champion yet: run")
    noted(cards, logged, first, "rows", AS_OF, "test recall 27% is below the floor of 60%")
    assert no_champion(cards.case, logged.challenger(cards.case)) == (
        "version 1 did not take over: test recall 27% is below the floor of 60% "
        "(`retrain.recall_floor`); `tocsin retrain fraud` tries again, with the rows that are "
        "labelled by then"
    )


def noted(
    cards: Job,
    registry: Registry,
    version: Version,
    asked_by: str,
    as_of: datetime,
    reason: str = "costs more",
) -> None:
    said = {"gate.outcome": "lost", "gate.reason": reason}
    registry.note(cards.case, version, said, asked_by=asked_by, as_of=as_of)


def assert_last(cards: Job, registry: Registry) -> None:
    """Of the retrain as of `AS_OF` that drift asked for, and of no other."""
    challenge = registry.last_challenge(
        cards.case, asked_by="drift", as_of=AS_OF + timedelta(days=9)
    )
    assert challenge is not None
    assert challenge.as_of == AS_OF
    assert challenge == registry.last_challenge(cards.case, asked_by="drift", as_of=AS_OF)
    before = AS_OF - timedelta(seconds=1)
    assert registry.last_challenge(cards.case, asked_by="drift", as_of=before) is None
    assert registry.last_challenge(cards.case, asked_by="forced", as_of=AS_OF) is None


def take_over(cards: Job, registry: Registry, version: Version) -> None:
    registry.challenge(cards.case, version)
    registry.promote(cards.case, version)


def kill_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let so many writes to the registry through, and end the process at the next."""
    from mlflow import MlflowClient

    done = []

    def killing(write: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            if len(done) == writes:
                raise KeyboardInterrupt
            done.append(write)
            return write(*given, **named)

        return call

    for name in (
        "set_registered_model_alias",
        "delete_registered_model_alias",
        "set_model_version_tag",
    ):
        monkeypatch.setattr(MlflowClient, name, killing(getattr(MlflowClient, name)))


def test_a_version_is_loaded_by_number_or_alias_and_backed_up_once(
    cards: Job, logged: Registry, tmp_path: Path
) -> None:
    run_id = logged.log(cards.case, cards.trained, "retrain_1", AS_OF)
    version = logged.register(cards.case, run_id)
    logged.promote(cards.case, version)
    features = cards.split.test.features
    for name in ("1", "champion"):
        model = logged.load(cards.case, name)
        assert model.version == model.reference.model_version == "1"
        assert np.array_equal(model.score(features), cards.trained.model.score(features))
    folder = logged.back_up(cards.case, version, tmp_path / "backups" / "1")
    written = (folder / "manifest.json").stat().st_mtime_ns
    assert logged.back_up(cards.case, version, folder) == folder
    assert (folder / "manifest.json").stat().st_mtime_ns == written
    copy = load_model(folder, version="1")
    assert np.array_equal(copy.score(features), cards.trained.model.score(features))


@pytest.mark.parametrize("name", ["9", "champion"])
def test_what_is_not_there_is_said(cards: Job, registry: Registry, name: str) -> None:
    with pytest.raises(TrainingError, match=f"fraud: no model version or alias '{name}'"):
        registry.load(cards.case, name)


def test_a_run_key_that_is_no_name_is_refused(cards: Job, registry: Registry) -> None:
    with pytest.raises(TrainingError, match="run key"):
        registry.log(cards.case, cards.trained, "it's", AS_OF)


def test_without_a_server_a_folder_is_wanted() -> None:
    with pytest.raises(TrainingError, match="folder for its artifacts"):
        Registry("sqlite:///mlflow.db")


def test_a_real_server_keeps_what_a_database_keeps(
    cards: Job, survey: Job, mlflow_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import mlflow

    monkeypatch.chdir(tmp_path)
    registry = Registry(mlflow_server, tmp_path / "not used")
    for job in (cards, survey):
        assert registry.champion(job.case) is None
        with pytest.raises(TrainingError, match="no model version or alias '9'"):
            registry.load(job.case, "9")
        run_id = registry.log(job.case, job.trained, "retrain_1", AS_OF)
        assert registry.log(job.case, job.trained, "retrain_1", AS_OF) == run_id
        version = registry.register(job.case, run_id)
        registry.challenge(job.case, version)
        assert registry.challenger(job.case) == version
        registry.promote(job.case, version)
        assert registry.challenger(job.case) is None
        noted(job, registry, version, "drift", AS_OF)
        assert_last(job, registry)
        assert registry.champion(job.case) == registry.register(job.case, run_id)
        features = job.split.test.features
        scores = job.trained.model.score(features)
        assert np.array_equal(registry.load(job.case, "champion").score(features), scores)
        # Past the server, from its S3, whatever is unpacked on that way.
        with monkeypatch.context() as past:
            past.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD", "true")
            assert np.array_equal(registry.load(job.case, "champion").score(features), scores)
        assert registry.back_up(job.case, version, tmp_path / job.case.name).is_dir()
        before = mlflow.get_tracking_uri()
        mlflow.set_tracking_uri(mlflow_server)
        try:
            loaded = mlflow.sklearn.load_model(f"models:/{job.case.name}@champion")
            served = mlflow.pyfunc.load_model(f"models:/{job.case.name}@champion")
        finally:
            mlflow.set_tracking_uri(before)
        assert np.array_equal(loaded.predict_proba(features)[:, 1], scores)
        assert np.array_equal(served.predict(features)[:, 1], scores)
        assert served.metadata.signature is not None
    assert {path.name for path in tmp_path.iterdir()} == {"fraud", "student_depression"}
