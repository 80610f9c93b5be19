"""Fit: a candidate's pipeline on rows, with a word of what was fitted where it fails."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from monitoring.sources.typed_columns import resolved_columns
from monitoring.training.pipeline import build_pipeline
from monitoring.use_case import UseCase

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from monitoring.rows.rows import Rows


def fitted(
    case: UseCase, name: str, rows: Rows, parameters: Mapping[str, Any], *, seed: int
) -> Pipeline:
    """Return the pipeline of candidate `name`, fitted on labelled rows.

    An error of the estimator's own is raised as it is, with a note of what was fitted.
    """
    features, _ = resolved_columns(case)
    pipeline = build_pipeline(case.candidates[name], features, parameters, seed=seed)
    try:
        pipeline.fit(rows.features[list(features.names)], rows.label)
    except Exception as error:
        error.add_note(
            f"while fitting candidate {name} with {dict(parameters)} on {len(rows)} rows"
        )
        raise
    return pipeline
