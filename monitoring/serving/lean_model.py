"""A model that answers sooner: a step that only passes numbers on is left out."""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitoring.training.model import Model
    from monitoring.use_case_columns import Features


def lean(model: Model) -> Model:
    """Return a model that gives the same scores, of a request of one row in less time.

    Choosing columns by name takes longer than a gradient-boosted model takes to score a row. Where
    all features are numbers that reach the next step as they are, it is left out.
    """
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    classifier = model.fitted.classifier
    if not isinstance(classifier, Pipeline) or len(classifier.steps) < 2:
        return model
    (name, first), *others = classifier.steps
    if not _passes_on(first, model.features):
        return model
    pipeline = copy(model.fitted)
    pipeline.classifier = Pipeline([(name, FunctionTransformer(_numbers)), *others])
    return replace(model, pipeline=pipeline)


def _passes_on(step: Any, features: Features) -> bool:
    """Whether a fitted step gives the features themselves, in their order."""
    from sklearn.compose import ColumnTransformer

    if not isinstance(step, ColumnTransformer) or features.categorical:
        return False
    parts = [(how, list(columns)) for _, how, columns in step.transformers_ if how != "drop"]
    if len(parts) != 1 or parts[0][1] != list(features.numeric):
        return False
    how = parts[0][0]
    # Fitted, scikit-learn's `passthrough` is a function transformer that has no function.
    return how == "passthrough" or getattr(how, "func", how) is None


def _numbers(features: Any) -> Any:
    return features.to_numpy()
