"""The points that a candidate's search tries: all of a grid, drawn at random, or by Optuna."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.use_case_candidate import Range, Search

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

Point = dict[str, Any]


def try_points(search: Search, evaluate: Callable[[Point], float], *, seed: int) -> None:
    """Evaluate the points of a search; the higher its figure, the better a point.

    The same seed and figures give the same points.
    """
    if search.method == "optuna":
        _by_optuna(search, evaluate, seed)
        return
    for point in _grid(search) if search.method == "grid" else _drawn(search, seed):
        evaluate(point)


def every_value(search: Search) -> Iterator[Point]:
    """Yield points in which every value of the space, and both ends of a range, occur."""
    if search.method == "grid":
        yield from _grid(search)
        return
    ends = {
        name: [values.low, values.high] if isinstance(values, Range) else values
        for name, values in search.space.items()
    }
    first = {name: values[0] for name, values in ends.items()}
    for name, values in ends.items():
        yield from ({**first, name: value} for value in values)


def _grid(search: Search) -> Iterator[Point]:
    from sklearn.model_selection import ParameterGrid

    yield from ParameterGrid(search.space)


def _drawn(search: Search, seed: int) -> Iterator[Point]:
    from sklearn.model_selection import ParameterGrid, ParameterSampler

    space: dict[str, Any] = {
        name: _Uniform(values) if isinstance(values, Range) else values
        for name, values in search.space.items()
    }
    trials = search.size
    if all(isinstance(values, list) for values in space.values()):
        trials = min(trials, len(ParameterGrid(space)))
    yield from ParameterSampler(space, trials, random_state=seed)


class _Uniform:
    """A distribution as scikit-learn draws from it."""

    def __init__(self, values: Range) -> None:
        self._range = values

    def rvs(self, random_state: np.random.RandomState) -> float:
        low, high = self._range.low, self._range.high
        # A whole number has the room of half a step on both sides.
        room = 0.5 if self._range.whole else 0.0
        ends = np.array([low - room, high + room])
        if self._range.log:
            drawn = float(np.exp(random_state.uniform(*np.log(ends))))
        else:
            drawn = float(random_state.uniform(*ends))
        return min(max(round(drawn) if self._range.whole else drawn, low), high)


def _by_optuna(search: Search, evaluate: Callable[[Point], float], seed: int) -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    space = {name: _distribution(values) for name, values in search.space.items()}
    known: dict[str, float] = {}
    for _ in range(search.size):
        trial = study.ask(space)
        point = {
            name: drawn if isinstance(values := search.space[name], Range) else values[drawn]
            for name, drawn in trial.params.items()
        }
        key = json.dumps(point, default=str)
        if key not in known:  # a small space is drawn from more often than it has points
            known[key] = evaluate(point)
        study.tell(trial, known[key])


def _distribution(values: list[Any] | Range) -> BaseDistribution:
    from optuna.distributions import (
        CategoricalDistribution,
        FloatDistribution,
        IntDistribution,
    )

    if not isinstance(values, Range):
        # By place: what is no number, word or flag would not be a choice of Optuna's.
        return CategoricalDistribution(range(len(values)))
    if values.whole:
        return IntDistribution(int(values.low), int(values.high), log=values.log)
    return FloatDistribution(values.low, values.high, log=values.log)
