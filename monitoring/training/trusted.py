"""Fitted estimators on disk without pickle, made only of types that are listed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from monitoring.training import TrainingError

TRUSTED = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "monitoring.training.calibration.BetaCalibration",
    "monitoring.training.calibration.CalibratedClassifier",
    "numpy.dtype",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.tree._tree.Tree",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
"""Types a model file may hold beside those that skops itself knows to be safe."""


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
        The file holds a type that is not trusted; nothing of it was executed.
    """
    from skops.io import load as skops_load

    _check(path)
    return skops_load(path, trusted=list(TRUSTED))


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
