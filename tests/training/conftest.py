"""Candidates that train in moments, and what one of them trained."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitoring.rows.rows import Rows
from monitoring.training.registry import Registry
from monitoring.training.search import SearchResult, search
from monitoring.training.split import DataSplit, is_held_back, split_in_time
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase
from monitoring.use_case_candidate import Candidate

_SCALER = "sklearn.preprocessing.StandardScaler"
QUICK = {
    "logistic_regression": Candidate(
        steps=(_SCALER, "sklearn.linear_model.LogisticRegression"),
        parameters={"max_iter": 500},
        search={"C": [0.1, 1.0]},
    ),
    "random_forest": Candidate(
        steps=("sklearn.ensemble.RandomForestClassifier",),
        parameters={"n_estimators": 10, "min_samples_leaf": 5},
    ),
    "hist_gradient_boosting": Candidate(
        steps=("sklearn.ensemble.HistGradientBoostingClassifier",), parameters={"max_iter": 10}
    ),
    "xgboost": Candidate(steps=("xgboost.XGBClassifier",), parameters={"n_estimators": 10}),
    "lightgbm": Candidate(steps=("lightgbm.LGBMClassifier",), parameters={"n_estimators": 10}),
    "mlp": Candidate(
        steps=(_SCALER, "sklearn.neural_network.MLPClassifier"),
        parameters={
            "hidden_layer_sizes": [8],
            "early_stopping": True,
            "tol": 0.05,
            "n_iter_no_change": 2,
        },
    ),
}


def with_candidates(case: UseCase, candidates: dict[str, Candidate]) -> UseCase:
    """Return the use case with other candidates."""
    return case.model_copy(update={"candidates": candidates})


@dataclass(frozen=True)
class Job:
    """A use case with its rows, cut in time, and what its logistic regression came to."""

    case: UseCase
    rows: Rows
    split: DataSplit
    searched: SearchResult
    trained: Trained


def job(case: UseCase, rows: Rows, *, held_back: float = 0.0) -> Job:
    """Search and train the quick logistic regression on what is not held back."""
    quick, name = with_candidates(case, QUICK), "logistic_regression"
    rows = rows.take(~is_held_back(rows, quick.split, held_back))
    split = split_in_time(rows, quick.split)
    searched = search(quick, name, split.train, seed=0)
    trained = train(quick, name, split, searched, data_hash="d" * 64, seed=0, held_back=held_back)
    return Job(quick, rows, split, searched, trained)


@pytest.fixture(scope="session")
def cards(fraud_case: UseCase, card_rows: Rows) -> Job:
    """The fraud use case, trained on every other payment of ten days."""
    return job(fraud_case, card_rows.take(slice(None, None, 2)))


@pytest.fixture(scope="session")
def survey(student_case: UseCase, survey_rows: Rows) -> Job:
    """The student use case, with words among its features and neither amounts nor times."""
    return job(student_case, survey_rows)


@pytest.fixture
def registry(mlflow_tables: Path, tmp_path: Path) -> Registry:
    """A registry of its own, without a server."""
    shutil.copy(mlflow_tables, tmp_path / "mlflow.db")
    return Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path / "artifacts")
