"""A model's bundle: a folder of files, without pickle."""

from __future__ import annotations

import io
from datetime import datetime
from importlib.metadata import version as installed
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from monitoring.atomic_write import atomic_folder
from monitoring.bounded_file import FileRefusedError, read_bounded
from monitoring.performance.class_scorecard import ClassScorecard
from monitoring.performance.scorecard import Scorecard
from monitoring.reports.facts import SCORE
from monitoring.summary.files import load_reference, write
from monitoring.summary.reference import with_version
from monitoring.training import TrainingError, trusted
from monitoring.training.calibration import CalibratedClasses, CalibratedClassifier
from monitoring.training.model import Adopted, HeldOut, Model
from monitoring.training.moved_libraries import PROBE_ROWS, check_scores, moved
from monitoring.use_case_columns import Features

if TYPE_CHECKING:
    import pandas as pd

FORMAT = 5
"""Version of the folder's layout: an unknown one is an error, never a guess."""

_READ = (1, 2, 3, 4, FORMAT)
"""Layouts that are read: 1 was a model of two values, 2 one of classes; both were without the
scores behind their test figures. Up to 3 the reference had a name by which MLflow, whose files lie
on S3, may unpack it on the way. From 5 on a model may have been adopted: there is no estimator."""

_WITH_SCORES, _PACKED_BY_NAME, _TRAINED = 3, 3, 4
"""The layout of a model that Tocsin trained is 4 as before, so that an earlier Tocsin reads it."""

MANIFEST = "manifest.json"
_MODEL = "model.skops"
_REFERENCE, _SAMPLE = "reference.tocsin", "reference_sample.parquet"
_REFERENCE_BEFORE = "reference.json.gz"
_HELD_OUT, _PROBE = "held_out.parquet", "probe.parquet"
LARGEST_FACTS, _LARGEST_SAMPLE = 16 * 2**20, 256 * 2**20
"""Bytes of a JSON file of facts, and of the sample."""

LIBRARIES = ("tocsin", "scikit-learn", "skops", "lightgbm", "xgboost-cpu")
"""Distributions that a model is made of."""


class Manifest(BaseModel):
    """The facts of a model that its other files don't hold."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")

    format: int
    candidate: str
    parameters: dict[str, Any]
    threshold: float
    features: Features
    data_hash: str
    test: Scorecard
    trained_as_of: datetime
    test_classes: ClassScorecard | None = None
    held_back: float = 0.0
    libraries: dict[str, str]
    adopted: Adopted | None = None


def save_model(model: Model, folder: Path) -> None:
    """Write a model as `folder`, whole or not at all; its version is the registry's to know.

    Raises
    ------
    TrainingError
        The model holds a type that is not trusted.
    """
    manifest = Manifest(
        format=_TRAINED if model.adopted is None else FORMAT,
        candidate=model.candidate,
        parameters=dict(model.parameters),
        threshold=model.threshold,
        features=model.features,
        data_hash=model.data_hash,
        test=model.test,
        trained_as_of=model.trained_as_of,
        test_classes=model.test_classes,
        held_back=model.held_back,
        libraries={name: installed(name) for name in LIBRARIES if model.adopted is None},
        adopted=model.adopted,
    )
    left_out = {"adopted"} if model.adopted is None else None
    with atomic_folder(folder) as part:
        if model.adopted is None:
            trusted.dump(model.fitted, part / _MODEL)
            _probe(model).to_parquet(part / _PROBE, index=False)
        write(model.reference, part / _REFERENCE)
        model.reference_sample.to_parquet(part / _SAMPLE, index=False)
        if model.held_out is not None:
            _frame(model.held_out).to_parquet(part / _HELD_OUT, index=False)
        text = manifest.model_dump_json(indent=2, exclude=left_out)
        (part / MANIFEST).write_text(text, encoding="utf-8")


def load_model(folder: Path, *, version: str | None = None) -> Model:
    """Read what `save_model` wrote, as the model of a registered version.

    Raises
    ------
    TrainingError
        The folder is not a bundle, is damaged, of an unknown layout, or holds types that are not
        trusted; or the libraries here score its own rows otherwise than those that trained it.
    FormatError
        Its reference is damaged.
    """
    manifest = load_manifest(folder)
    pipeline = None if manifest.adopted is not None else _pipeline(folder / _MODEL)
    named = f"{folder}" if version is None else f"version {version} of the model"
    kept = manifest.format >= _WITH_SCORES and manifest.adopted is None
    libraries = moved(manifest.libraries)
    if libraries and pipeline is not None:
        probe = _table(folder / _PROBE, "a model's own rows") if kept else None
        check_scores(pipeline, probe, manifest.libraries, named)
    before = manifest.format <= _PACKED_BY_NAME
    reference = load_reference(folder / (_REFERENCE_BEFORE if before else _REFERENCE))
    return Model(
        pipeline=pipeline,
        candidate=manifest.candidate,
        parameters=manifest.parameters,
        threshold=manifest.threshold,
        features=manifest.features,
        reference=reference if version is None else with_version(reference, version),
        reference_sample=_table(folder / _SAMPLE, "the sample of a model's reference"),
        data_hash=manifest.data_hash,
        version=version,
        test=manifest.test,
        trained_as_of=manifest.trained_as_of,
        test_classes=manifest.test_classes,
        held_back=manifest.held_back,
        held_out=_held_out(folder / _HELD_OUT) if kept else None,
        moved_libraries=libraries,
        adopted=manifest.adopted,
    )


def _pipeline(path: Path) -> CalibratedClassifier | CalibratedClasses:
    try:
        pipeline = trusted.load(path)
    except FileRefusedError as error:
        raise TrainingError(str(error)) from error
    if not isinstance(pipeline, CalibratedClassifier | CalibratedClasses):
        msg = f"{path} holds a {type(pipeline).__name__}, not a pipeline that Tocsin trained"
        raise TrainingError(msg)
    return pipeline


def _frame(held_out: HeldOut) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(
        {"row_id": held_out.row_id, "score": held_out.score, "alarm": held_out.alarm}
    )


def _probe(model: Model) -> pd.DataFrame:
    rows = model.reference_sample[list(model.features.names)].head(PROBE_ROWS)
    return rows.assign(**{SCORE: model.score(rows)})


def _held_out(path: Path) -> HeldOut:
    what = "the scores of rows that a model had not learned from yet"
    table = _table(path, what)
    if table.columns.tolist() != ["row_id", "score", "alarm"]:
        msg = f"{path} can't be read as {what}: its columns are {', '.join(map(str, table))}"
        raise TrainingError(msg)
    return HeldOut(
        table["row_id"].to_numpy(np.str_),
        table["score"].to_numpy(np.float64),
        table["alarm"].to_numpy(np.bool_),
    )


def _table(path: Path, what: str) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        return pd.read_parquet(io.BytesIO(read_bounded(path, _LARGEST_SAMPLE)))
    except (OSError, pa.ArrowException, FileRefusedError) as error:
        msg = f"{path} can't be read as {what}: {error}"
        raise TrainingError(msg) from error


def load_manifest(folder: Path) -> Manifest:
    """Read the manifest of what `save_model` wrote.

    Raises
    ------
    TrainingError
        The folder is not a bundle, or is of an unknown layout.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest.model_validate_json(read_bounded(path, LARGEST_FACTS))
    except (OSError, FileRefusedError, ValidationError) as error:
        msg = f"{folder} is not a model's bundle: its {MANIFEST}: {error}"
        raise TrainingError(msg) from error
    if manifest.format not in _READ:
        msg = (
            f"{path}: the bundle's layout is {manifest.format}, and this Tocsin reads "
            f"{', '.join(map(str, _READ))}: "
            "install the Tocsin that wrote it, or train the model again"
        )
        raise TrainingError(msg)
    return manifest
