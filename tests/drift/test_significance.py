"""P-values are those of the exact tests, and uniform without drift."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, false_discovery_control, hypergeom

from monitoring.drift.statistics import (
    benjamini_hochberg,
    distribution_p_value,
    proportion_p_value,
    unseen_p_value,
)


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 300), st.integers(1, 400), st.data())
def test_the_test_of_a_proportion_is_fishers(
    rows: int, reference: int, data: st.DataObject
) -> None:
    found = data.draw(st.integers(0, rows))
    expected = data.draw(st.integers(0, reference))
    exact = hypergeom(rows + reference, found + expected, rows)
    two_sided = min(1.0, 2 * min(exact.cdf(found), exact.sf(found - 1)))
    assert proportion_p_value(found, rows, expected, reference) == pytest.approx(
        two_sided, rel=1e-6, abs=1e-12
    )


def test_a_small_p_value_of_a_proportion_loses_no_digits() -> None:
    exact = 2 * hypergeom(157 + 332, 55, 157).cdf(0)
    assert proportion_p_value(0, 157, 55, 332) == pytest.approx(exact, rel=1e-9)


@pytest.mark.parametrize(
    ("found", "rows", "expected", "reference"),
    [(40, 100_000, 10, 20_000), (30_400, 100_000, 6000, 20_000), (0, 50_000, 20, 20_000)],
)
def test_the_test_of_a_proportion_of_many_rows_is_close_to_fishers(
    found: int, rows: int, expected: int, reference: int
) -> None:
    exact = hypergeom(rows + reference, found + expected, rows)
    two_sided = min(1.0, 2 * min(exact.cdf(found), exact.sf(found - 1)))
    assert proportion_p_value(found, rows, expected, reference) == pytest.approx(two_sided, rel=0.1)


def test_unseen_categories_are_no_surprise_where_the_reference_had_many_once() -> None:
    assert unseen_p_value(10, 1000, share=0.01, shape=50) > 0.3
    assert unseen_p_value(10, 1000, share=1 / 20_000, shape=1) < 1e-6
    assert unseen_p_value(0, 1000, share=0.0, shape=1) == 1


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_q_values_are_benjamini_and_hochbergs(p_values: list[float]) -> None:
    assert benjamini_hochberg(p_values) == pytest.approx(false_discovery_control(p_values))


def test_unordered_cells_are_compared_by_chi_square() -> None:
    expected, found = np.array([4000.0, 9000.0, 7000.0]), np.array([450, 880, 670])
    pearson = chi2_contingency(np.array([expected, found])).pvalue
    assert distribution_p_value(expected, found, ordered=False) == pytest.approx(pearson)


@pytest.mark.parametrize("rows", [50, 200, 5000, 200_000])
@pytest.mark.parametrize(
    "expected",
    [np.full(10, 2000.0), np.array([14_000.0, 3000, 2000, 1000]), np.array([180.0, 20.0])],
    ids=["even", "uneven", "small reference"],
)
@pytest.mark.parametrize("ordered", [True, False])
def test_p_values_are_uniform_without_drift(expected: np.ndarray, rows: int, ordered: bool) -> None:
    rng = np.random.default_rng(rows)
    windows = rng.multinomial(rows, rng.dirichlet(expected, 1500))
    p = np.array([distribution_p_value(expected, window, ordered=ordered) for window in windows])
    for level in (0.01, 0.05):
        assert (p < level).mean() < level + 3.5 * np.sqrt(level / len(p))
    assert (p < 0.05).mean() > 0.02


def test_no_cells_to_compare_is_no_change() -> None:
    assert distribution_p_value(np.array([100.0]), np.array([50]), ordered=True) == 1
    assert distribution_p_value(np.array([100.0, 50.0]), np.array([0, 0]), ordered=True) == 1


def test_far_beyond_what_is_simulated_p_values_keep_falling() -> None:
    expected = np.full(10, 2000.0)
    some, more = (np.array([5 + k, *[5] * 8, 5 - 5 * (k > 20)]) for k in (18, 45))
    assert 0 < distribution_p_value(expected, more, ordered=True) < 1e-12
    assert distribution_p_value(expected, more, ordered=True) < distribution_p_value(
        expected, some, ordered=True
    )
