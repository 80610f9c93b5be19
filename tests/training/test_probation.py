"""A new champion is taken back where its own rows prove it dearer, and seldom where they don't."""

import numpy as np
import pytest

from monitoring.performance.paired_comparison import RowOutcomes
from monitoring.training.probation import ERROR, Proof, proof

DAY = 1000


def outcomes(cost: np.ndarray) -> RowOutcomes:
    return RowOutcomes(caught=np.zeros(len(cost), np.bool_), cost=cost)


def looked_at(rng: np.random.Generator, days: int, dearer: float) -> list[Proof]:
    """Return what each day's look finds of two models that miss other frauds, one of them more."""
    rows = days * DAY
    positive = rng.random(rows) < 0.03
    amount = np.exp(rng.normal(4, 1, rows))
    new, old = (
        np.where(positive & (rng.random(rows) < missed), amount, 0.0)
        for missed in (0.3 * dearer, 0.3)
    )
    looks = (slice(0, day * DAY) for day in range(1, days + 1))
    found = [proof(outcomes(new[look]), outcomes(old[look]), positive[look]) for look in looks]
    assert all(found)
    return [one for one in found if one is not None]


def test_models_that_cost_the_same_are_seldom_taken_back_however_often_one_looks() -> None:
    rng = np.random.default_rng(0)
    runs = 200
    taken = sum(any(one.worse for one in looked_at(rng, 14, 1.0)) for _ in range(runs))
    assert taken / runs <= ERROR


@pytest.mark.parametrize(("dearer", "by_day", "share"), [(2.0, 7, 0.8), (3.0, 3, 0.9)])
def test_one_that_costs_more_is_found_within_days(dearer: float, by_day: int, share: float) -> None:
    rng = np.random.default_rng(1)
    taken = [any(one.worse for one in looked_at(rng, by_day, dearer)) for _ in range(100)]
    assert np.mean(taken) >= share


def test_rows_that_can_t_be_priced_are_left_out_and_none_prove_nothing() -> None:
    cost, positive = np.array([1.0, np.nan, 3.0]), np.array([True, True, False])
    found = proof(outcomes(cost), outcomes(np.zeros(3)), positive)
    assert found is not None
    assert (found.rows, found.positives, found.new_cost) == (2, 1, 2.0)
    nothing = np.full(3, np.nan)
    assert proof(outcomes(nothing), outcomes(nothing), positive) is None


def test_a_row_counts_as_often_as_it_stands_for_others() -> None:
    cost, positive = np.array([4.0, 0.0]), np.array([True, False])
    found = proof(outcomes(cost), outcomes(np.zeros(2)), positive, np.array([3.0, 1.0]))
    assert found is not None
    assert found.new_cost == 3.0
