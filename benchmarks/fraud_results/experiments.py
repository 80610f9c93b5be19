"""Everything that is compared, declared once. What chooses is never the test part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as resampled
from imblearn.under_sampling import RandomUnderSampler
from lightgbm import LGBMClassifier
from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from xgboost import XGBClassifier

from benchmarks.fraud_results.past import AMOUNT, CLOCK, NEAREST
from benchmarks.fraud_results.recipes import (
    Columns,
    HardNegatives,
    IsolationAlone,
    WithIsolation,
)
from benchmarks.fraud_results.run import Experiment, Make
from monitoring.training.focal import FocalXGBClassifier
from monitoring.training.pipeline import build_pipeline
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from monitoring.use_case_file import find_use_case

CASE: UseCase = find_use_case("fraud")
assert isinstance(CASE.columns.features, Features)  # noqa: S101 - the shipped file names them
FEATURES = CASE.columns.features
RAW = FEATURES.names
BASE = "xgboost as shipped"
"""What everything else is compared with."""


def xgb(seed: int, **parameters: Any) -> XGBClassifier:
    """Return the shipped candidate's XGBoost; one thread, for the machine is shared."""
    usual = {"n_estimators": 300, "learning_rate": 0.1, "max_depth": 6, "tree_method": "hist"}
    return XGBClassifier(**{**usual, "n_jobs": 1, "random_state": seed, **parameters})


def slow(seed: int, **parameters: Any) -> XGBClassifier:
    """Return an XGBoost of more and smaller steps, each tree on half of the columns."""
    usual = {"n_estimators": 400, "learning_rate": 0.05, "colsample_bytree": 0.5, "subsample": 0.8}
    return xgb(seed, **{**usual, **parameters})


def lgb(seed: int, **parameters: Any) -> LGBMClassifier:
    """Return the shipped candidate's LightGBM."""
    return LGBMClassifier(
        **{**CASE.candidates["lightgbm"].parameters, "num_leaves": 15, "n_jobs": 1,
           "verbosity": -1,
           "deterministic": True, "force_col_wise": True, "random_state": seed, **parameters}
    )  # fmt: skip


def shipped(name: str) -> Make:
    """Return the maker of a candidate of the use case."""

    def make(point: Mapping[str, Any], seed: int) -> BaseEstimator:
        candidate = CASE.candidates[name]
        threads = {} if name in ("logistic_regression", "mlp") else {"n_jobs": 1}
        return build_pipeline(candidate, FEATURES, {**point, **threads}, seed=seed)

    return make


def on(columns: tuple[str, ...], kind: Any, *before: BaseEstimator, **fixed: Any) -> Make:
    """Return the maker of `kind` on columns; a point's own parameters come before `fixed`."""

    def make(point: Mapping[str, Any], seed: int) -> BaseEstimator:
        return make_pipeline(Columns(columns), *before, kind(seed, **{**fixed, **point}))

    return make


def by(sampler: Any, kind: Any, *before: BaseEstimator, **fixed: Any) -> Make:
    """Return the maker of `kind` on rows that are resampled inside every fold."""

    def make(point: Mapping[str, Any], seed: int) -> BaseEstimator:
        chosen = sampler(sampling_strategy=point["ratio"], random_state=seed)
        return resampled(Columns(RAW), *before, chosen, kind(seed, **fixed))

    return make


def logistic(seed: int, **parameters: Any) -> LogisticRegression:
    """Return a logistic regression."""
    return LogisticRegression(max_iter=1000, random_state=seed, **{"C": 0.01, **parameters})


def net(seed: int, **parameters: Any) -> MLPClassifier:
    """Return a neural network that stops as the shipped one does."""
    usual = {"batch_size": 512, "tol": 3e-4, "n_iter_no_change": 2, "max_iter": 100, "alpha": 1.0}
    return MLPClassifier(random_state=seed, **{**usual, **parameters})


def focal(seed: int, **parameters: Any) -> FocalXGBClassifier:
    """Return XGBoost on the focal loss."""
    return FocalXGBClassifier(
        n_estimators=300, learning_rate=0.1, max_depth=6, tree_method="hist", n_jobs=1,
        random_state=seed, **parameters,
    )  # fmt: skip


def hard(seed: int, **parameters: Any) -> HardNegatives:
    """Return XGBoost on few and hard negatives."""
    return HardNegatives(xgb(seed, **parameters))


def extra(seed: int, **parameters: Any) -> ExtraTreesClassifier:
    """Return a forest whose cuts are drawn at random."""
    return ExtraTreesClassifier(100, random_state=seed, **parameters)


def isolation(seed: int) -> IsolationAlone:
    """Return the unsupervised score alone."""
    return IsolationAlone(random_state=seed)


RATIOS = {"ratio": [0.01, 0.1]}
WEIGHT = {"scale_pos_weight": 10}


def _weight(weight: int) -> dict[str, list[int]]:
    """Return the base's grid with one point."""
    return {"max_depth": [6], "scale_pos_weight": [weight]}


CANDIDATES = tuple(
    Experiment(
        BASE if name == "xgboost" else name,
        "The five candidates",
        shipped(name),
        candidate.points.space,
    )
    for name, candidate in CASE.candidates.items()
)
WEIGHTS = tuple(
    Experiment(name, "Weights and resampling", make, grid)
    for name, make, grid in (
        ("xgboost, frauds weigh 1", shipped("xgboost"), _weight(1)),
        ("xgboost, frauds weigh 10", shipped("xgboost"), _weight(10)),
        ("xgboost, frauds weigh 100", shipped("xgboost"), _weight(100)),
        ("xgboost, balanced (577)", shipped("xgboost"), _weight(577)),
        ("xgboost, SMOTE", by(SMOTE, xgb), RATIOS),
        ("xgboost, undersampling", by(RandomUnderSampler, xgb), RATIOS),
        ("xgboost, hard negatives", on(RAW, hard, **WEIGHT), {}),
        ("logistic regression, SMOTE", by(SMOTE, logistic, StandardScaler()), RATIOS),
        (
            "logistic regression, undersampling",
            by(RandomUnderSampler, logistic, StandardScaler()),
            RATIOS,
        ),
    )
)
LOSSES = tuple(
    Experiment(name, "Losses, nets, forests and steps", make, {}, seed)
    for name, make, seed in (
        ("xgboost, focal loss", on(RAW, focal), 0),
        ("mlp 64-32", on(RAW, net, StandardScaler(), hidden_layer_sizes=(64, 32)), 0),
        ("mlp 128-64-32", on(RAW, net, StandardScaler(), hidden_layer_sizes=(128, 64, 32)), 0),
        ("extra trees", on(RAW, extra), 0),
        ("lightgbm, 31 leaves, 300 trees", on(RAW, lgb, num_leaves=31, n_estimators=300), 0),
        ("xgboost, small steps", on(RAW, slow, **WEIGHT), 0),
        ("xgboost, small steps, seed 1", on(RAW, slow, **WEIGHT), 1),
        ("xgboost, small steps, seed 2", on(RAW, slow, **WEIGHT), 2),
    )
)
FEATURE_SETS = tuple(
    Experiment(name, "Features", make, {})
    for name, make in (
        ("xgboost + hour of the day", on(RAW + CLOCK, xgb, **WEIGHT)),
        ("xgboost + amount against history", on(RAW + AMOUNT, xgb, **WEIGHT)),
        ("xgboost + nearest payments before", on(RAW + NEAREST, xgb, **WEIGHT)),
        ("xgboost + all of these", on(RAW + CLOCK + AMOUNT + NEAREST, xgb, **WEIGHT)),
        ("xgboost + isolation score", on(RAW, xgb, WithIsolation(), **WEIGHT)),
        ("isolation score alone", on(RAW, isolation)),
        ("lightgbm + nearest payments before", on(RAW + NEAREST, lgb)),
    )
)
EXPERIMENTS = CANDIDATES + WEIGHTS + LOSSES + FEATURE_SETS

_ONLY_IN_TIME = (
    "xgboost, frauds weigh 100",
    "xgboost, balanced (577)",
    "logistic regression, SMOTE",
    "logistic regression, undersampling",
    "xgboost, focal loss",
    "mlp 128-64-32",
    "xgboost + hour of the day",
    "xgboost + amount against history",
    "xgboost + all of these",
    "xgboost + isolation score",
    "isolation score alone",
)
AT_RANDOM = tuple(one for one in EXPERIMENTS if one.name not in _ONLY_IN_TIME)
"""Those that are run on the random cut as well, for that takes half as long again."""
