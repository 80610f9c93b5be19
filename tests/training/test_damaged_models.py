"""A model that is not the one that was registered is never loaded, and says why."""

import io
import json
import logging
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from monitoring.errors import TocsinError
from monitoring.training import TrainingError
from monitoring.training.bundle import load_manifest, load_model
from monitoring.training.checksums import TAG
from monitoring.training.registry import Registry
from monitoring.training.search import SearchResult
from monitoring.training.trained import Trained
from monitoring.training.trusted import dump
from tests.training.conftest import Job
from tests.training.test_registry import AS_OF

FILES = ("manifest.json", "model.skops", "reference.tocsin", "reference_sample.parquet")


@pytest.fixture(scope="module")
def kept(
    cards: Job, mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory
) -> SimpleNamespace:
    """A registered version, and a copy of its files to put back."""
    folder = tmp_path_factory.mktemp("registered")
    shutil.copy(mlflow_tables, folder / "mlflow.db")
    url = f"sqlite:///{folder / 'mlflow.db'}"
    registry = Registry(url, folder / "artifacts")
    version = registry.register(
        cards.case, registry.log(cards.case, cards.trained, "retrain_1", AS_OF)
    )
    (bundle,) = (folder / "artifacts").rglob("bundle")
    shutil.copytree(bundle, folder / "whole")
    return SimpleNamespace(
        case=cards.case,
        registry=registry,
        version=version,
        bundle=bundle,
        whole=folder / "whole",
        url=url,
    )


@pytest.fixture
def registered(kept: SimpleNamespace) -> SimpleNamespace:
    """The version with the files it was registered with."""
    shutil.rmtree(kept.bundle)
    shutil.copytree(kept.whole, kept.bundle)
    return kept


def foreign(path: Path) -> None:
    """Put another file in the place of one, of the same kind and valid."""
    if path.name == "model.skops":
        from sklearn.linear_model import LogisticRegression

        dump(LogisticRegression().fit([[0.0], [1.0]], [0, 1]), path)
    elif path.suffix == ".parquet":
        pd.read_parquet(path).iloc[::-1].to_parquet(path, index=False)
    elif path.name == "manifest.json":
        path.write_text(
            json.dumps(json.loads(path.read_text()) | {"threshold": 0.999}), encoding="utf-8"
        )
    else:
        path.write_bytes(path.read_bytes() + b"\0")


def flipped(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (foreign, "{name} was changed"),
        (flipped, "{name} was changed"),
        (Path.unlink, "{name} is missing"),
        (lambda path: path.with_name("more.bin").touch(), "more.bin was added"),
    ],
    ids=["foreign", "flipped", "missing", "added"],
)
def test_files_other_than_those_registered_are_not_loaded(
    registered: SimpleNamespace,
    tmp_path: Path,
    name: str,
    change: Callable[[Path], None],
    said: str,
) -> None:
    change(registered.bundle / name)
    case, version = registered.case, registered.version
    said = f"fraud: version 1: {said.format(name=name)}"
    with pytest.raises(TrainingError, match=said):
        registered.registry.load(case, "1")
    with pytest.raises(TrainingError, match=said):
        registered.registry.back_up(case, version, tmp_path / "backup")
    assert not (tmp_path / "backup").exists()
    if name == "manifest.json" and not (registered.bundle / "more.bin").exists():
        with pytest.raises(TrainingError):
            registered.registry.manifest(case, version)


def test_a_version_of_before_checksums_is_loaded_and_that_is_said_once(
    registered: SimpleNamespace, caplog: pytest.LogCaptureFixture
) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=registered.url)
    client.delete_model_version_tag("fraud", "1", TAG)
    try:
        with caplog.at_level(logging.WARNING):
            for _ in range(2):
                assert registered.registry.load(registered.case, "1").version == "1"
        assert caplog.text.count("version 1 was registered before checksums") == 1
        client.set_model_version_tag("fraud", "1", TAG, "[]")
        with pytest.raises(TrainingError, match=r"its tag tocsin\.sha256 is damaged"):
            registered.registry.load(registered.case, "1")
    finally:
        client.set_model_version_tag("fraud", "1", TAG, registered.version.tags[TAG])


def zipped(**parts: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        for name, part in parts.items():
            file.writestr(name.replace("_json", ".json"), part)
    return content.getvalue()


DAMAGED = {
    "empty": b"",
    "text": b"hello",
    "a zip without a schema": zipped(other=b"x"),
    "an empty schema": zipped(schema_json=b""),
    "a schema that is a list": zipped(schema_json=b"[]"),
    "a schema of an unknown loader": zipped(
        schema_json=json.dumps(
            {"__class__": "str", "__module__": "builtins", "__loader__": "NopeNode", "protocol": 2}
        ).encode()
    ),
    "a schema without an end": zipped(schema_json=b'{"a":' * 100_000),
    "a schema of 300 MB": zipped(schema_json=b" " * (300 * 10**6)),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_model_file_is_an_error_that_names_it(
    registered: SimpleNamespace, content: bytes
) -> None:
    (registered.bundle / "model.skops").write_bytes(content)
    with pytest.raises(TrainingError, match=r"model\.skops"):
        load_model(registered.bundle)


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("left", [0, 1, 0.5, -1])
def test_a_truncated_file_of_a_bundle_is_an_error_that_names_it(
    registered: SimpleNamespace, name: str, left: float
) -> None:
    path = registered.bundle / name
    content = path.read_bytes()
    path.write_bytes(content[: int(left * len(content)) if 0 < left < 1 else int(left)])
    with pytest.raises(TocsinError, match=name if name != "manifest.json" else "bundle"):
        load_model(registered.bundle)


def test_wherever_a_bit_of_a_model_is_flipped_no_strange_error_comes(
    registered: SimpleNamespace,
) -> None:
    path = registered.bundle / "model.skops"
    whole = path.read_bytes()
    for place in range(0, len(whole), max(len(whole) // 40, 1)):
        content = bytearray(whole)
        content[place] ^= 8
        path.write_bytes(content)
        with suppress(TocsinError):
            load_model(registered.bundle)


@pytest.mark.parametrize("left", [0, 1, 0.5, -1])
def test_what_a_task_left_for_the_next_is_read_whole_or_named(
    cards: Job, tmp_path: Path, left: float
) -> None:
    cards.searched.save(tmp_path / "search.npz")
    cards.trained.save(tmp_path / "trained")
    for path, read in (
        (tmp_path / "search.npz", lambda: SearchResult.load(tmp_path / "search.npz")),
        (tmp_path / "trained" / "trained.json", lambda: Trained.load(tmp_path / "trained")),
        (tmp_path / "trained" / "tested.json.gz", lambda: Trained.load(tmp_path / "trained")),
    ):
        whole = path.read_bytes()
        path.write_bytes(whole[: int(left * len(whole)) if 0 < left < 1 else int(left)])
        with pytest.raises(TocsinError, match=path.name):
            read()
        path.write_bytes(whole)


def test_a_valid_model_of_another_kind_is_not_taken_for_a_pipeline(
    registered: SimpleNamespace,
) -> None:
    foreign(registered.bundle / "model.skops")
    with pytest.raises(TrainingError, match="holds a LogisticRegression, not a pipeline"):
        load_model(registered.bundle)


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 10**6, b"1" * 5000, b" " * (17 * 2**20)])
def test_a_damaged_manifest_is_an_error_that_names_its_bundle(
    registered: SimpleNamespace, content: bytes
) -> None:
    (registered.bundle / "manifest.json").write_bytes(content)
    with pytest.raises(TrainingError, match="is not a model's bundle"):
        load_manifest(registered.bundle)
