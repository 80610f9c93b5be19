"""A signal that only the future holds is planted: training must not see it, on any path.

The column `later` is noise at first; from a moment on it reveals the label. Whoever learned from
rows before that moment must score as if it had stayed noise. So that a
plant too weak to be seen can't pass for one that was not looked at, the same code runs on the same
rows out of their order as well: there it must find the signal.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from monitoring.rows.rows import Rows
from monitoring.training.folds import time_folds
from monitoring.training.search import search
from monitoring.training.split import split_in_time
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features
from tests.training.conftest import QUICK, with_candidates

ROWS = 3000
SHIPPED = ("lightgbm", "logistic_regression", "mlp", "random_forest", "xgboost")
EAGER = {"hidden_layer_sizes": [8], "learning_rate_init": 0.02, "max_iter": 30, "tol": 0.0}
"""A net that looks long enough to find the signal where it may."""
NOISE = tuple(f"noise{i}" for i in range(12))
POSITIVE_RATE = 0.1
SEEN = 0.6
"""Average precision of who could know the signal, at least; its absence gives 0.1."""
UNSEEN = 0.35
"""Average precision of who could not, at most: `noise0` tells a little."""


@dataclass(frozen=True)
class World:
    """Rows, and which of them tell their label in `later`."""

    rows: Rows
    reveals: NDArray[np.bool_]

    def out_of_order(self) -> "World":
        """Return the same rows as if each had happened at another's time."""
        order = np.random.default_rng(1).permutation(len(self.rows))
        rows = replace(self.rows.take(order), event_time=self.rows.event_time)
        return World(rows, self.reveals[order])

    def from_row(self, begin: int) -> "World":
        """Return this noise with the signal from `begin` on, but for every tenth row."""
        rng = np.random.default_rng(2)
        place = np.arange(len(self.rows))
        reveals = (place >= begin) & (place % 10 > 0)
        revealing = np.where(self.rows.label == 1, 1.5, -1.5) + rng.normal(0, 0.2, len(place))
        later = np.where(reveals, revealing, self.rows.features["later"])
        return World(replace(self.rows, features=self.rows.features.assign(later=later)), reveals)


@pytest.fixture(scope="module")
def noise(card_rows: Rows) -> World:
    rng = np.random.default_rng(0)
    rows = card_rows.take(slice(0, ROWS))
    features = pd.DataFrame({name: rng.normal(size=ROWS) for name in (*NOISE, "later")})
    label = (rng.random(ROWS) < POSITIVE_RATE).astype(np.int8)
    features["noise0"] += label  # a little to learn at any time: calibration would flatten none
    return World(replace(rows, features=features, label=label), np.zeros(ROWS, dtype=bool))


@pytest.fixture(scope="module")
def case(fraud_case: UseCase) -> UseCase:
    features = Features(numeric=(*NOISE, "later"))
    columns = fraud_case.columns.model_copy(update={"features": features})
    eager = QUICK["mlp"].model_copy(update={"parameters": EAGER})
    # One point each: the last fold, which may see the signal, would choose another one by it.
    kinds = {
        name: candidate.model_copy(update={"search": {}})
        for name, candidate in {**QUICK, "mlp": eager}.items()
    }
    return with_candidates(fraud_case.model_copy(update={"columns": columns}), kinds)


@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")  # the eager net has no time to end
@pytest.mark.parametrize("name", SHIPPED)
def test_no_fold_of_a_search_sees_what_only_later_rows_know(
    name: str, case: UseCase, noise: World
) -> None:
    _, middle, _ = time_folds(noise.rows, 3)
    future = noise.from_row(middle.start)
    blind, searched = (search(case, name, world.rows, seed=0) for world in (noise, future))
    silent = (searched.positions < middle.end) & ~future.reveals[searched.positions]
    assert_same(searched.scores[silent], blind.scores[silent])

    mixed = future.out_of_order()
    searched = search(case, name, mixed.rows, seed=0)
    reveals = mixed.reveals[searched.positions]
    assert average_precision_score(searched.labels[reveals], searched.scores[reveals]) > SEEN


@pytest.mark.parametrize("name", ["lightgbm", "logistic_regression"])
def test_what_only_the_newest_rows_know_reaches_the_model_and_none_of_its_figures(
    name: str, case: UseCase, noise: World
) -> None:
    split = split_in_time(noise.rows, case.split)
    begin = len(noise.rows) - len(split.test)
    future = noise.from_row(begin)
    blind, sighted = (trained(case, name, world) for world in (noise, future))
    assert sighted.validation == blind.validation
    assert sighted.average_precision == blind.average_precision
    assert sighted.model.test.threshold == blind.model.test.threshold
    told = future.reveals[begin:]
    label = split.test.label
    held_out, sample = sighted.model.held_out, sighted.model.reference_sample
    assert held_out is not None
    for reported in (held_out.score[-len(label) :], sample["score"].to_numpy()[begin:]):
        assert average_precision_score(label[told], reported[told]) < UNSEEN
    assert sighted.model.test.pr_auc.value == average_precision(blind)
    assert sighted.model.reference.importance["later"] < UNSEEN

    known = sighted.model.score(future.rows.features.iloc[begin:])
    assert average_precision_score(label[told], known[told]) > SEEN


@pytest.mark.parametrize("name", ["lightgbm", "logistic_regression"])
def test_the_threshold_of_the_test_part_rests_on_rows_before_it(
    name: str, case: UseCase, noise: World
) -> None:
    """The validation part tells its labels: the model of the test part learns them, none before."""
    split = split_in_time(noise.rows, case.split)
    begin, end = len(split.train), len(noise.rows) - len(split.test)
    future = noise.from_row(begin)
    blind, sighted = (trained(case, name, world) for world in (noise, future))
    sample, told = sighted.model.reference_sample["score"].to_numpy(), future.reveals
    label = noise.rows.label
    middle, newest = (slice(begin, end), slice(end, None))
    assert sighted.average_precision == blind.average_precision
    assert (
        average_precision_score(label[middle][told[middle]], sample[middle][told[middle]]) < UNSEEN
    )
    assert average_precision_score(label[newest][told[newest]], sample[newest][told[newest]]) > SEEN


def assert_same(scores: NDArray[np.float64], others: NDArray[np.float64]) -> None:
    # The forest's threads add its trees up in the order in which they end.
    np.testing.assert_allclose(scores, others, rtol=1e-12)


def average_precision(blind: Trained) -> object:
    """Return that of the test part of a world without the signal, about."""
    return pytest.approx(blind.model.test.pr_auc.value, abs=0.1)


def trained(case: UseCase, name: str, world: World) -> Trained:
    split = split_in_time(world.rows, case.split)
    searched = search(case, name, split.train, seed=0)
    return train(case, name, split, searched, data_hash="", seed=0)
