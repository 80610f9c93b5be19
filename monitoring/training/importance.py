"""Permutation importance of each feature, comparable across kinds of model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.rows import POSITIVE, Rows

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from monitoring.use_case_columns import Classes, Features

ROWS, FEW_ROWS = 4000, 1000
"""Rows that are scored again for every feature; up to half of them positives, the rare class. Few
by a candidate with `max_rows`: such ones (SVC) are as slow in scoring as in learning."""


def permutation_weights(
    pipeline: Pipeline,
    rows: Rows,
    features: Features,
    *,
    seed: int,
    most: int = ROWS,
    classes: Classes | None = None,
) -> dict[str, float]:
    """Return how much average precision falls when a feature's values are shuffled, 0 at least.

    Comparable across kinds of model, unlike coefficients and split gains (Breiman, 2001).

    Parameters
    ----------
    rows
        Labelled rows that the model has not learned from.
    most
        How many of the rows are scored.
    classes
        Those of the target, where it has more than two: the watched ones are positive.
    """
    from sklearn.inspection import permutation_importance

    rng = np.random.default_rng(seed)
    order = rng.permutation(len(rows))
    positive = rows.label[order] == POSITIVE
    positives, others = order[positive][: most // 2], order[~positive]
    sample = rows.take(np.concatenate([positives, others[: most - len(positives)]]))
    names = list(features.names)
    found = permutation_importance(
        pipeline,
        sample.features[names],
        sample.label,
        scoring="average_precision" if classes is None else _of_watched(classes),
        n_repeats=2,
        random_state=seed,
    )
    fall = np.maximum(found.importances_mean, 0.0)
    return dict(zip(names, fall.tolist(), strict=True))


def _of_watched(classes: Classes) -> Callable[[Pipeline, pd.DataFrame, NDArray[np.int8]], float]:
    """Return average precision of the watched classes together, as scikit-learn asks for it."""
    from sklearn.metrics import average_precision_score

    watched = classes.is_watched

    def precision(pipeline: Pipeline, features: pd.DataFrame, label: NDArray[np.int8]) -> float:
        score = pipeline.predict_proba(features)[:, watched].sum(axis=1)
        return float(average_precision_score(label, score))

    return precision
