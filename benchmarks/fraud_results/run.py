"""An experiment on a cut. Its grid is searched by the folds; then it is fitted once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import average_precision_score
from sklearn.model_selection import ParameterGrid

from benchmarks.fraud_results.cards import Cards
from benchmarks.fraud_results.cuts import Cut, Places
from benchmarks.fraud_results.store import Kept, kept

Floats = NDArray[np.float64]
Point = Mapping[str, Any]
Make = Callable[[Point, int], BaseEstimator]
"""Makes an estimator, not yet fitted, of a point of the grid and a seed."""


@dataclass(frozen=True)
class Experiment:
    """One way to detect frauds.

    Attributes
    ----------
    grid
        Searched by the cut's folds; its best point is fitted on all rows to learn from.
    """

    name: str
    family: str
    make: Make
    grid: Mapping[str, list[Any]]
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Scored:
    """What an experiment scored on one cut.

    Attributes
    ----------
    inner
        Average precision out of fold, averaged over folds by their positives.
    folds
        Out-of-fold scores, the folds one after the other.
    tune
        Of the cut's rows that choose the threshold; empty where the folds do.
    test
        Of the test rows.
    cpu
        Seconds of processor time, all fits together.
    """

    point: Point
    inner: float
    folds: Floats
    tune: Floats
    test: Floats
    cpu: float


def run(experiment: Experiment, cards: Cards, cut: Cut) -> Scored:
    """Return what an experiment scored on a cut."""
    make = experiment.make
    points = list(ParameterGrid(dict(experiment.grid)))
    tried = [out_of_fold(make, point, experiment.seed, cards, cut) for point in points]
    inner = [averaged(cards, cut, found.scores) for found in tried]
    best = int(np.argmax(inner))
    final = fitted_once(make, points[best], experiment.seed, cards, cut)
    tune, test = np.split(final.scores, [0 if cut.tune is None else len(cut.tune)])
    cpu = sum(found.cpu for found in tried) + final.cpu
    return Scored(points[best], inner[best], tried[best].scores, tune, test, cpu)


def out_of_fold(make: Make, point: Point, seed: int, cards: Cards, cut: Cut) -> Kept:
    """Return the scores of the folds' rows, each by a model that did not learn from them."""

    def scores() -> Floats:
        return np.concatenate(
            [_scores(make(point, seed), cards, fold.learn, fold.score) for fold in cut.folds]
        )

    return kept(f"folds of {cut.name} {len(cut.learn)}: {_told(make(point, seed))}", scores)


def fitted_once(make: Make, point: Point, seed: int, cards: Cards, cut: Cut) -> Kept:
    """Return the scores of the rows that choose the threshold, then those of the test rows.

    As in the product, what scores the test rows has learned from those that chose the threshold.
    """
    model = make(point, seed)

    def scores() -> Floats:
        test = _scores(make(point, seed), cards, cut.learned, cut.test)
        if cut.tune is None:
            return test
        return np.concatenate([_scores(model, cards, cut.learn, cut.tune), test])

    return kept(f"test of {cut.name} {len(cut.learned)}: {_told(model)}", scores)


def by_fold(cards: Cards, cut: Cut, scores: Floats) -> list[float]:
    """Return the average precision of each fold."""
    ends = np.cumsum([len(fold.score) for fold in cut.folds])[:-1]
    return [
        float(average_precision_score(cards.label[fold.score], own))
        for fold, own in zip(cut.folds, np.split(scores, ends), strict=True)
    ]


def averaged(cards: Cards, cut: Cut, scores: Floats) -> float:
    """Return the average precision of the folds, averaged by their positives."""
    frauds = [int(cards.label[fold.score].sum()) for fold in cut.folds]
    return float(np.average(by_fold(cards, cut, scores), weights=frauds))


def _scores(model: BaseEstimator, cards: Cards, learn: Places, score: Places) -> Floats:
    model.fit(cards.columns.iloc[learn], cards.label[learn])
    found = model.predict_proba(cards.columns.iloc[score])[:, 1]
    return np.asarray(found, dtype=np.float64)


def _told(model: BaseEstimator) -> str:
    """Return every parameter of an estimator and of its parts; its `repr` leaves long ones out."""
    parameters = model.get_params(deep=True).items()
    plain = [(name, value) for name, value in parameters if not hasattr(value, "get_params")]
    parts = [f"{name} {type(value).__name__}" for name, value in parameters]
    return f"{type(model).__name__} {parts} {sorted((name, str(value)) for name, value in plain)}"
