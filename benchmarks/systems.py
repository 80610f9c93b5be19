"""Tocsin beside scikit-learn run by hand, same rows and splits: docs/explanation/systems.md.

By hand means: nothing of Tocsin's below the split. Pipelines, folds, the search and the figures are
written here with scikit-learn alone. Accuracy is given twice, by scikit-learn's own decision and at
the calibration and threshold that Tocsin chose by cost.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)
from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_validate
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC

from benchmarks.accident_tables import REAL, real_tables, write
from benchmarks.real_data import wanted_folder
from benchmarks.table import table
from monitoring.rows.rows import Rows
from monitoring.sources.source import read_source
from monitoring.training.run_record import metrics
from monitoring.training.search import SearchResult, search
from monitoring.training.split import DataSplit, split_rows
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case

PEOPLE = 8_000
"""People of the real accidents of 2024 that the study takes, drawn at random: SVC shall end."""

_SEED = 0
_STATE = 42
_WEIGHTED = ("accuracy", "f1_weighted", "precision_weighted", "recall_weighted")


@dataclass(frozen=True, eq=False)
class Own:
    """What Tocsin makes of a candidate."""

    case: UseCase
    split: DataSplit
    searched: SearchResult
    trained: Trained

    @property
    def figures(self) -> dict[str, float]:
        """Its figures as MLflow gets them."""
        return metrics(self.case, self.trained)

    @property
    def truth(self) -> np.ndarray[Any, Any]:
        """True classes of the test part, as places."""
        return self.split.test.truth


def own(case: UseCase, name: str, rows: Rows) -> Own:
    """Search and train a candidate as a retrain does."""
    split = split_rows(rows, case.split)
    searched = search(case, name, split.train, seed=_SEED)
    trained = train(case, name, split, searched, data_hash="", seed=_SEED)
    return Own(case, split, searched, trained)


def searched_by_hand(
    pipeline: Pipeline, grid: Mapping[str, list[Any]], part: Rows, folds: int, watched: int
) -> Pipeline:
    """Return the best of a grid, by average precision of the watched class, fitted on the part."""

    def precision(model: Pipeline, rows: pd.DataFrame, truth: np.ndarray[Any, Any]) -> float:
        scores = model.predict_proba(rows)[:, watched]
        return float(average_precision_score(truth == watched, scores))

    found = GridSearchCV(
        pipeline,
        dict(grid),
        scoring=precision,
        cv=StratifiedKFold(folds, shuffle=True, random_state=_STATE),
    )
    found.fit(part.features, part.truth)
    best: Pipeline = found.best_estimator_
    return best


def accuracy_lines() -> Iterator[tuple[str, ...]]:
    """Yield accuracy on the test part of ads_clicks and iris, by Tocsin and by hand."""
    case = find_use_case("iris")
    rows = read_source(case, Path("nowhere")).rows
    mine = own(case, "random_forest", rows)
    forest = make_pipeline(RandomForestClassifier(n_estimators=100, n_jobs=2, random_state=_SEED))
    grid = {"randomforestclassifier__max_depth": [3, None]}
    hand = searched_by_hand(forest, grid, mine.split.train, case.split.folds, watched=2)
    yield _accuracy_line("iris, random forest", mine, hand, _decided_of_three)
    for name, mine, hand in _ads():
        yield _accuracy_line(f"ads_clicks, {name}", mine, hand, _decided_of_two)


def _accuracy_line(
    name: str, mine: Own, hand: Pipeline, decided: Callable[[Own, Pipeline], Any]
) -> tuple[str, ...]:
    test = mine.split.test
    plain = (
        accuracy_score(mine.truth, mine.trained.model.pipeline.classifier.predict(test.features)),
        accuracy_score(mine.truth, hand.predict(test.features)),
    )
    at_cost = (mine.figures["test_accuracy"], accuracy_score(mine.truth, decided(mine, hand)))
    figures = [f"{one:.4f}" for one in (*plain, *at_cost)]
    equal = plain[0] == plain[1] and abs(at_cost[0] - at_cost[1]) < 1e-12
    return (name, f"{len(test):,}", *figures, "yes" if equal else "NO")


def _decided_of_two(mine: Own, hand: Pipeline) -> Any:
    model = mine.trained.model
    raw = hand.predict_proba(mine.split.test.features)[:, 1]
    return (model.pipeline.calibration.predict(raw) >= model.threshold).astype(int)


def _decided_of_three(mine: Own, hand: Pipeline) -> Any:
    """Return virginica where its calibrated probability reaches the threshold."""
    model = mine.trained.model
    raw = hand.predict_proba(mine.split.test.features)
    alarmed = model.pipeline.calibration.predict(raw[:, 2]) >= model.threshold
    return np.where(alarmed, 2, raw[:, :2].argmax(axis=1))


def _ads() -> Iterator[tuple[str, Own, Pipeline]]:
    """Yield both candidates for clicks, with what stands for each by hand."""
    case = find_use_case("ads_clicks")
    folder = wanted_folder("advertising.csv")
    if folder is None:
        return
    rows = read_source(case, folder).rows
    numeric = [name for name in rows.features if name != "Ad Topic Line"]
    for name, words in (("logistic_regression", []), ("with_text", ["text"])):
        mine = own(case, name, rows)
        columns = ColumnTransformer(
            [
                ("numeric", "passthrough", numeric),
                *[(one, TfidfVectorizer(), "Ad Topic Line") for one in words],
            ],
            sparse_threshold=0,
        )
        hand = make_pipeline(
            columns, MinMaxScaler(), StandardScaler(), LogisticRegression(max_iter=1000)
        )
        grid = {"logisticregression__C": case.candidates[name].points.space["C"]}
        folds = case.split.folds
        yield name, mine, searched_by_hand(hand, grid, mine.split.train, folds, watched=1)


def text_lines() -> Iterator[tuple[str, ...]]:
    """Yield figures of the test part with the words of the advertisement and without."""
    for name, mine, _ in _ads():
        model, test = mine.trained.model, mine.split.test
        scores = model.score(test.features)
        decided = scores >= model.threshold
        cv = mine.figures
        yield (
            name,
            f"C {mine.searched.parameters['C']}",
            *(
                f"{figure(mine.truth, decided):.3f}"
                for figure in (accuracy_score, precision_score, recall_score, f1_score)
            ),
            f"{roc_auc_score(mine.truth, scores):.4f}",
            f"{cv['cv_accuracy']:.3f}",
            f"{cv['search_pr_auc']:.4f}",
        )


def accident_lines() -> Iterator[tuple[str, ...]]:
    """Yield figures of cross-validation for accidents, by Tocsin and by `cross_validate`."""
    if wanted_folder("accidents_2024/lieux.parquet") is None:
        return
    case = find_use_case("accidents")
    with tempfile.TemporaryDirectory() as folder:
        write(real_tables(), REAL, Path(folder) / "accidents")
        rows = read_source(case, Path(folder)).rows
    drawn = np.sort(np.random.default_rng(_SEED).choice(len(rows), PEOPLE, replace=False))
    part = split_rows(rows.take(drawn), case.split).train
    for name, make in (("svc", _svc), ("mlp", _mlp), ("random_forest", _forest)):
        searched = search(case, name, part, seed=_SEED)
        hand = cross_validate(
            make(case, searched.parameters),
            part.features,
            part.truth,
            cv=StratifiedKFold(case.split.folds, shuffle=True, random_state=_STATE),
            scoring=list(_WEIGHTED),
        )
        pairs = [(searched.figures[f"cv_{one}"], hand[f"test_{one}"].mean()) for one in _WEIGHTED]
        equal = all(abs(mine - other) < 1e-12 for mine, other in pairs)
        yield (
            name,
            *(f"{mine:.4f} / {other:.4f}" for mine, other in pairs),
            "yes" if equal else "NO",
        )


def _spread(case: UseCase) -> ColumnTransformer:
    """Return columns of numbers without missing ones, and one column per category."""
    numeric, categorical = case.columns.features.numeric, case.columns.features.categorical
    imputer = SimpleImputer(strategy="median", add_indicator=True, keep_empty_features=True)
    spread = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=50, sparse_output=False
    )
    return ColumnTransformer(
        [("numeric", imputer, list(numeric)), ("categorical", spread, list(categorical))]
    )


def _svc(case: UseCase, chosen: Mapping[str, Any]) -> Pipeline:
    scaler = StandardScaler(with_std=chosen["standardscaler__with_std"])
    return make_pipeline(_spread(case), scaler, SVC(C=chosen["C"], random_state=_SEED))


def _mlp(case: UseCase, chosen: Mapping[str, Any]) -> Pipeline:
    network = MLPClassifier(
        hidden_layer_sizes=[32],
        max_iter=60,
        early_stopping=True,
        alpha=chosen["alpha"],
        random_state=_SEED,
    )
    return make_pipeline(_spread(case), StandardScaler(), network)


def _forest(case: UseCase, chosen: Mapping[str, Any]) -> Pipeline:
    numeric, categorical = case.columns.features.numeric, case.columns.features.categorical
    ordinal = OrdinalEncoder(
        handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan
    )
    columns = ColumnTransformer(
        [("numeric", "passthrough", list(numeric)), ("categorical", ordinal, list(categorical))]
    )
    forest = RandomForestClassifier(
        n_estimators=100,
        class_weight="balanced_subsample",
        min_samples_leaf=chosen["min_samples_leaf"],
        n_jobs=2,
        random_state=_SEED,
    )
    return make_pipeline(columns, forest)


def main() -> None:
    """Print the tables."""
    table(
        (
            "accuracy of the test part",
            "rows",
            "own decision, Tocsin",
            "by hand",
            "at the threshold, Tocsin",
            "by hand",
            "equal",
        ),
        accuracy_lines(),
    )
    table(
        (
            "ads_clicks",
            "chosen",
            "accuracy",
            "precision",
            "recall",
            "F1",
            "ROC AUC",
            "cv accuracy",
            "cv PR-AUC",
        ),
        text_lines(),
    )
    table(
        (f"accidents, {PEOPLE:,} people of 2024", *(f"cv_{one}" for one in _WEIGHTED), "equal"),
        accident_lines(),
    )


if __name__ == "__main__":
    main()
