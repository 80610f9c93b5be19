"""Every step of a candidate is reached by name; a classifier without probabilities gets some."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMClassifier
from pydantic import ValidationError
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from monitoring.training import TrainingError
from monitoring.training.pipeline import build_pipeline
from monitoring.training.trusted import dump, load
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Features

FEATURES = Features(numeric=("speed", "age"), categorical=("road",))
SCALER, MIN_MAX = "sklearn.preprocessing.StandardScaler", "sklearn.preprocessing.MinMaxScaler"
LOGISTIC = "sklearn.linear_model.LogisticRegression"
ROWS = 240


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    road = rng.choice(np.array(["town", "motorway", None], dtype=object), ROWS)
    return pd.DataFrame(
        {
            "speed": rng.normal(size=ROWS),
            "age": rng.normal(size=ROWS),
            "road": pd.array(road, dtype="str"),
        }
    )


@pytest.fixture(scope="module")
def two(table: pd.DataFrame) -> np.ndarray:
    noise = np.random.default_rng(1).normal(size=ROWS)
    return (table["speed"] + 0.5 * noise > 0.3).to_numpy().astype(np.int8)


@pytest.fixture(scope="module")
def three(table: pd.DataFrame) -> np.ndarray:
    return np.digitize(table["speed"], [-0.5, 0.5])


def built(steps: tuple[str, ...], given: dict[str, Any], **search: Any) -> Pipeline:
    return build_pipeline(Candidate(steps=steps, parameters=given), FEATURES, search, seed=0)


# Parameters by name.


def test_parameters_reach_every_step_by_the_names_of_make_pipeline() -> None:
    steps = (SCALER, MIN_MAX, SCALER, LOGISTIC)
    given = {
        "standardscaler-1__with_mean": False,
        "standardscaler-2__with_std": False,
        "minmaxscaler__clip": True,
        "columntransformer__numeric__strategy": "mean",
        "C": 0.5,
    }
    pipeline = built(steps, given, **{"logisticregression__max_iter": 70})
    taken = pipeline.get_params()
    assert {name: taken[name] for name in given if "__" in name} == {
        name: value for name, value in given.items() if "__" in name
    }
    assert taken["standardscaler-1__with_std"] is True
    assert (pipeline[-1].C, pipeline[-1].max_iter) == (0.5, 70)


def test_a_searched_value_comes_before_a_fixed_one_whatever_it_is_called() -> None:
    assert built((LOGISTIC,), {"C": 1}, logisticregression__C=2)[-1].C == 2
    assert built((LOGISTIC,), {"logisticregression__C": 1}, C=2)[-1].C == 2
    svc = built(("sklearn.svm.SVC",), {"C": 1}, calibratedclassifiercv__estimator__C=2)
    assert svc[-1].estimator.C == 2


def test_lightgbm_trains_the_same_by_set_parameters_as_by_constructed_ones(
    table: pd.DataFrame, two: np.ndarray
) -> None:
    numbers = table[["speed", "age"]].to_numpy()
    by_hand = LGBMClassifier(n_estimators=8, num_leaves=5, min_child_weight=1.0, verbosity=-1,
                             random_state=0, deterministic=True, force_col_wise=True)  # fmt: skip
    given = {"n_estimators": 8, "num_leaves": 5, "min_child_weight": 1.0}
    ours = build_pipeline(
        Candidate(steps=("lightgbm.LGBMClassifier",), parameters=given),
        Features(numeric=("speed", "age")), {}, seed=0,
    )  # fmt: skip
    np.testing.assert_array_equal(
        ours.fit(table[["speed", "age"]], two).predict_proba(table),
        by_hand.fit(numbers, two).predict_proba(numbers),
    )


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"standardscaler__C": 1}, "`standardscaler__C`.* given are standardscaler__with_mean, "),
        ({"standardscaler-1__clip": True}, "LogisticRegression has no parameter `standardscaler-1"),
        ({"degree": 2}, "LogisticRegression has no parameter `degree`: .* are max_iter, .*C"),
        ({"C": 1, "logisticregression__C": 2}, "`C` and `logisticregression__C` are one parameter"),
        ({"calibratedclassifiercv__cv": 4}, "no step `calibratedclassifiercv`: the steps are "),
    ],
)
def test_a_name_that_leads_nowhere_is_an_error_that_says_what_may_be_given(
    given: dict[str, Any], words: str
) -> None:
    with pytest.raises(TrainingError, match=words):
        built((SCALER, LOGISTIC), given)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("standardscaler__copy", False, "no parameter `copy`"),
        ("logisticregression__n_jobs", 64, "no parameter `n_jobs`"),
        ("calibratedclassifiercv__estimator__verbose", True, "no parameter `verbose`"),
        ("calibratedclassifiercv__estimator__C", 1e12, "calibratedclassifiercv__estimator__C must"),
        ("polynomialfeatures-2__degree", 4, "degree must be a whole number from 1 to 3"),
        ("standardscaler", "passthrough", "no parameter `standardscaler`"),
        ("steps", [], "no parameter `steps`"),
    ],
)
def test_the_allow_list_and_its_limits_hold_for_every_step(
    name: str, value: object, words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        Candidate(steps=(SCALER, LOGISTIC), parameters={name: value})
    with pytest.raises(ValidationError, match=words):
        Candidate(steps=(SCALER, LOGISTIC), search={name: [value]})


# Classifiers without probabilities.

MARGINS = {
    "sklearn.svm.SVC": {},
    "sklearn.svm.LinearSVC": {"C": 0.5},
    "sklearn.linear_model.SGDClassifier": {"loss": "hinge"},
    "sklearn.linear_model.RidgeClassifier": {"calibratedclassifiercv__method": "isotonic"},
    "sklearn.linear_model.Perceptron": {"calibratedclassifiercv__method": "temperature"},
}


@pytest.mark.parametrize("path", sorted(MARGINS))
@pytest.mark.parametrize("target", ["two", "three"])
def test_a_margin_is_calibrated_and_its_probabilities_are_equal_after_saving_and_loading(
    path: str,
    target: str,
    table: pd.DataFrame,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    truth = request.getfixturevalue(target)
    pipeline = built((SCALER, path), MARGINS[path]).fit(table, truth)
    dump(pipeline, tmp_path / "model.skops")
    given = load(tmp_path / "model.skops").predict_proba(table)
    np.testing.assert_array_equal(given, pipeline.predict_proba(table))
    np.testing.assert_allclose(given.sum(axis=1), 1)
    means = [given[truth == one].mean(axis=0)[one] - given[:, one].mean() for one in set(truth)]
    assert min(means) > 0


def test_a_calibrated_margin_is_that_of_scikit_learn_by_hand(
    table: pd.DataFrame, three: np.ndarray
) -> None:
    numbers = table[["speed", "age"]]
    ours = build_pipeline(
        Candidate(steps=(SCALER, "sklearn.svm.SVC"), parameters={"C": 0.7}),
        Features(numeric=("speed", "age")), {}, seed=0,
    )  # fmt: skip
    calibrated = CalibratedClassifierCV(SVC(C=0.7), cv=3, ensemble=False)
    by_hand = make_pipeline(StandardScaler(), calibrated)
    np.testing.assert_allclose(
        ours.fit(numbers, three).predict_proba(numbers),
        by_hand.fit(numbers, three).predict_proba(numbers),
        rtol=1e-9,
    )


def test_what_has_probabilities_is_left_as_it_is() -> None:
    logistic = built(("sklearn.linear_model.SGDClassifier",), {"loss": "log_loss"})
    assert type(logistic[-1]).__name__ == "SGDClassifier"
