"""Estimators that a use-case file may name, and the parameters it may give them, with limits.

What is not listed is refused, whatever an estimator would take: libraries have further names for
the same parameter, some of which open sockets or write files, and a number without a limit makes
a fit that never ends. Seeds and threads are Tocsin's own to set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isnan
from typing import Protocol

from monitoring.field_types import did_you_mean

ALLOWED_MODULES = (
    "imblearn.combine",
    "imblearn.over_sampling",
    "imblearn.under_sampling",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.feature_selection",
    "sklearn.impute",
    "sklearn.linear_model",
    "sklearn.naive_bayes",
    "sklearn.neighbors",
    "sklearn.neural_network",
    "sklearn.preprocessing",
    "sklearn.svm",
    "sklearn.tree",
)
"""Modules of which `steps` may name any class."""

ALLOWED_CLASSES = (
    "lightgbm.LGBMClassifier",
    "monitoring.training.focal.FocalXGBClassifier",
    "xgboost.XGBClassifier",
)
"""Single classes of other modules: the rest of these connects to clusters, or can't be saved."""

ENSEMBLES = ("sklearn.ensemble.StackingClassifier", "sklearn.ensemble.VotingClassifier")
"""Classes made of other estimators, which a candidate names under `estimators`."""

MOST_COMBINATIONS = 100
"""Most points of a candidate's search, each of which is fitted on every fold."""


MOST_WORDS = 2_000
"""Most words of a text feature that are read, each of which is a column."""


class _Kind(Protocol):
    """Values that a parameter may have; its text says which."""

    def allows(self, value: object) -> bool: ...


@dataclass(frozen=True)
class _Number:
    low: float
    high: float
    whole: bool = False

    def allows(self, value: object) -> bool:
        kinds = int if self.whole else int | float
        return (
            isinstance(value, kinds)
            and not isinstance(value, bool)
            and self.low <= value <= self.high
        )

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {_written(self.low)} to {_written(self.high)}"


@dataclass(frozen=True)
class _OneOf:
    values: tuple[object, ...]

    def allows(self, value: object) -> bool:
        # Not `in` alone: 1 is equal to True.
        return any(type(one) is type(value) and one == value for one in self.values)

    def __str__(self) -> str:
        return ", ".join("null" if one is None else str(one).lower() for one in self.values)


@dataclass(frozen=True)
class _NotANumber:
    def allows(self, value: object) -> bool:
        return isinstance(value, float) and isnan(value)

    def __str__(self) -> str:
        return ".nan"


@dataclass(frozen=True)
class _Numbers:
    each: _Number
    most: int

    def allows(self, value: object) -> bool:
        numbers = value if isinstance(value, list | tuple) else [value]
        return 1 <= len(numbers) <= self.most and all(map(self.each.allows, numbers))

    def __str__(self) -> str:
        return f"up to {self.most} of {self.each}"


@dataclass(frozen=True)
class _Weights:
    weight: _Number

    def allows(self, value: object) -> bool:
        return (
            isinstance(value, Mapping)
            and set(value) <= {0, 1}
            and all(map(self.weight.allows, value.values()))
        )

    def __str__(self) -> str:
        return f"for 0 and 1 each {self.weight}"


def _whole(low: int, high: int) -> _Number:
    return _Number(low, high, whole=True)


def _words(*words: str) -> _OneOf:
    return _OneOf(words)


_NULL = _OneOf((None,))
_FLAG = _OneOf((True, False))
_SHARE = _Number(0, 1)
_LEAST = 1e-12
_STRENGTH = _Number(0, 1e6)
_LEAVES = _whole(2, 10_000)
_STANDS_FOR_MISSING = (_NotANumber(), _Number(-1e9, 1e9))
_ROWS_OR_SHARE = (_whole(1, 10_000_000), _SHARE)

PARAMETERS: Mapping[str, tuple[_Kind, ...]] = {
    # How much there is to fit.
    "n_estimators": (_whole(1, 5_000),),
    "max_iter": (_whole(1, 10_000),),
    "max_fun": (_whole(1, 100_000),),
    "n_iter_no_change": (_whole(1, 1_000), _NULL),
    "early_stopping": (_FLAG, _words("auto")),
    "validation_fraction": (_SHARE,),
    "tol": (_SHARE,),
    # Trees.
    "max_depth": (_whole(-1, 64), _NULL),
    "max_leaf_nodes": (_LEAVES, _NULL),
    "num_leaves": (_LEAVES,),
    "max_leaves": (_whole(0, 10_000),),
    "max_bin": (_whole(2, 1_024),),
    "max_bins": (_whole(2, 255),),
    "min_samples_leaf": _ROWS_OR_SHARE,
    "min_samples_split": (_whole(2, 10_000_000), _SHARE),
    "min_weight_fraction_leaf": (_Number(0, 0.5),),
    "min_impurity_decrease": (_STRENGTH,),
    "min_child_samples": (_whole(0, 10_000_000),),
    "min_child_weight": (_STRENGTH,),
    "min_split_gain": (_STRENGTH,),
    "ccp_alpha": (_STRENGTH,),
    "criterion": (_words("gini", "entropy", "log_loss"),),
    "splitter": (_words("best", "random"),),
    "bootstrap": (_FLAG,),
    "bootstrap_features": (_FLAG,),
    "max_samples": (*_ROWS_OR_SHARE, _NULL),
    "max_features": (_whole(1, 100_000), _SHARE, _words("sqrt", "log2"), _NULL),
    # Boosting.
    "learning_rate": (
        _Number(_LEAST, 10),
        _words("constant", "invscaling", "adaptive", "optimal"),
    ),
    "subsample": (_SHARE,),
    "subsample_freq": (_whole(0, 1_000),),
    "colsample_bytree": (_SHARE,),
    "colsample_bylevel": (_SHARE,),
    "colsample_bynode": (_SHARE,),
    "reg_alpha": (_STRENGTH,),
    "reg_lambda": (_STRENGTH,),
    "l2_regularization": (_STRENGTH,),
    "gamma": (_STRENGTH, _words("scale", "auto")),
    "max_delta_step": (_STRENGTH,),
    "scale_pos_weight": (_Number(_LEAST, 1e6),),
    "focal_gamma": (_Number(0, 10),),
    "focal_alpha": (_SHARE,),
    "tree_method": (_words("auto", "hist", "approx", "exact"),),
    "grow_policy": (_words("depthwise", "lossguide"),),
    "boosting_type": (_words("gbdt", "dart", "rf"),),
    "booster": (_words("gbtree", "dart", "gblinear"),),
    # Linear models, and what they share with others.
    "C": (_Number(_LEAST, 1e9),),
    "l1_ratio": (_SHARE,),
    "penalty": (_words("l1", "l2", "elasticnet"), _NULL),
    "solver": (
        _words("lbfgs", "liblinear", "newton-cg", "newton-cholesky", "sag", "saga", "adam", "sgd"),
        _words("auto", "svd", "cholesky", "lsqr", "sparse_cg"),
    ),
    "loss": (
        _words("log_loss", "modified_huber", "exponential", "hinge", "squared_hinge", "perceptron"),
    ),
    "fit_intercept": (_FLAG,),
    "class_weight": (
        _words("balanced", "balanced_subsample"),
        _NULL,
        _Weights(_Number(0, 1e6)),
    ),
    "alpha": (_STRENGTH,),
    "eta0": (_Number(_LEAST, 10),),
    "power_t": (_Number(0, 10),),
    "average": (_FLAG,),
    "shuffle": (_FLAG,),
    # Neural networks.
    "hidden_layer_sizes": (_Numbers(_whole(1, 1_024), 5),),
    "activation": (_words("relu", "tanh", "logistic", "identity"),),
    "batch_size": (_whole(1, 100_000), _words("auto")),
    "learning_rate_init": (_Number(_LEAST, 10),),
    "momentum": (_SHARE,),
    "nesterovs_momentum": (_FLAG,),
    "beta_1": (_SHARE,),
    "beta_2": (_SHARE,),
    # Neighbours, support vectors, Bayes.
    "n_neighbors": (_whole(1, 1_000),),
    "weights": (_words("uniform", "distance"), _Numbers(_Number(0, 1e6), 20), _NULL),
    "leaf_size": (_whole(1, 1_000),),
    "p": (_Number(1, 10),),
    "kernel": (_words("linear", "poly", "rbf", "sigmoid"),),
    "degree": (_whole(1, 5),),
    "coef0": (_Number(-1e6, 1e6),),
    "nu": (_SHARE,),
    "shrinking": (_FLAG,),
    "probability": (_FLAG,),
    "break_ties": (_FLAG,),
    "dual": (_FLAG, _words("auto")),
    "intercept_scaling": (_Number(_LEAST, 1e6),),
    "var_smoothing": (_SHARE,),
    "fit_prior": (_FLAG,),
    # Estimators of others, and calibration.
    "passthrough": (_FLAG,),
    "stack_method": (_words("auto", "predict_proba", "decision_function", "predict"),),
    "cv": (_whole(2, 10),),
    "method": (_words("sigmoid", "isotonic", "temperature", "yeo-johnson", "box-cox"),),
    # What comes before the last step.
    "with_mean": (_FLAG,),
    "with_std": (_FLAG,),
    "with_centering": (_FLAG,),
    "with_scaling": (_FLAG,),
    "unit_variance": (_FLAG,),
    "standardize": (_FLAG,),
    "clip": (_FLAG,),
    "norm": (_words("l1", "l2", "max"),),
    "n_quantiles": (_whole(2, 10_000),),
    "output_distribution": (_words("uniform", "normal"),),
    "n_bins": (_whole(2, 255),),
    "encode": (_words("onehot-dense", "ordinal"),),
    "n_knots": (_whole(2, 100),),
    "strategy": (_words("mean", "median", "most_frequent", "uniform", "quantile", "kmeans"),),
    "add_indicator": (_FLAG,),
    "missing": _STANDS_FOR_MISSING,
    "missing_values": _STANDS_FOR_MISSING,
    "interaction_only": (_FLAG,),
    "include_bias": (_FLAG,),
    "max_categories": (_whole(2, 1_000),),
    "k": (_whole(1, 100_000), _words("all")),
    "percentile": (_whole(1, 100),),
    "threshold": (_STRENGTH, _words("mean", "median")),
    "contamination": (_Number(0, 0.5), _words("auto")),
    "sampling_strategy": (
        _Number(_LEAST, 1),
        _words("auto", "all", "minority", "majority", "not minority", "not majority"),
    ),
    "k_neighbors": (_whole(1, 1_000),),
    "m_neighbors": (_whole(1, 1_000),),
    "replacement": (_FLAG,),
    "kind_sel": (_words("all", "mode"),),
    "version": (_whole(1, 3),),
    "sublinear_tf": (_FLAG,),
}
"""What a step of a candidate may be given, by the parameter's own name."""

OF_STEPS: Mapping[str, tuple[_Kind, ...]] = {
    # Columns grow with its power: of 30 features, 5,456 by the third.
    "polynomialfeatures__degree": (_whole(1, 3),),
    "text__max_features": (_whole(1, MOST_WORDS),),
}
"""Narrower limits of parameters of single steps."""


def step_problem(step: str) -> str | None:
    """Return why a step may not be named; None where it may."""
    if step in ALLOWED_CLASSES or step.rpartition(".")[0] in ALLOWED_MODULES:
        return None
    allowed = ", ".join((*ALLOWED_MODULES, *ALLOWED_CLASSES))
    return f"{step:.80} is not allowed: steps come from {allowed}"


def parameter_problems(name: str, values: list[object]) -> Iterator[str]:
    """Yield why a parameter, or a value of it, may not be given.

    Parameters
    ----------
    name
        Bare, or after the names of the steps that it is in: `standardscaler__with_mean`.
    """
    kinds = limits_of(name)
    if kinds is None:
        yield _not_listed(name)
        return
    for value in values:
        if not any(kind.allows(value) for kind in kinds):
            yield f"{name:.80} must be {_allowed(kinds)}, not {value!r:.60}"


def range_problems(name: str, low: float, high: float) -> Iterator[str]:
    """Yield why a parameter may not be drawn from a range; whole numbers where both ends are."""
    kinds = limits_of(name)
    if kinds is None:
        yield _not_listed(name)
        return
    whole = isinstance(low, int) and isinstance(high, int)
    ends = (low, high) if whole else (float(low), float(high))
    if not any(isinstance(kind, _Number) and all(map(kind.allows, ends)) for kind in kinds):
        yield f"{name:.80} must be {_allowed(kinds)}, not drawn from {low!r} to {high!r}"


def limits_of(name: str) -> tuple[_Kind, ...] | None:
    """Return what a parameter may be, whichever steps it is in; None where it may not be given."""
    *before, bare = name.split("__")
    step = re.sub(r"-\d+$", "", before[-1]) if before else ""
    return OF_STEPS.get(f"{step}__{bare}", PARAMETERS.get(bare))


def _not_listed(name: str) -> str:
    bare = name.rpartition("__")[2]
    return (
        f"no parameter {did_you_mean(bare, PARAMETERS)}: those that may be given are listed in "
        "monitoring/estimators.py"
    )


def _allowed(kinds: tuple[_Kind, ...]) -> str:
    return " or ".join(str(kind) for kind in kinds)


def _written(number: float) -> str:
    return f"{number:,}" if isinstance(number, int) else f"{number:g}"
