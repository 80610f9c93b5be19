"""The effect is the Jensen-Shannon distance, without what chance adds."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from monitoring.drift.baseline import RARE, ContingencyTable, cells_of
from monitoring.drift.statistics import divergence, jensen_shannon


def table(expected: np.ndarray, found: np.ndarray) -> ContingencyTable:
    return ContingencyTable(expected.astype(float), found, missing_expected=0.0, missing=0)


def test_the_divergence_is_that_of_scipy() -> None:
    rng = np.random.default_rng(0)
    p, q = rng.dirichlet(np.ones(8), 2)
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p, q, base=2) ** 2)
    assert jensen_shannon(np.array([1.0, 0.0]), np.array([0.0, 1.0])) == 1


@pytest.mark.parametrize("rows", [50, 100, 1000, 100_000])
def test_chance_is_the_mean_without_drift(rows: int) -> None:
    rng = np.random.default_rng(rows)
    expected = np.full(10, 2000.0)
    windows = rng.multinomial(rows, rng.dirichlet(expected, 3000))
    found = [divergence(table(expected, window)) for window in windows]
    spread = np.std([part.value for part in found])
    assert np.mean([part.value for part in found]) == pytest.approx(found[0].chance, rel=0.12)
    assert spread == pytest.approx(found[0].chance_spread, rel=0.25)


@pytest.mark.parametrize("rows", [200, 1000, 10_000])
def test_the_effect_of_a_real_change_does_not_depend_on_the_number_of_rows(rows: int) -> None:
    rng = np.random.default_rng(rows)
    expected = np.full(10, 2000.0)
    shares = np.linspace(0.04, 0.16, 10)
    truth = float(np.sqrt(jensen_shannon(expected / expected.sum(), shares)))
    effects = [
        divergence(table(expected, rng.multinomial(rows, shares))).effect for _ in range(300)
    ]
    assert np.mean(effects) == pytest.approx(truth, abs=0.02)


def test_cells_are_merged_until_the_reference_expects_enough_in_each() -> None:
    expected = np.array([10.0, 10, 10, 100, 5, 5, 5, 800, 1])
    intervals = np.zeros(9, np.bool_)
    cells = cells_of(expected, 100, intervals)
    assert (np.bincount(cells, expected) * 100 / expected.sum() >= 5).all()
    assert cells_of(expected, 10**6, intervals).tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 7]
    assert cells_of(np.zeros(3), 100, np.zeros(3, np.bool_)).tolist() == [0, 0, 0]


def test_what_is_sparse_is_not_merged_with_a_single_value_that_has_rows_enough() -> None:
    expected = np.array([0.0, 9000, 3, 2, 900, 7, 8, 1])
    single = np.array([False, True, False, False, True, False, False, True])
    cells = cells_of(expected, 10**6, single)
    assert cells.tolist() == [RARE, 0, 1, 1, 2, 3, 4, 4]
    assert cells_of(expected, 100, single).tolist() == [RARE, 0, RARE, RARE, 1, RARE, RARE, RARE]
