"""Fitted estimators on disk without pickle, made only of types that are listed here."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

from monitoring.bounded_file import open_regular
from monitoring.errors import TocsinError
from monitoring.training import TrainingError

TRUSTED = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "monitoring.training.calibration.BetaCalibration",
    "monitoring.training.calibration.CalibratedClasses",
    "monitoring.training.calibration.CalibratedClassifier",
    "monitoring.training.feature_steps.IsolationForest",
    "monitoring.training.feature_steps.WordWeights",
    "monitoring.training.focal.FocalXGBClassifier",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.calibration._TemperatureScaling",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
"""Types a model file may hold beside those that skops itself knows to be safe."""

SCHEMA, ARRAYS = 64 * 2**20, 4 * 2**30
"""Bytes that a model file may unpack to: what it is made of, and the numbers in it."""


def dump(estimator: Any, path: Path) -> None:
    """Write a fitted estimator to `path`.

    Raises
    ------
    TrainingError
        It holds a type that is not trusted.
    """
    from skops.io import dump as skops_dump

    skops_dump(estimator, path)
    try:
        _check(path)
    except TrainingError:
        path.unlink()
        raise


def load(path: Path) -> Any:
    """Read what `dump` wrote.

    Raises
    ------
    TrainingError
        The file is damaged, unpacks to more than `SCHEMA` and `ARRAYS`, or holds a type that is not
        trusted; nothing of it was executed.
    """
    from skops.io import load as skops_load

    try:
        _check_size(path)
        _check(path)
        return skops_load(path, trusted=list(TRUSTED))
    except TocsinError:
        raise
    except Exception as error:  # what estimators raise that are given damaged parts has no end
        msg = (
            f"{path.name} is damaged: {type(error).__name__}: {str(error)[:300]}; put it back from "
            "a backup, or train the model again"
        )
        raise TrainingError(msg) from error


def _check_size(path: Path) -> None:
    with open_regular(path) as file, zipfile.ZipFile(file) as parts:
        sizes = {part.filename: part.file_size for part in parts.infolist()}
    schema = sizes.pop("schema.json", 0)
    if schema > SCHEMA or sum(sizes.values()) > ARRAYS:
        msg = (
            f"{path.name} unpacks to {schema:,} bytes of schema and {sum(sizes.values()):,} of "
            f"arrays: at most {SCHEMA:,} and {ARRAYS:,} are read"
        )
        raise TrainingError(msg)


def _check(path: Path) -> None:
    from skops.io import get_untrusted_types

    strange = sorted(set(get_untrusted_types(file=path)) - set(TRUSTED))
    if strange:
        msg = (
            f"{path.name}: not trusted: {', '.join(strange)}; models are saved without pickle, and "
            "only of the types in monitoring/training/trusted.py: choose another candidate, or add "
            "the type there after reviewing its code"
        )
        raise TrainingError(msg)
