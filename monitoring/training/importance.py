"""Permutation importance of each feature, comparable across kinds of model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.rows import POSITIVE, Rows

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from monitoring.use_case_columns import Features

ROWS = 4000
"""Rows that are scored again for every feature; up to half of them positives, the rare class."""


def permutation_weights(
    pipeline: Pipeline, rows: Rows, features: Features, *, seed: int
) -> dict[str, float]:
    """Return how much average precision falls when a feature's values are shuffled, 0 at least.

    Comparable across kinds of model, unlike coefficients and split gains (Breiman, 2001).

    Parameters
    ----------
    rows
        Labelled rows that the model has not learned from.
    """
    from sklearn.inspection import permutation_importance

    rng = np.random.default_rng(seed)
    order = rng.permutation(len(rows))
    positive = rows.label[order] == POSITIVE
    positives, others = order[positive][: ROWS // 2], order[~positive]
    sample = rows.take(np.concatenate([positives, others[: ROWS - len(positives)]]))
    names = list(features.names)
    found = permutation_importance(
        pipeline,
        sample.features[names],
        sample.label,
        scoring="average_precision",
        n_repeats=2,
        random_state=seed,
    )
    fall = np.maximum(found.importances_mean, 0.0)
    return dict(zip(names, fall.tolist(), strict=True))
