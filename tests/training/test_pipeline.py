"""A candidate's steps get the preprocessing they need, and say what is wrong with them."""

import numpy as np
import pandas as pd
import pytest

from monitoring.training import TrainingError
from monitoring.training.pipeline import build_pipeline, check_candidates
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Features
from monitoring.use_case_file import find_use_case
from tests.training.conftest import QUICK, with_candidates

FEATURES = Features(numeric=("size", "empty"), categorical=("colour",))
LABELS = np.arange(300) % 2


def frame(rows: int = 300) -> pd.DataFrame:
    """Numbers with gaps, one column without any value, words with gaps."""
    rng = np.random.default_rng(0)
    size = LABELS[:rows] + rng.normal(size=rows)
    size[::10] = np.nan
    colour = rng.choice(np.array(["red", "green", None], dtype=object), rows)
    return pd.DataFrame(
        {"size": size, "empty": np.full(rows, np.nan), "colour": pd.array(colour, dtype="str")}
    )


@pytest.mark.parametrize("name", sorted(QUICK))
def test_missing_and_unseen_values_are_scored_by_every_kind_of_candidate(name: str) -> None:
    table = frame()
    if name == "hist_gradient_boosting":  # scikit-learn's own can't bin a column without values
        table.loc[0, "empty"] = 1.0
    pipeline = build_pipeline(QUICK[name], FEATURES, {}, seed=0).fit(table, LABELS)
    strange = pd.DataFrame(
        {
            "size": [np.nan, 1.0, 1.0],
            "empty": [1.0, np.nan, 2.0],
            "colour": pd.array(["never seen", None, "red"], dtype="str"),
        }
    )
    scores = pipeline.predict_proba(strange)[:, 1]
    assert np.isfinite(scores).all()
    assert ((scores >= 0) & (scores <= 1)).all()


def test_a_missing_number_is_told_from_the_median_it_is_replaced_by() -> None:
    table = frame()
    table["size"] = np.where(LABELS == 1, np.nan, 0.0)  # the gap itself is the signal
    pipeline = build_pipeline(QUICK["logistic_regression"], FEATURES, {}, seed=0)
    scores = pipeline.fit(table, LABELS).predict_proba(table)[:, 1]
    assert scores[LABELS == 1].min() > scores[LABELS == 0].max()


def test_many_categories_do_not_become_as_many_columns() -> None:
    words = pd.array([f"town {i % 250}" for i in range(300)], dtype="str")
    features = Features(categorical=("town",))
    pipeline = build_pipeline(QUICK["logistic_regression"], features, {}, seed=0)
    pipeline.fit(pd.DataFrame({"town": words}), LABELS)
    assert pipeline[-1].coef_.shape == (1, 50)


def test_the_same_seed_gives_the_same_model() -> None:
    for name in ("random_forest", "lightgbm", "xgboost", "mlp"):
        scores = [
            build_pipeline(QUICK[name], FEATURES, {}, seed=3)
            .fit(frame(), LABELS)
            .predict_proba(frame())
            for _ in range(2)
        ]
        # The forest's threads add its trees up in the order in which they end.
        np.testing.assert_allclose(*scores, rtol=1e-12, err_msg=name)


@pytest.mark.parametrize(
    ("candidate", "parameters", "words"),
    [
        (Candidate(steps=("sklearn.ensemble.Nope",)), {}, "Nope is not an estimator"),
        (Candidate(steps=("sklearn.ensemble.typing",)), {}, "typing is not an estimator"),
        (QUICK["logistic_regression"], {"depth": 3}, "`depth`.* are max_iter, .*class_weight"),
        (QUICK["lightgbm"], {"min_samples_leaf": 3}, "did you mean `min_child_samples`"),
        (QUICK["xgboost"], {"min_child_samples": 3}, "no parameter `min_child_samples`"),
        (Candidate(steps=("sklearn.svm.SVR",)), {}, "gives no probabilities"),
        (Candidate(steps=("sklearn.svm.OneClassSVM",)), {}, "gives no probabilities"),
        (Candidate(steps=("sklearn.feature_selection.RFE",)), {}, "can't be a step"),
        (
            Candidate(steps=("sklearn.naive_bayes.GaussianNB", "sklearn.naive_bayes.GaussianNB")),
            {},
            "transforms nothing",
        ),
    ],
)
def test_a_candidate_that_cannot_be_made_says_why(
    candidate: Candidate, parameters: dict[str, object], words: str
) -> None:
    with pytest.raises(TrainingError, match=words):
        build_pipeline(candidate, FEATURES, parameters, seed=0)


def test_every_candidate_that_cannot_be_built_is_named_without_fitting_any() -> None:
    fraud = find_use_case("fraud")
    check_candidates(fraud)
    broken = {
        "forest": Candidate(steps=("sklearn.ensemble.RandomForestRegressor",)),
        "boosted": Candidate(steps=("lightgbm.LGBMClassifier",), search={"tol": [0.1]}),
    }
    with pytest.raises(TrainingError, match=r"candidates\.forest: (?s:.*)candidates\.boosted: "):
        check_candidates(with_candidates(fraud, {**QUICK, **broken}))
