"""Figures of cross-validation are scikit-learn's, and select where a use case says so."""

from typing import Any, get_args

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import precision_score
from sklearn.model_selection import StratifiedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.svm import SVC

from monitoring.rows.rows import Rows
from monitoring.training.candidate_rows import candidate_rows
from monitoring.training.cv_figures import cv_figures
from monitoring.training.pipeline import fitted
from monitoring.training.run_record import metrics, parameters
from monitoring.training.search import search
from monitoring.training.selection import Contender, select
from monitoring.training.split import split_rows
from monitoring.training.train import train
from monitoring.use_case import CvFigure, UseCase
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Classes
from monitoring.use_case_split import Split
from tests.training.conftest import with_candidates

NAMES: tuple[str, ...] = get_args(CvFigure)
RANDOM = Split(by="random", random_state=7, train=0.7, test=0.3, folds=4)
CANDIDATES = {
    "logistic": Candidate(steps=("sklearn.preprocessing.StandardScaler",
                                 "sklearn.linear_model.LogisticRegression"),
                          parameters={"C": 0.3, "max_iter": 500}),
    "forest": Candidate(steps=("sklearn.ensemble.RandomForestClassifier",),
                        parameters={"n_estimators": 5, "max_depth": 4}),
    "svc": Candidate(steps=("sklearn.preprocessing.MinMaxScaler",
                            "sklearn.preprocessing.StandardScaler", "sklearn.svm.SVC"),
                     parameters={"C": 2.0}),
}  # fmt: skip
BY_HAND = {
    "logistic": lambda: make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), StandardScaler(),
        LogisticRegression(C=0.3, max_iter=500)),
    "forest": lambda: RandomForestClassifier(n_estimators=5, max_depth=4, random_state=0),
    "svc": lambda: make_pipeline(
        SimpleImputer(strategy="median", add_indicator=True), MinMaxScaler(), StandardScaler(),
        SVC(C=2.0)),
}  # fmt: skip


@pytest.fixture(scope="module")
def rows(card_rows: Rows) -> Rows:
    """Some payments, every ninth of them a fraud."""
    frauds = np.flatnonzero(card_rows.label == 1)[:60]
    return card_rows.take(np.union1d(frauds, np.flatnonzero(card_rows.label == 0)[:480]))


def declared(case: UseCase, **fields: Any) -> UseCase:
    return with_candidates(case, CANDIDATES).model_copy(update={"split": RANDOM, **fields})


@pytest.mark.parametrize("name", sorted(CANDIDATES))
def test_figures_are_those_of_scikit_learn_by_hand_on_the_same_folds(
    fraud_case: UseCase, rows: Rows, name: str
) -> None:
    case = declared(fraud_case, figures=NAMES)
    split = split_rows(rows, case.split)
    searched = search(case, name, split.train, seed=0)
    numbers = split.train.features[list(case.columns.features.names)].to_numpy()
    scoring = [figure.removeprefix("cv_") for figure in NAMES]
    by_hand = cross_validate(
        BY_HAND[name](), numbers, split.train.label, scoring=scoring,
        cv=StratifiedKFold(4, shuffle=True, random_state=7),
    )  # fmt: skip
    for figure in NAMES:
        wanted = by_hand[f"test_{figure.removeprefix('cv_')}"].mean()
        assert searched.figures[figure] == pytest.approx(wanted, abs=1e-12), figure


def test_by_a_split_in_time_they_are_of_the_folds_in_time(fraud_case: UseCase, rows: Rows) -> None:
    case = declared(fraud_case, figures=("cv_f1",), split=Split(folds=2))
    train_part = split_rows(rows, case.split).train
    searched = search(case, "logistic", train_part, seed=0)
    later = np.sort(searched.positions)
    half = int((later < np.median(later)).sum())
    folds = [(np.arange(part[0]), part) for part in (later[:half], later[half:]) if len(part)]
    numbers = train_part.features[list(case.columns.features.names)].to_numpy()
    by_hand = cross_validate(
        BY_HAND["logistic"](), numbers, train_part.label, scoring="f1", cv=folds
    )
    assert len(searched.positions) == pytest.approx(0.6 * len(train_part), abs=2)
    assert searched.figures["cv_f1"] == pytest.approx(by_hand["test_score"].mean(), abs=1e-12)


def test_of_more_classes_the_positive_ones_are_those_that_are_watched() -> None:
    classes = Classes(names=("low", "high", "top"), watched=("high", "top"))
    truth, decided = np.array([0, 1, 2, 2, 0]), np.array([0, 2, 0, 2, 1])
    found = cv_figures(["cv_precision", "cv_accuracy"], [(truth, decided)], classes)
    assert found == {
        "cv_precision": pytest.approx(precision_score(truth > 0, decided > 0)),
        "cv_accuracy": pytest.approx(0.4),
    }


def test_what_is_not_defined_is_0_as_for_scikit_learn() -> None:
    truth, nothing = np.array([0, 1]), np.array([0, 0])
    assert cv_figures(["cv_precision"], [(truth, nothing)], None) == {"cv_precision": 0.0}


# Selection.

WEIGHTS = {"cv_f1_weighted": 0.5, "cv_recall_weighted": 0.3, "cv_precision_weighted": 0.2}


def contender(name: str, precision: float, f1: float) -> Contender:
    figures = {"cv_f1_weighted": f1, "cv_recall_weighted": 0.5, "cv_precision_weighted": 0.5}
    return Contender(name, precision, 10.0, figures)


def test_the_highest_weighted_sum_is_selected_and_the_sentence_says_the_sums() -> None:
    choice = select(
        [contender("svc", 0.9, 0.6), contender("mlp", 0.1, 0.7)],
        currency="EUR",
        failed=["forest"],
        weights=WEIGHTS,
    )
    assert choice.candidate == "mlp"
    assert choice.words == (
        "mlp of 2 candidates by 0.5 cv_f1_weighted + 0.3 cv_recall_weighted + "
        "0.2 cv_precision_weighted: mlp 0.6000, svc 0.5500; FAILED: forest"
    )


def test_what_is_selected_by_chooses_the_point_too_and_is_logged_without_being_named(
    fraud_case: UseCase, rows: Rows
) -> None:
    grid = {"class_weight": [None, "balanced"]}
    case = declared(fraud_case, selection={"cv_recall": 1.0})
    case = with_candidates(
        case, {"one": Candidate(steps=CANDIDATES["logistic"].steps, search=grid)}
    )  # fmt: skip
    split = split_rows(rows, case.split)
    searched = search(case, "one", split.train, seed=0)
    recalls = [point.figures["cv_recall"] for point in searched.tried]
    assert searched.figures["cv_recall"] == max(recalls) > min(recalls)
    assert searched.parameters == {"class_weight": "balanced"}
    done = train(case, "one", split, searched, data_hash="", seed=0)
    assert metrics(case, done)["cv_recall"] == max(recalls)


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"cv_f2": 1}, "cv_f1"),
        ({"accuracy": 1}, "cv_accuracy"),
        ({"cv_f1": 0}, "greater than 0"),
        ({"cv_f1": True}, "a number, not true or false"),
    ],
)
def test_weights_are_of_figures_of_cross_validation_and_above_0(
    fraud_case: UseCase, weights: dict[str, object], words: str
) -> None:
    given = fraud_case.model_dump(mode="json") | {"selection": weights}
    with pytest.raises(ValidationError, match=words):
        UseCase.model_validate(given)


# Rows.


def test_a_candidate_learns_from_no_more_than_its_rows_by_class_and_says_so(
    fraud_case: UseCase, rows: Rows, caplog: pytest.LogCaptureFixture
) -> None:
    few = CANDIDATES["logistic"].model_copy(
        update={"max_rows": 180, "search": {"logisticregression__C": [0.1]}}
    )
    case = with_candidates(declared(fraud_case), {"few": few})
    split = split_rows(rows, case.split)
    with caplog.at_level("INFO"):
        searched = search(case, "few", split.train, seed=0)
    assert len(searched.positions) == 180
    assert (searched.labels == 1).sum() == 20
    assert "few: searched and fitted on 180 of 378 training rows" in caplog.text
    assert "by class 160, 20 of 336, 42" in caplog.text
    again = search(case, "few", split.train, seed=0)
    other = search(case, "few", split.train, seed=1)
    assert np.array_equal(again.positions, searched.positions)
    assert not np.array_equal(other.positions, searched.positions)
    done = train(case, "few", split, searched, data_hash="", seed=0)
    few_rows = split.learned.take(candidate_rows(case, "few", split.learned, seed=0))
    assert len(few_rows) == 180
    by_hand = fitted(case, "few", few_rows, searched.parameters, seed=0)
    probe = split.test.features
    assert np.array_equal(
        done.model.pipeline.classifier.predict_proba(probe), by_hand.predict_proba(probe)
    )
    logged = parameters(case, done)
    # What was fixed gives way to what was searched, whatever the two are called.
    assert (logged["max_rows"], logged["logisticregression__C"]) == ("180", "0.1")
    assert "C" not in logged
