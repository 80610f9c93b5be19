"""Whatever a candidate may declare trains, and scores the same once it is loaded."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline
from pydantic import ValidationError
from scipy.special import expit
from sklearn.ensemble import (
    IsolationForest,
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import Pipeline
from xgboost import XGBClassifier

from monitoring.rows.rows import Rows
from monitoring.training import TrainingError
from monitoring.training.focal import FocalXGBClassifier
from monitoring.training.pipeline import build_pipeline, fitted
from monitoring.training.trusted import dump, load
from monitoring.use_case import UseCase
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Features
from tests.training.conftest import Job, with_candidates

FEATURES = Features(numeric=("a", "b"))
LOGISTIC = "sklearn.linear_model.LogisticRegression"
FOREST = "sklearn.ensemble.RandomForestClassifier"
BAYES = "sklearn.naive_bayes.GaussianNB"
FOCAL = "monitoring.training.focal.FocalXGBClassifier"
VOTING = "sklearn.ensemble.VotingClassifier"
STACKING = "sklearn.ensemble.StackingClassifier"
TWO = {"lr": LOGISTIC, "nb": BAYES}


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return pd.DataFrame(np.random.default_rng(0).normal(size=(300, 2)), columns=["a", "b"])


@pytest.fixture(scope="module")
def rare(table: pd.DataFrame) -> np.ndarray:
    """One row in ten or so: those far out."""
    return (np.hypot(table["a"], table["b"]) > 2.1).to_numpy().astype(np.int8)


def built(given: dict[str, Any], *, seed: int = 0) -> Pipeline:
    return build_pipeline(Candidate.model_validate(given), FEATURES, {}, seed=seed)


DECLARED = {
    "the best columns, neighbours": {
        "steps": [
            "sklearn.feature_selection.SelectKBest",
            "sklearn.neighbors.KNeighborsClassifier",
        ],
        "parameters": {"selectkbest__k": 5, "n_neighbors": 7},
    },
    "SMOTE": {
        "steps": ["imblearn.over_sampling.SMOTE", LOGISTIC],
        "parameters": {"smote__k_neighbors": 3, "smote__sampling_strategy": 0.5, "max_iter": 900},
    },
    "undersampling, calibrated": {
        "steps": ["imblearn.under_sampling.RandomUnderSampler", "sklearn.svm.SVC"]
    },
    "SMOTE and Tomek": {"steps": ["imblearn.combine.SMOTETomek", BAYES]},
    "isolation forest": {
        "steps": ["sklearn.ensemble.IsolationForest", LOGISTIC],
        "parameters": {"isolationforest__n_estimators": 20, "max_iter": 900},
    },
    "focal loss": {"steps": [FOCAL], "parameters": {"n_estimators": 10, "focal_gamma": 1.0}},
    "voting": {
        "steps": [VOTING],
        "estimators": {**TWO, "svc": ["sklearn.preprocessing.StandardScaler", "sklearn.svm.SVC"]},
        "parameters": {"lr__max_iter": 900, "svc__svc__C": 2.0, "weights": [1, 2, 1]},
    },
    "stacking": {
        "steps": ["sklearn.preprocessing.StandardScaler", STACKING],
        "estimators": {**TWO, "rf": FOREST, "svc": "sklearn.svm.LinearSVC"},
        "parameters": {"rf__n_estimators": 5, "final_estimator__C": 2.0, "passthrough": True},
    },
}


@pytest.mark.parametrize("name", sorted(DECLARED))
def test_it_trains_and_scores_the_same_after_saving_and_loading(
    name: str, tmp_path: Path, cards: Job
) -> None:
    case = with_candidates(cards.case, {"one": Candidate.model_validate(DECLARED[name])})
    few = cards.split.train.take(slice(0, 600))
    pipeline = fitted(case, "one", few, {}, seed=0)
    dump(pipeline, tmp_path / "model.skops")
    loaded = load(tmp_path / "model.skops")
    probe = cards.split.test.features.head(500)
    scores = pipeline.predict_proba(probe)
    np.testing.assert_array_equal(loaded.predict_proba(probe), scores)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-6)


# What each one is.


def test_a_sampler_is_imbalanced_learns_and_acts_in_fitting_alone(
    table: pd.DataFrame, rare: np.ndarray, fraud_case: UseCase, cards: Job
) -> None:
    ours = built({"steps": ["imblearn.over_sampling.SMOTE", LOGISTIC]}).fit(table, rare)
    by_hand = make_pipeline(SMOTE(random_state=0), LogisticRegression(random_state=0))
    np.testing.assert_allclose(
        ours.predict_proba(table), by_hand.fit(table, rare).predict_proba(table), rtol=1e-9
    )
    candidate = Candidate(
        steps=("imblearn.under_sampling.RandomUnderSampler", LOGISTIC),
        parameters={"max_iter": 900},
    )
    case = with_candidates(cards.case, {"one": candidate})
    served = fitted(case, "one", cards.split.train.take(slice(0, 600)), {}, seed=0)
    assert type(served) is Pipeline
    assert list(served.named_steps) == ["columntransformer", "logisticregression"]


def test_an_isolation_forest_appends_its_score_which_is_high_for_outliers(
    table: pd.DataFrame, rare: np.ndarray
) -> None:
    pipeline = built({"steps": ["sklearn.ensemble.IsolationForest", LOGISTIC]}).fit(table, rare)
    columns = pipeline[:-1].transform(table)
    assert columns.shape == (300, 3)
    by_hand = IsolationForest(random_state=0).fit(table.to_numpy())
    np.testing.assert_allclose(columns[:, -1], -by_hand.score_samples(table.to_numpy()))
    assert columns[rare == 1, -1].min() > columns[:, -1].mean()


@pytest.mark.parametrize("gamma", [0.0, 2.0])
def test_the_focal_loss_has_the_slope_of_its_formula(gamma: float) -> None:
    labels, margins = np.array([1.0, 0.0, 1.0, 0.0]), np.array([-2.0, 1.5, 3.0, -4.0])

    def loss(odds: np.ndarray) -> np.ndarray:
        right = expit(np.where(labels == 1, odds, -odds))
        weight = np.where(labels == 1, 0.25, 0.75)
        return np.asarray(-weight * (1 - right) ** gamma * np.log(right))

    step = 1e-5
    expected = (loss(margins + step) - loss(margins - step)) / (2 * step)
    first, second = FocalXGBClassifier(focal_gamma=gamma, focal_alpha=0.25).gradients(
        labels, margins
    )
    np.testing.assert_allclose(first, expected, rtol=1e-5)
    assert (second > 0).all()


def test_focal_loss_without_focus_is_the_log_loss_of_xgboost(
    table: pd.DataFrame, rare: np.ndarray
) -> None:
    given = {"n_estimators": 20, "max_depth": 2, "random_state": 0}
    plain = XGBClassifier(**given, base_score=0.5).fit(table, rare)
    # Half the loss of every row, with half the weight of every leaf to hold against it.
    half = FocalXGBClassifier(focal_gamma=0, reg_lambda=0.5, min_child_weight=0.5, **given)
    np.testing.assert_allclose(
        half.fit(table, rare).predict_proba(table), plain.predict_proba(table), atol=1e-3
    )
    focused = FocalXGBClassifier(focal_gamma=5, **given).fit(table, rare)
    assert focused.predict_proba(table)[:, 1].std() < plain.predict_proba(table)[:, 1].std()
    assert focused.objective == "binary:logistic"


def test_focal_loss_says_what_it_cannot_do(table: pd.DataFrame, rare: np.ndarray) -> None:
    with pytest.raises(TrainingError, match="focal loss is of two classes"):
        built({"steps": [FOCAL]}).fit(table, np.arange(300) % 3)
    with pytest.raises(TrainingError, match="positives are weighed by `focal_alpha`"):
        built({"steps": [FOCAL], "parameters": {"scale_pos_weight": 5}}).fit(table, rare)


def test_ensembles_are_scikit_learns(table: pd.DataFrame, rare: np.ndarray) -> None:
    inside = [("lr", LogisticRegression(C=0.5)), ("nb", GaussianNB())]
    forest = ("rf", RandomForestClassifier(5, random_state=0))
    pairs = {
        "voting": ({"steps": [VOTING], "estimators": TWO, "parameters": {"lr__C": 0.5}},
                   VotingClassifier(inside, voting="soft")),
        "stacking": ({"steps": [STACKING], "estimators": {**TWO, "rf": FOREST},
                      "parameters": {"stackingclassifier__lr__C": 0.5, "rf__n_estimators": 5}},
                     StackingClassifier([*inside, forest])),
    }  # fmt: skip
    for name, (declared, by_hand) in pairs.items():
        np.testing.assert_allclose(
            built(declared).fit(table, rare).predict_proba(table),
            by_hand.fit(table.to_numpy(), rare).predict_proba(table.to_numpy()),
            rtol=1e-9,
            err_msg=name,
        )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"steps": [VOTING]}, "VotingClassifier combines two or more `estimators`, such as {lr: "),
        ({"steps": [VOTING], "estimators": {"lr": LOGISTIC}}, "combines two or more"),
        ({"steps": [LOGISTIC], "estimators": TWO}, "`estimators` are of sklearn.ensemble.Stacking"),
        ({"steps": [VOTING], "estimators": {**TWO, "x": "os.system"}}, "os.system is not allowed"),
        ({"steps": [VOTING], "estimators": {**TWO, "a__b": BAYES}}, "should match pattern"),
        (
            {"steps": [VOTING], "estimators": TWO, "parameters": {"lr__n_jobs": 2}},
            "no parameter `n_jobs`",
        ),
        ({"steps": ["imblearn.FunctionSampler", LOGISTIC]}, "FunctionSampler is not allowed"),
    ],
)
def test_what_may_not_be_declared_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Candidate.model_validate(given)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"steps": [VOTING], "estimators": {**TWO, "svr": "sklearn.svm.SVR"}},
            r"estimators\.svr: sklearn\.svm\.SVR: the last one is a classifier",
        ),
        (
            {
                "steps": [VOTING],
                "estimators": {**TWO, "x": ["imblearn.over_sampling.SMOTE", LOGISTIC]},
            },
            "samplers are among the `steps` of a candidate alone",
        ),
        (
            {"steps": [VOTING], "estimators": TWO, "parameters": {"rf__max_depth": 3}},
            "VotingClassifier has no parameter `rf__max_depth`.* given are .*lr__C",
        ),
        ({"steps": [LOGISTIC, "sklearn.ensemble.IsolationForest"]}, "transforms nothing"),
        ({"steps": ["sklearn.ensemble.IsolationForest"]}, "gives no probabilities"),
        ({"steps": ["imblearn.over_sampling.SMOTE"]}, "gives no probabilities"),
        ({"steps": ["imblearn.over_sampling.SMOTENC", LOGISTIC]}, "can't be a step, for it needs"),
    ],
)
def test_what_cannot_be_built_says_why(given: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainingError, match=words):
        built(given)


def test_rows_that_were_let_through_are_learned_from_with_their_weight(
    cards: Job, caplog: pytest.LogCaptureFixture
) -> None:
    rows = cards.split.train.take(slice(0, 600))
    weight = np.where(np.arange(600) % 7 == 0, 20.0, 1.0)
    weight[1] = 0  # blocked, and labelled by a review
    weighted = replace(rows, weight=weight)

    def scores(step: str, of: Rows) -> np.ndarray:
        case = with_candidates(cards.case, {"one": Candidate(steps=(step,))})
        return fitted(case, "one", of, {}, seed=0).predict_proba(rows.features)[:, 1]

    again = rows.take(np.repeat(np.arange(600), np.maximum(weight, 1).astype(int)))
    np.testing.assert_allclose(scores(BAYES, weighted), scores(BAYES, again), atol=1e-4)
    assert np.abs(scores(BAYES, weighted) - scores(BAYES, rows)).max() > 0.01
    assert not caplog.messages
    scores("sklearn.neighbors.KNeighborsClassifier", weighted)
    assert "candidate one takes no weights of rows" in caplog.text


def test_rows_weigh_less_with_age_where_the_use_case_says_so(cards: Job) -> None:
    rows = cards.split.train.take(slice(0, 600))
    day = np.timedelta64(1, "D")
    old = np.arange(600) % 3 == 0  # two days older than the others: two half-lives
    rows = replace(
        rows, event_time=np.where(old, rows.event_time[-1] - 2 * day, rows.event_time[-1])
    )
    case = with_candidates(cards.case, {"one": Candidate(steps=(BAYES,))})

    def scores(of: Rows, half_life: timedelta | None) -> np.ndarray:
        retrain = case.retrain.model_copy(update={"half_life": half_life})
        aged = case.model_copy(update={"retrain": retrain})
        return fitted(aged, "one", of, {}, seed=0).predict_proba(rows.features)[:, 1]

    stands_for = replace(rows, weight=np.where(old, 1.0, 4.0))
    by_age = scores(rows, timedelta(days=1))
    np.testing.assert_allclose(by_age, scores(stands_for, None), atol=1e-6)
    assert np.abs(by_age - scores(rows, None)).max() > 0.01
    both = replace(rows, weight=np.where(old, 4.0, 1.0))  # what is old stands for four
    np.testing.assert_allclose(scores(both, timedelta(days=1)), scores(rows, None), atol=1e-6)
