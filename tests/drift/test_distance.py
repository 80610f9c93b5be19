"""The effect is the Jensen-Shannon distance, without what chance adds."""

import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from monitoring.drift.baseline import ContingencyTable, sparse_groups
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
    groups = sparse_groups(expected, 100)
    merged = np.add.reduceat(expected, groups) * 100 / expected.sum()
    assert (merged >= 5).all()
    assert sparse_groups(expected, 10**6).tolist() == [0, 1, 2, 3, 4, 5, 6, 7]
    assert sparse_groups(np.zeros(3), 100).tolist() == [0]
