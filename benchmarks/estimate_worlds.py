"""Models, rows they were not trained on, and windows that drift, to estimate figures of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.random import Generator
from numpy.typing import NDArray

from benchmarks.real_data import wanted_folder
from monitoring.performance.scorecard import Scorecard, scorecard
from monitoring.rows.rows import UNLABELLED, Rows
from monitoring.sources.source import read_source
from monitoring.sources.synthetic.scenarios import Scenario, drifted
from monitoring.summary.build import score_summary
from monitoring.summary.types import ScoreSummary
from monitoring.training.model import Model
from monitoring.training.search import search
from monitoring.training.split import split_in_time
from monitoring.training.train import train
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from monitoring.use_case_file import find_use_case

Drift = tuple[Scenario, ...]
"""What changes in a window: nothing, one thing, or two at once."""

DRIFTS: dict[str, Drift] = {
    "none": (),
    "covariate": (Scenario.COVARIATE,),
    "prior": (Scenario.PRIOR,),
    "mixed": (Scenario.COVARIATE, Scenario.PRIOR),
    "concept": (Scenario.CONCEPT,),
}
POINTS = {
    "logistic_regression": {"C": [0.01], "class_weight": [None]},
    "lightgbm": {"num_leaves": [7]},
}
"""Candidates of the fraud use case, each at one point of its grid."""

_WIDTH = 8


@dataclass(frozen=True, eq=False)
class Window:
    """Rows to estimate, and two windows whose labels may have come: before the drift, and since."""

    rows: Rows
    before: Rows
    since: Rows


@dataclass(frozen=True, eq=False)
class World:
    """A model with what it was validated on and tested on, and where rows like these come from.

    Attributes
    ----------
    drawn
        Returns rows with or without a drift in them, by a generator.
    """

    name: str
    case: UseCase
    model: Model
    validation: Rows
    test: Rows
    drawn: Callable[[Drift, Generator], Rows]

    def windows(self, drift: Drift, seeds: Iterable[int], each: int) -> Iterator[Window]:
        """Yield so many windows of one kind per seed."""
        for seed in seeds:
            rng = np.random.default_rng(seed)
            for _ in range(each):
                rows, before, since = (self._scored(kind, rng) for kind in (drift, (), drift))
                yield Window(rows, _slim(before), _slim(since))

    def _scored(self, drift: Drift, rng: Generator) -> Rows:
        return scored(self.model, self.drawn(drift, rng))

    def counted(self, rows: Rows, *, labels: bool = True) -> ScoreSummary:
        """Return the score histograms of rows."""
        shown = rows if labels else replace(rows, label=np.full(len(rows), UNLABELLED, np.int8))
        scores = score_summary(shown, self.model.reference.score_edges)
        assert scores is not None  # noqa: S101  it is by construction
        return scores

    def card(self, rows: Rows) -> Scorecard:
        """Return what the labels say."""
        return scorecard(
            self.counted(rows),
            threshold=self.model.threshold,
            costs=self.case.costs,
            days=1,
            min_positives=self.case.min_positives,
        )


def card_worlds(rows: int) -> Iterator[World]:
    """Yield a world a candidate: card payments in time order, windows drawn from the test part.

    Drift is planted as the replay plants it, in whole windows.
    """
    case = find_use_case("fraud")
    payments = _payments(case)
    for name in POINTS if payments is not None else ():
        assert payments is not None  # noqa: S101  it is by construction
        own, model, validation, test = _trained(case, name, payments)

        def drawn(drift: Drift, rng: Generator, test: Rows = test) -> Rows:
            some = test.take(np.sort(rng.integers(0, len(test), rows)))
            for scenario in drift:
                some = drifted(some, scenario, seed=1, from_share=0)
            return some

        yield World(f"cards, {name}", own, model, validation, test, drawn)


def synthetic_worlds(rows: int) -> Iterator[World]:
    """Yield one world per candidate: synthetic rows whose probabilities are known, 3% positives.

    Covariate drift moves three features. Prior drift takes three times as many positives from
    the same two classes. In concept drift a feature that pointed to positives points the other way.
    Mixed: the features move, and of the moved rows three times as many are positive.
    """
    fraud = find_use_case("fraud")
    names = Features(numeric=tuple(f"x{i}" for i in range(_WIDTH)))
    case = fraud.model_copy(
        update={"columns": fraud.columns.model_copy(update={"features": names})}
    )
    for name in POINTS:
        learned = _made_up(np.random.default_rng(7), 100_000, ())
        own, model, validation, test = _trained(case, name, learned)

        def drawn(drift: Drift, rng: Generator) -> Rows:
            return _made_up(rng, rows, drift)

        yield World(f"synthetic, {name}", own, model, validation, test, drawn)


def scored(model: Model, rows: Rows) -> Rows:
    """Return rows with the model's scores."""
    return replace(rows, score=model.score(rows.features), model_version=None)


def _slim(rows: Rows) -> Rows:
    """Return rows without their features, of which nothing is asked any more."""
    return replace(rows, features=rows.features[[]])


def _payments(case: UseCase) -> Rows | None:
    folder = wanted_folder(case.source.path)
    return None if folder is None else read_source(case, folder).rows


def _trained(case: UseCase, name: str, rows: Rows) -> tuple[UseCase, Model, Rows, Rows]:
    """Train one candidate as a retrain does; return its validation and test rows, scored."""
    one = case.candidates[name].model_copy(update={"search": POINTS[name]})
    own = case.model_copy(update={"candidates": {name: one}})
    split = split_in_time(rows, own.split)
    found = search(own, name, split.train, seed=0)
    model = train(own, name, split, found, data_hash="0" * 64, seed=0).model
    return own, model, scored(model, split.validation), scored(model, split.test)


def _made_up(rng: Generator, rows: int, drift: Drift) -> Rows:
    wanted = 4 * rows if Scenario.PRIOR in drift else rows
    x = rng.normal(size=(wanted, _WIDTH))
    if Scenario.COVARIATE in drift:
        x[:, 0] += 0.7
        x[:, 2] -= 0.5
        x[:, 4] *= 1.3
    positive = rng.random(wanted) < _probability(x, drift)
    if Scenario.PRIOR in drift:
        chosen = _three_times_the_positives(positive, rows, rng)
        x, positive = x[chosen], positive[chosen]
    time = np.datetime64("2026-01-01", "us") + np.arange(rows) * np.timedelta64(10, "s")
    return Rows(
        features=pd.DataFrame(x, columns=[f"x{i}" for i in range(_WIDTH)]),
        row_id=np.arange(rows).astype(np.str_),
        event_time=time,
        arrival_time=time,
        label=positive.astype(np.int8),
        label_time=time,
        amount=np.round(np.exp(rng.normal(3.5, 1.2, rows)), 2),
    )


def _probability(x: NDArray[np.float64], drift: Drift) -> NDArray[np.float64]:
    sign = -0.3 if Scenario.CONCEPT in drift else 1.0
    odds = -5.2 + 1.5 * x[:, 0] + sign * x[:, 1] + 0.8 * x[:, 2] * x[:, 3] + (x[:, 4] ** 2 - 1) / 2
    probability: NDArray[np.float64] = 1 / (1 + np.exp(-odds))
    return probability


def _three_times_the_positives(
    positive: NDArray[np.bool_], rows: int, rng: Generator
) -> NDArray[np.intp]:
    count = round(3 * positive.mean() * rows)
    chosen = np.concatenate(
        [
            rng.choice(np.flatnonzero(positive), count, replace=False),
            rng.choice(np.flatnonzero(~positive), rows - count, replace=False),
        ]
    )
    return rng.permutation(chosen)
