"""A candidate's pipeline: its steps, after the preprocessing that they need by kind of feature."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from monitoring.estimators import PARAMETERS
from monitoring.field_types import did_you_mean
from monitoring.sources.typed_columns import resolved_columns
from monitoring.training import TrainingError
from monitoring.use_case import UseCase
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Features

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    from monitoring.rows.rows import Rows

CATEGORIES = 50
"""Most columns that one categorical feature is spread over; its rarer values share the last."""

# The same rows give the same model: LightGBM would choose its order of summation by speed.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "lightgbm": {"n_jobs": 2, "deterministic": True, "force_col_wise": True, "verbosity": -1},
    "sklearn.ensemble": {"n_jobs": 2},
    "xgboost": {"n_jobs": 2},
}


_ANY = Features(numeric=("number",), categorical=("category",))
"""Features that stand for any, where a pipeline is built and not fitted."""


def build_pipeline(
    candidate: Candidate, features: Features, parameters: Mapping[str, Any], *, seed: int
) -> Pipeline:
    """Return a candidate's pipeline, not yet fitted; it reads a frame of `features`.

    Missing numbers and categories, and categories never seen in training, are allowed at any
    time: steps that take missing values see them as such, and categories as numbers; before any
    others, numbers are imputed by their median with an indicator and categories spread over
    columns.

    Parameters
    ----------
    parameters
        Of the last step, beside and before the candidate's own.
    seed
        Of every step that draws at random.

    Raises
    ------
    TrainingError
        A step does not exist, or does not take a parameter; the last one gives no probabilities.
    """
    from sklearn.pipeline import make_pipeline

    *before, last = candidate.steps
    steps = [_step(path, {}, seed) for path in before]
    for path, step in zip(before, steps, strict=True):
        if not hasattr(step, "transform"):
            msg = f"{path} transforms nothing: only the last of `steps` may be a classifier"
            raise TrainingError(msg)
    steps.append(_step(last, {**candidate.parameters, **parameters}, seed))
    if not hasattr(steps[-1], "predict_proba"):
        msg = f"{last} gives no probabilities: the last of `steps` is a classifier that does"
        raise TrainingError(msg)
    imputes = any(path.startswith("sklearn.impute.") for path in before)
    takes_missing = imputes or all(_takes_missing(step) for step in steps)
    return make_pipeline(_columns(features, takes_missing=takes_missing), *steps)


def check_candidates(case: UseCase) -> None:
    """Build every candidate with every point of its grid, without fitting any.

    Raises
    ------
    TrainingError
        A candidate can't be built; all that can't be are named.
    """
    from sklearn.model_selection import ParameterGrid

    problems = []
    for name, candidate in case.candidates.items():
        try:
            for parameters in ParameterGrid(candidate.search):
                build_pipeline(candidate, _ANY, parameters, seed=0)
        except TrainingError as error:
            problems.append(f"candidates.{name}: {error}")
    if problems:
        raise TrainingError("\n  ".join(problems))


def fitted(
    case: UseCase, name: str, rows: Rows, parameters: Mapping[str, Any], *, seed: int
) -> Pipeline:
    """Return the pipeline of candidate `name`, fitted on labelled rows.

    An error of the estimator's own is raised as it is, with a note of what was fitted.
    """
    features, _ = resolved_columns(case)
    pipeline = build_pipeline(case.candidates[name], features, parameters, seed=seed)
    try:
        truth = rows.label if rows.true_class is None else rows.true_class
        pipeline.fit(rows.features[list(features.names)], truth)
    except Exception as error:
        error.add_note(
            f"while fitting candidate {name} with {dict(parameters)} on {len(rows)} rows"
        )
        raise
    return pipeline


def _step(path: str, parameters: Mapping[str, Any], seed: int) -> BaseEstimator:
    from sklearn.base import BaseEstimator

    module, _, name = path.rpartition(".")
    kind = getattr(importlib.import_module(module), name, None)
    if not inspect.isclass(kind) or not issubclass(kind, BaseEstimator):
        msg = f"{path} is not an estimator: see the classes of {module}"
        raise TrainingError(msg)
    signature = inspect.signature(kind).parameters
    anything = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.values())
    wanted = {"random_state": seed, **_DEFAULTS.get(module, {})}
    defaults = {key: value for key, value in wanted.items() if anything or key in signature}
    try:
        # Without its parameters first: some take any name, and ignore what they don't know.
        plain: BaseEstimator = kind(**defaults)
    except TypeError as error:
        msg = f"{path} can't be a step, for it needs what a use-case file can't give: {error}"
        raise TrainingError(msg) from error
    taken = plain.get_params(deep=False)
    unknown = [name for name in parameters if name not in taken]
    if unknown:
        known = [name for name in PARAMETERS if name in taken]
        msg = (
            f"{path} has no parameter {', '.join(did_you_mean(name, known) for name in unknown)}: "
            f"those that may be given are {', '.join(known)}"
        )
        raise TrainingError(msg)
    step: BaseEstimator = kind(**{**defaults, **parameters})
    return step


def _takes_missing(step: BaseEstimator) -> bool:
    return bool(step.__sklearn_tags__().input_tags.allow_nan)


def _columns(features: Features, *, takes_missing: bool) -> ColumnTransformer:
    import numpy as np
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    numeric, categorical = list(features.numeric), list(features.categorical)
    if takes_missing:
        ordinal = OrdinalEncoder(
            handle_unknown="use_encoded_value",
            unknown_value=np.nan,
            encoded_missing_value=np.nan,
        )
        parts = [("numeric", "passthrough", numeric), ("categorical", ordinal, categorical)]
    else:
        # A column without any value in training is kept, so that the shape never changes.
        imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
        spread = OneHotEncoder(
            handle_unknown="infrequent_if_exist", max_categories=CATEGORIES, sparse_output=False
        )
        parts = [("numeric", imputer, numeric), ("categorical", spread, categorical)]
    return ColumnTransformer([part for part in parts if part[2]])
