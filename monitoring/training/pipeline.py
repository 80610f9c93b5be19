"""A candidate's pipeline: its steps, after the preprocessing that they need by kind of feature."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.estimators import MOST_WORDS
from monitoring.sources.typed_columns import resolved_columns
from monitoring.training import TrainingError
from monitoring.training.candidate_steps import (
    CALIBRATION,
    COLUMNS,
    declared_steps,
    full_names,
    named,
    set_parameters,
    with_probabilities,
    without_samplers,
)
from monitoring.training.points import every_value
from monitoring.use_case import UseCase
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Features
from monitoring.wording import several

if TYPE_CHECKING:
    from datetime import timedelta

    from numpy.typing import NDArray
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import Pipeline

    from monitoring.rows.rows import Rows

log = logging.getLogger(__name__)

CATEGORIES = 50
"""Most columns that one categorical feature is spread over; its rarer values share the last."""


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
        Beside and before the candidate's own: of any step by the names of `make_pipeline`, bare
        ones of the last step.
    seed
        Of every step that draws at random.

    Raises
    ------
    TrainingError
        A step does not exist, or does not take a parameter; the last one is no classifier that
        gives probabilities or can be calibrated.
    """
    declared = declared_steps(candidate, seed=seed)
    names = list(declared.named_steps)
    given = full_names(candidate.parameters, names) | full_names(parameters, names)
    around = {
        name for name in given if name.partition("__")[0] in {COLUMNS, CALIBRATION} - {*names}
    }
    set_parameters(declared, {name: given[name] for name in given if name not in around})
    imputes = any(path.startswith("sklearn.impute.") for path in candidate.steps)
    inputs = [step.__sklearn_tags__().input_tags for step in declared.named_steps.values()]
    takes_missing = imputes or all(one.allow_nan for one in inputs)
    *before, last = declared.named_steps.values()
    pipeline = named(
        _columns(
            _read(features, candidate),
            candidate.text,
            takes_missing=takes_missing,
            sparse=not takes_missing and all(one.sparse for one in inputs),
        ),
        *before,
        with_probabilities(last, candidate.steps[-1]),
    )
    set_parameters(pipeline, {name: given[name] for name in given if name in around})
    return pipeline


def check_candidates(case: UseCase) -> None:
    """Build every candidate with everything that its search may try, without fitting any.

    Raises
    ------
    TrainingError
        A candidate can't be built; all that can't be are named.
    """
    problems = []
    for name, candidate in case.candidates.items():
        try:
            for parameters in every_value(candidate.points):
                build_pipeline(candidate, _features(case, candidate), parameters, seed=0)
        except TrainingError as error:
            problems.append(f"candidates.{name}: {error}")
    if problems:
        raise TrainingError("\n  ".join(problems))


def _features(case: UseCase, candidate: Candidate) -> Features:
    """Return the features of a use case, or some that stand for any where none are named."""
    if isinstance(case.columns.features, Features):
        return case.columns.features
    return Features(
        numeric=("number", *candidate.without), categorical=("category", *candidate.text)
    )


def _read(features: Features, candidate: Candidate) -> Features:
    """Return the features that a candidate reads: all but those that it is without."""
    strange = [name for name in candidate.without if name not in features.names]
    left = [
        tuple(name for name in kind if name not in candidate.without)
        for kind in (features.numeric, features.categorical)
    ]
    if strange or not any(left):
        wrong = f"names {', '.join(strange)}" if strange else "leaves no feature"
        msg = f"`without` {wrong}: the features are {', '.join(features.names)}"
        raise TrainingError(msg)
    return Features(numeric=left[0], categorical=left[1])


def fitted(
    case: UseCase, name: str, rows: Rows, parameters: Mapping[str, Any], *, seed: int
) -> Pipeline:
    """Return the pipeline of candidate `name`, fitted on labelled rows.

    An error of the estimator's own is raised as it is, with a note of what was fitted.
    """
    features, _ = resolved_columns(case)
    pipeline = build_pipeline(case.candidates[name], features, parameters, seed=seed)
    try:
        truth = rows.truth
        weights = _weights(pipeline, name, rows, case.retrain.half_life)
        pipeline.fit(rows.features[list(features.names)], truth, **weights)
    except Exception as error:
        error.add_note(
            f"while fitting candidate {name} with {dict(parameters)} on {several(len(rows), 'row')}"
        )
        raise
    return without_samplers(pipeline)


def _weights(
    pipeline: Pipeline, name: str, rows: Rows, half_life: timedelta | None
) -> dict[str, NDArray[np.float64]]:
    """Return what each row weighs, as the last step takes it; nothing where all are alike.

    What it stands for, where rows were let through, times what its age leaves of it. A blocked row
    whose review labelled it is learned from as itself.
    """
    from sklearn.utils.validation import has_fit_parameter

    weight = np.ones(len(rows)) if rows.weight is None else np.maximum(rows.weight, 1.0)
    if half_life is not None:
        age = (rows.event_time.max() - rows.event_time) / np.timedelta64(half_life)
        weight = weight * np.exp2(-age)
    if (weight == 1).all():
        return {}
    last, step = pipeline.steps[-1]
    inner = [one for _, one in getattr(step, "estimators", [])] + [getattr(step, "estimator", step)]
    samples = any(hasattr(one, "fit_resample") for _, one in pipeline.steps)
    if samples or not all(has_fit_parameter(one, "sample_weight") for one in (step, *inner)):
        log.warning(
            "candidate %s takes no weights of rows: rows that were let through count once, and "
            "old ones as much as new ones",
            name,
        )
        return {}
    return {f"{last}__sample_weight": weight}


def _columns(
    features: Features, text: Sequence[str], *, takes_missing: bool, sparse: bool
) -> ColumnTransformer:
    """Return what makes columns of features; sparse ones where words are many and may be so."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    from monitoring.training.feature_steps import WordWeights

    strange = [name for name in text if name not in features.categorical]
    if strange:
        known = ", ".join(features.categorical) or "none"
        msg = f"`text` names {', '.join(strange)}: the categorical features are {known}"
        raise TrainingError(msg)
    numeric = list(features.numeric)
    categorical = [name for name in features.categorical if name not in text]
    parts: list[tuple[str, Any, list[str] | str]]
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
    texts = ["text"] if len(text) == 1 else [f"text-{place}" for place in range(1, len(text) + 1)]
    for part, name in zip(texts, text, strict=True):
        parts.append((part, WordWeights(max_features=MOST_WORDS), name))
    # Without text all parts are dense, and so is the whole, whatever the threshold.
    return ColumnTransformer([part for part in parts if part[2]], sparse_threshold=float(sparse))
