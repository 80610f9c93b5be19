"""The steps of a candidate: estimators made by their class, under the names of `make_pipeline`."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from monitoring.estimators import ENSEMBLES, PARAMETERS, limits_of
from monitoring.field_types import did_you_mean
from monitoring.training import TrainingError

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline

    from monitoring.use_case_candidate import Candidate

COLUMNS, CALIBRATION = "columntransformer", "calibratedclassifiercv"
"""Names of what is put before the steps, and around a last one without probabilities."""

_CALIBRATED = f"{CALIBRATION}__estimator__"

CALIBRATION_FOLDS = 3

# The same rows give the same model: LightGBM would choose its order of summation by speed. And
# what is fitted can be saved, which neighbours in a tree can't.
_DEFAULTS: dict[str, dict[str, Any]] = {
    "monitoring.training.focal": {"n_jobs": 2},
    "lightgbm": {"n_jobs": 2, "deterministic": True, "force_col_wise": True, "verbosity": -1},
    "sklearn.ensemble": {"n_jobs": 2},
    "sklearn.neighbors": {"algorithm": "brute"},
    "xgboost": {"n_jobs": 2},
}


_OWN = {"sklearn.ensemble.IsolationForest": "monitoring.training.feature_steps.IsolationForest"}
"""What stands in for a class that is no step by itself."""


def declared_steps(candidate: Candidate, *, seed: int) -> Pipeline:
    """Return the steps of a candidate as a pipeline, each with its defaults.

    Raises
    ------
    TrainingError
        A step does not exist, or can't stand where it stands.
    """
    *before, last = candidate.steps
    if last not in ENSEMBLES:
        return _line(candidate.steps, seed)
    combined = [
        (name, _combined(name, paths, seed)) for name, paths in candidate.estimators.items()
    ]
    return named(*(_before(path, seed) for path in before), _ensemble(last, combined, seed))


def named(*steps: BaseEstimator) -> Pipeline:
    """Return a pipeline of steps, which are named after their classes."""
    if any(map(_samples, steps)):
        from imblearn.pipeline import make_pipeline
    else:
        from sklearn.pipeline import make_pipeline

    return make_pipeline(*steps)


def without_samplers(pipeline: Pipeline) -> Pipeline:
    """Return a fitted pipeline without the steps that act in fitting alone."""
    from sklearn.pipeline import Pipeline

    left = [(name, step) for name, step in pipeline.steps if not _samples(step)]
    return pipeline if len(left) == len(pipeline.steps) else Pipeline(left)


def full_names(given: Mapping[str, Any], steps: Collection[str]) -> dict[str, Any]:
    """Return parameters by their names in the whole pipeline: a bare one is of the last step.

    Raises
    ------
    TrainingError
        Two names stand for one parameter.
    """
    *_, last = steps
    full: dict[str, Any] = {}
    named_as: dict[str, str] = {}
    for name, value in given.items():
        step, nested, _ = name.partition("__")
        whole = name if nested and step in {*steps, COLUMNS, CALIBRATION} else f"{last}__{name}"
        if whole.startswith(_CALIBRATED):
            whole = f"{last}__{whole.removeprefix(_CALIBRATED)}"
        if whole in full:
            msg = f"`{named_as[whole]}` and `{name}` are one parameter: give one of them"
            raise TrainingError(msg)
        full[whole], named_as[whole] = value, name
    return full


def set_parameters(pipeline: Pipeline, values: Mapping[str, Any]) -> None:
    """Set parameters by their full names; the last step's are told by their bare ones.

    Raises
    ------
    TrainingError
        A step does not take a parameter; the text names those that may be given.
    """
    known = pipeline.get_params()
    unknown = [name for name in values if name not in known]
    if unknown:
        raise TrainingError(_refusal(pipeline, unknown))
    pipeline.set_params(**values)


def with_probabilities(step: BaseEstimator, path: str) -> BaseEstimator:
    """Return a classifier as it is, or calibrated where it has a decision function alone.

    Inside the rows it is fitted on: each fold's decision is calibrated by a classifier that never
    saw it, and the one that serves is fitted on all of them.

    Raises
    ------
    TrainingError
        It is no classifier, or has neither.
    """
    from sklearn.base import is_classifier
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.ensemble import VotingClassifier

    if isinstance(step, VotingClassifier):
        # What it averages are probabilities.
        step.estimators = [(name, with_probabilities(one, name)) for name, one in step.estimators]
    if is_classifier(step) and hasattr(step, "predict_proba"):
        return step
    if is_classifier(step) and hasattr(step, "decision_function"):
        return CalibratedClassifierCV(step, cv=CALIBRATION_FOLDS, ensemble=False)
    msg = (
        f"{path} gives no probabilities: the last of `steps` is a classifier with `predict_proba` "
        "or, to be calibrated, `decision_function`"
    )
    raise TrainingError(msg)


def _samples(step: BaseEstimator) -> bool:
    return hasattr(step, "fit_resample")


def _line(paths: Sequence[str], seed: int) -> Pipeline:
    *before, last = paths
    return named(*(_before(path, seed) for path in before), _step(last, seed))


def _before(path: str, seed: int) -> BaseEstimator:
    step = _step(path, seed)
    if not hasattr(step, "transform") and not _samples(step):
        msg = f"{path} transforms nothing: only the last of `steps` may be a classifier"
        raise TrainingError(msg)
    return step


def _combined(name: str, paths: Sequence[str], seed: int) -> BaseEstimator:
    """Return what an ensemble combines under a name."""
    from sklearn.base import is_classifier

    line = _line(paths, seed)
    if any(map(_samples, line.named_steps.values())) or not is_classifier(line[-1]):
        msg = (
            f"estimators.{name}: {', '.join(paths)}: the last one is a classifier, and samplers "
            "are among the `steps` of a candidate alone"
        )
        raise TrainingError(msg)
    return line if len(paths) > 1 else line[-1]


def _ensemble(path: str, combined: list[tuple[str, BaseEstimator]], seed: int) -> BaseEstimator:
    from sklearn.linear_model import LogisticRegression

    kind = _kind(path)
    if "final_estimator" in inspect.signature(kind).parameters:
        # As it would be by itself, but with parameters that can be named.
        return kind(combined, final_estimator=LogisticRegression(random_state=seed))
    return kind(combined, voting="soft")


def _kind(path: str) -> type[BaseEstimator]:
    from sklearn.base import BaseEstimator

    module, _, name = _OWN.get(path, path).rpartition(".")
    kind = getattr(importlib.import_module(module), name, None)
    if not inspect.isclass(kind) or not issubclass(kind, BaseEstimator):
        msg = f"{path} is not an estimator: see the classes of {module}"
        raise TrainingError(msg)
    return kind


def _step(path: str, seed: int) -> BaseEstimator:
    kind, module = _kind(path), path.rpartition(".")[0]
    signature = inspect.signature(kind).parameters
    anything = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in signature.values())
    wanted = {"random_state": seed, **_DEFAULTS.get(module, {})}
    defaults = {key: value for key, value in wanted.items() if anything or key in signature}
    try:
        # Without its parameters: some take any name, and ignore what they don't know.
        step: BaseEstimator = kind(**defaults)
    except TypeError as error:
        msg = f"{path} can't be a step, for it needs what a use-case file can't give: {error}"
        raise TrainingError(msg) from error
    return step


def _refusal(pipeline: Pipeline, unknown: list[str]) -> str:
    """Return what is wrong with names, and which ones of the same step may be given instead."""
    name = unknown[0].partition("__")[0]
    if name not in pipeline.named_steps:
        return f"no step `{name}`: the steps are {', '.join(pipeline.named_steps)}"
    step = pipeline.named_steps[name]
    prefix = "" if step is pipeline[-1] else f"{name}__"
    place = {key: at for at, key in enumerate(PARAMETERS)}
    known = sorted(
        (f"{prefix}{key}" for key in step.get_params() if limits_of(f"{name}__{key}") is not None),
        key=lambda key: (key.count("__"), place.get(key.rpartition("__")[2], 0)),
    )
    own = [each for each in unknown if each.partition("__")[0] == name]
    wrong = [did_you_mean(each if prefix else each.partition("__")[2], known) for each in own]
    listed = f"those that may be given are {', '.join(known)}" if known else "none may be given"
    return f"{type(step).__name__} has no parameter {', '.join(wrong)}: {listed}"
