"""A use case with buckets of its own, on a real S3 server: what each holds after a retrain."""

import io
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from monitoring.settings import SettingsError, settings
from monitoring.signals import Pipeline
from monitoring.steps import begin, in_process
from monitoring.steps.order import RETRAIN
from monitoring.steps.places import model_registry
from monitoring.steps.retrain.raw_files import Loaded, load_csv_to_s3
from monitoring.steps.retrain.training_set import Merged
from monitoring.steps.run import Run
from monitoring.stored_files import RemotePath, files_in, read, write
from monitoring.training.bundle import load_model
from monitoring.use_case import UseCase
from tests.fixtures.tiny import write_tiny

NOW = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("buckets")


@pytest.fixture(scope="module")
def case(folder: Path) -> UseCase:
    reloads = "serve: {reload: true}"
    return write_tiny("tiny", folder, rows=2500, source="buckets: tiny", quick=True, more=reloads)


@pytest.fixture
def prefix(
    case: UseCase, folder: Path, s3_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """What the buckets' names begin with, set for the run."""
    prefix = f"s3://t{time.monotonic_ns()}-"
    for name in ("state", "data", "use_cases", "reports"):
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", str(folder / name))
    monkeypatch.setenv("TOCSIN_BUCKET_PREFIX", prefix)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", s3_url)
    settings.cache_clear()
    yield prefix
    settings.cache_clear()


def by_hand() -> Run:
    return begin.by_hand(Pipeline.RETRAIN, "tiny", as_of=NOW, force=True)


def test_a_retrain_fills_the_four_buckets_and_learns_from_the_raw_one(
    case: UseCase, prefix: str, folder: Path, tmp_path: Path
) -> None:
    run = by_hand()
    assert "TOCSIN_SERVE_URL is not set" in in_process.retrain(run).text
    raw = RemotePath(f"{prefix}tiny-raw") / "tiny.csv"
    content = (folder / "data" / "tiny.csv").read_bytes()
    assert run.need("loaded", Loaded).uploaded == ("tiny.csv",)
    assert read(raw) == content
    stored = {
        part: files_in(RemotePath(f"{prefix}tiny-{part}"), "*")
        for part in ("preprocessed", "train")
    }
    assert {part: [file.name for file in files] for part, files in stored.items()} == {
        part: ["tiny_20260301T000000Z.parquet"] for part in stored
    }
    tables = {part: pd.read_parquet(io.BytesIO(read(files[0]))) for part, files in stored.items()}
    assert len(tables["preprocessed"]) == run.need("merged", Merged).rows
    assert 0.5 < len(tables["train"]) / len(tables["preprocessed"]) < 0.7
    version = model_registry().champion(case)
    assert version is not None
    for file in files_in(RemotePath(f"{prefix}tiny-models") / version.number, "*"):
        (tmp_path / file.name).write_bytes(read(file))
    assert load_model(tmp_path).candidate == "logistic_regression"

    again = load_csv_to_s3(by_hand())
    assert (again.uploaded, again.unchanged) == ((), 1)
    write(raw, content[:-1] + b" ")  # of the same size
    assert load_csv_to_s3(by_hand()).uploaded == ("tiny.csv",)
    run = by_hand()
    load_csv_to_s3(run)
    (folder / "data" / "tiny.csv").unlink()
    merge = RETRAIN.step("merge_production_data")
    assert RETRAIN.call(merge, run).rows == len(tables["preprocessed"])
    (folder / "data" / "tiny.csv").write_bytes(content)


def test_without_a_prefix_nothing_is_uploaded_and_the_step_says_so(
    prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TOCSIN_BUCKET_PREFIX")
    settings.cache_clear()
    loaded = load_csv_to_s3(by_hand())
    assert (loaded.uploaded, loaded.source) == ((), None)
    assert "TOCSIN_BUCKET_PREFIX is not set" in loaded.words


def test_a_use_case_has_the_steps_that_it_declares_and_no_other_s(
    case: UseCase, fraud_case: UseCase
) -> None:
    with_buckets, without = RETRAIN.of(case), RETRAIN.of(fraud_case)
    names = [[step.name for step in order.steps] for order in (with_buckets, without)]
    reloads = {"reload_logistic_regression", "reload_best"}
    assert set(names[0]) - set(names[1]) == {"load_csv_to_s3", "save_to_s3"} | reloads
    assert names[0][0] == "load_csv_to_s3"
    assert with_buckets.step("detect_drift").after == ("load_csv_to_s3",)
    assert without.step("detect_drift").after == ()


def test_a_prefix_that_is_no_part_of_a_bucket_s_name_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOCSIN_BUCKET_PREFIX", "Buckets_")
    settings.cache_clear()
    with pytest.raises(SettingsError, match="TOCSIN_BUCKET_PREFIX: "):
        settings()
    settings.cache_clear()
