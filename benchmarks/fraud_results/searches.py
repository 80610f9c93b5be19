"""The grid, points at random and Optuna, each with the same processor time."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from sklearn.model_selection import ParameterGrid

from benchmarks.fraud_results.cards import Cards
from benchmarks.fraud_results.cuts import Cut
from benchmarks.fraud_results.experiments import RAW, on, xgb
from benchmarks.fraud_results.run import Scored, averaged, fitted_once, out_of_fold
from benchmarks.fraud_results.store import Kept

SECONDS = 60.0
"""Processor time of a search; a point that is begun within it is finished."""

GRID: dict[str, list[Any]] = {
    "max_depth": [3, 6],
    "scale_pos_weight": [1, 10],
    "learning_rate": [0.05, 0.1],
    "colsample_bytree": [0.5, 1.0],
}
_MAKE = on(RAW, xgb)

Propose = Callable[[int], Generator[dict[str, Any], float, None]]
"""Yields points of a seed, and is sent how well each of them did."""


@dataclass(frozen=True)
class Search:
    """A way to choose points."""

    name: str
    propose: Propose


def run_search(search: Search, cards: Cards, cut: Cut, seed: int) -> tuple[Scored, int]:
    """Search on a cut's folds, fit the best point, score the test rows; and count the points."""
    tried: list[tuple[Kept, dict[str, Any]]] = []
    points = search.propose(seed)
    point: dict[str, Any] | None = next(points)
    while point is not None and sum(found.cpu for found, _ in tried) < SECONDS:
        found = out_of_fold(_MAKE, point, 0, cards, cut)
        tried.append((found, point))
        point = _next(points, averaged(cards, cut, found.scores))
    best, point = max(tried, key=lambda one: averaged(cards, cut, one[0].scores))
    cpu = sum(found.cpu for found, _ in tried)
    inner = averaged(cards, cut, best.scores)
    final = fitted_once(_MAKE, point, 0, cards, cut)
    tune, test = np.split(final.scores, [0 if cut.tune is None else len(cut.tune)])
    return Scored(point, inner, best.scores, tune, test, cpu), len(tried)


def _next(points: Generator[dict[str, Any], float, None], inner: float) -> dict[str, Any] | None:
    try:
        return points.send(inner)
    except StopIteration:
        return None


def _grid(seed: int) -> Generator[dict[str, Any], float, None]:
    """Go through the grid in an order drawn at random, for time may end it."""
    points = list(ParameterGrid(GRID))
    for place in np.random.default_rng(seed).permutation(len(points)).tolist():
        yield points[place]


def _at_random(seed: int) -> Generator[dict[str, Any], float, None]:
    return _optuna(optuna.samplers.RandomSampler(seed=seed))


def _tpe(seed: int) -> Generator[dict[str, Any], float, None]:
    # Its usual ten points at random would be most of what the time allows.
    return _optuna(optuna.samplers.TPESampler(seed=seed, n_startup_trials=4))


def _optuna(sampler: optuna.samplers.BaseSampler) -> Generator[dict[str, Any], float, None]:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=sampler)
    while True:
        trial = study.ask()
        inner = yield {
            "max_depth": trial.suggest_int("max_depth", 3, 9),
            "scale_pos_weight": trial.suggest_float("scale_pos_weight", 1, 100, log=True),
            "learning_rate": trial.suggest_float("learning_rate", 0.02, 0.2, log=True),
            "colsample_bytree": trial.suggest_float("colsample_bytree", 0.3, 1.0),
            "subsample": trial.suggest_float("subsample", 0.6, 1.0),
            "min_child_weight": trial.suggest_float("min_child_weight", 0.1, 10, log=True),
            "reg_lambda": trial.suggest_float("reg_lambda", 0.1, 30, log=True),
        }
        study.tell(trial, inner)


SEARCHES = (
    Search("grid of 16", _grid),
    Search("at random", _at_random),
    Search("Optuna (TPE)", _tpe),
)
