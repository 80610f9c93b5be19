"""Figures of cross-validation, as scikit-learn's `cross_validate` gives them on the same folds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

    from monitoring.use_case_columns import Classes

Decided = NDArray[np.integer]
"""Places of classes, (n,)."""


def own_decision(pipeline: Pipeline, features: pd.DataFrame) -> Decided:
    """Return the class that a fitted candidate decides for by itself, whatever the threshold.

    A classifier that was calibrated decides as it does without.
    """
    from sklearn.calibration import CalibratedClassifierCV

    last = pipeline[-1]
    if isinstance(last, CalibratedClassifierCV):
        (calibrated,) = last.calibrated_classifiers_
        return np.asarray(calibrated.estimator.predict(pipeline[:-1].transform(features)))
    return np.asarray(pipeline.predict(features))


def cv_figures(
    names: Collection[str],
    folds: Sequence[tuple[Decided, Decided]],
    classes: Classes | None,
) -> dict[str, float]:
    """Return the mean over folds of each figure that is named.

    Parameters
    ----------
    folds
        Of each: the true classes of the rows that it scored, and the decided ones.
    classes
        Those of the target, where it has more than two: precision, recall and F1 that are not
        weighted are of the watched ones against the rest.
    """
    from sklearn.metrics import accuracy_score, f1_score, precision_score, recall_score

    def of_positives(score: Callable[..., float]) -> Callable[[Decided, Decided], float]:
        return lambda *sides: score(*(_positive(side, classes) for side in sides), zero_division=0)

    def weighted(score: Callable[..., float]) -> Callable[[Decided, Decided], float]:
        return lambda *sides: score(*sides, average="weighted", zero_division=0)

    figures: dict[str, Callable[..., Any]] = {
        "cv_accuracy": accuracy_score,
        "cv_precision": of_positives(precision_score),
        "cv_recall": of_positives(recall_score),
        "cv_f1": of_positives(f1_score),
        "cv_precision_weighted": weighted(precision_score),
        "cv_recall_weighted": weighted(recall_score),
        "cv_f1_weighted": weighted(f1_score),
    }
    return {
        name: float(np.mean([figures[name](truth, decided) for truth, decided in folds]))
        for name in names
    }


def _positive(places: Decided, classes: Classes | None) -> NDArray[np.bool_]:
    watched = [1] if classes is None else np.flatnonzero(classes.is_watched)
    return np.isin(places, watched)
