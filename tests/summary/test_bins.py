"""What the bins of a reference promise."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from monitoring.summary.count import count_feature
from monitoring.summary.fit import fit_bins
from monitoring.summary.frame import arrow_column
from monitoring.summary.in_memory import InMemory
from monitoring.summary.profile import FitError, profile
from monitoring.summary.reference import fit_reference
from monitoring.summary.types import ColumnStatus, FeatureBins, FeatureSummary, Reference
from monitoring.use_case_columns import Features
from tests.summary.made import rows_of


def fitted(values: pd.Series) -> tuple[FeatureBins, FeatureSummary]:
    table = InMemory.of_frame(pd.DataFrame({"x": values}), ["x"])
    (bins,) = fit_bins(profile(table, ["x"]))
    return bins, counted(bins, values)


def reference_of(features: pd.DataFrame, kinds: Features) -> Reference:
    return fit_reference(
        rows_of(features), None, features=kinds, threshold=0.5, chunk=10, importance={}
    )


def numeric(values: object) -> tuple[FeatureBins, FeatureSummary]:
    return fitted(pd.Series(values))


def categorical(values: list[str | None]) -> tuple[FeatureBins, FeatureSummary]:
    return fitted(pd.Series(values, dtype="str"))


def counted(bins: FeatureBins, values: object) -> FeatureSummary:
    return count_feature(bins, [arrow_column(pd.Series(values))])


def test_intervals_hold_equal_parts_of_the_reference() -> None:
    bins, found = numeric(np.random.default_rng(0).lognormal(0, 3, 20_000))
    assert found.counts[0] == 0
    assert set(found.counts[1:]) == {1000}
    assert bins.size == len(bins.labels) == 21


def test_a_heavy_value_has_a_bin_of_its_own() -> None:
    rng = np.random.default_rng(0)
    bins, found = numeric(np.where(rng.random(10_000) < 0.4, 0.0, rng.normal(size=10_000)))
    assert bins.heavy == (0.0,)
    assert found.counts[1] == pytest.approx(4000, abs=200)
    assert found.counts.sum() == 10_000


def test_missing_and_infinite_values_are_counted_and_never_lost() -> None:
    bins, _ = numeric(np.arange(1000.0))
    found = counted(bins, [np.nan, np.inf, -np.inf, 5.0, None])
    assert found.counts.sum() == 5
    assert found.counts[0] == 2
    assert found.counts[-1] == found.above == 1
    assert found.below == 1


def test_values_far_outside_are_counted_apart_and_those_just_outside_are_not() -> None:
    bins, _ = numeric(np.linspace(0, 10, 1000))
    found = counted(bins, [1e6, 21.0, 19.0, 11.0, -1.0, -11.0])
    assert (found.below, found.above) == (1, 2)


@pytest.mark.parametrize("values", [[7.0] * 500, [np.nan] * 500])
def test_a_column_without_spread_still_gets_bins(values: list[float]) -> None:
    bins, found = numeric(values)
    assert sorted(found.counts)[-1] == 500
    assert len(bins.labels) == bins.size


def test_every_row_has_exactly_one_bin_whatever_the_values() -> None:
    rng = np.random.default_rng(3)
    values = rng.choice([-np.inf, -1.0, 0.0, -0.0, 1e-320, 2.0, np.inf, np.nan], 3000)
    _, found = numeric(values)
    assert found.counts.sum() == 3000
    assert (found.counts >= 0).all()


def test_rare_categories_are_other_and_new_ones_unseen() -> None:
    bins, _ = categorical(["a"] * 600 + ["b"] * 390 + ["c"] * 8 + [None] * 2)
    assert bins.categories == ("a", "b")
    assert bins.rare == {"c"}
    found = counted(bins, pd.Series(["a", "c", "z", "z", None, "y"], dtype="str"))
    assert found.counts.tolist() == [1, 1, 0, 1, 3]
    assert found.unseen == {"y": 1, "z": 2}


def test_a_column_of_ids_is_open_ended_and_small() -> None:
    bins, found = categorical([f"id {i}" for i in range(10_000)])
    assert bins.open_ended
    assert bins.rare == frozenset()
    assert counted(bins, pd.Series(["new"] * 5, dtype="str")).counts.tolist() == [0, 5, 0]
    assert found.counts.tolist() == [0, 10_000, 0]


def test_unseen_categories_are_expected_as_often_as_they_come() -> None:
    shares = 1 / np.arange(1, 801)
    rng = np.random.default_rng(5)
    words = np.array([f"w{i}" for i in range(800)])

    def draw(rows: int) -> pd.Series:
        return pd.Series(rng.choice(words, rows, p=shares / shares.sum()), dtype="str")

    expected, found = [], []
    for _ in range(20):
        bins, _ = fitted(draw(3000))
        expected.append(bins.unseen_share)
        found.append(counted(bins, draw(3000)).counts[-1] / 3000)
    assert np.mean(found) == pytest.approx(np.mean(expected), rel=0.15)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series([1, 2, 3], dtype="int64"),
        pd.Series([1, None, 3], dtype="Int64"),
        pd.Series([True, False, True]),
        pd.Series([1.5, 2.5, 3.5], dtype="float32"),
        pd.Series([1, 2.5, None], dtype=object),
    ],
)
def test_numbers_of_any_type_are_numbers(values: pd.Series) -> None:
    bins, _ = numeric(np.arange(100.0))
    found = counted(bins, values)
    assert found.status is ColumnStatus.OK
    assert found.counts.sum() == 3


@pytest.mark.parametrize("values", [["a", "b"], [1, "b"], [[1], [2]], [1j, 2j]])
def test_what_is_no_number_where_numbers_were_is_a_changed_type(values: list[object]) -> None:
    bins, _ = numeric(np.arange(100.0))
    found = counted(bins, values)
    assert found.status is ColumnStatus.TYPE_CHANGED
    assert found.counts.sum() == 0


def test_numbers_where_words_were_are_a_changed_type_but_known_codes_are_not() -> None:
    words, _ = categorical(["a", "b"] * 100)
    codes, _ = categorical(["1", "2"] * 100)
    assert counted(words, [1.0, 2.0]).status is ColumnStatus.TYPE_CHANGED
    assert counted(codes, [1, 2]).counts.tolist() == [0, 1, 1, 0, 0]
    assert counted(codes, [1.0, np.nan]).counts.tolist() == [1, 1, 0, 0, 0]
    assert counted(words, pd.Categorical(["a", "z"])).counts.tolist() == [0, 1, 0, 0, 1]


def test_a_column_all_missing_is_missing_whatever_its_type() -> None:
    bins, _ = numeric(np.arange(100.0))
    words, _ = categorical(["a", "b"] * 100)
    for one in (bins, words):
        for values in ([None, None], [np.nan, np.nan], pd.Series([None, None], dtype="str")):
            found = counted(one, values)
            assert found.status is ColumnStatus.OK
            assert found.counts[0] == found.counts.sum() == 2


def test_a_reference_without_a_declared_column_is_an_error_that_names_it() -> None:
    with pytest.raises(FitError, match="no column y"):
        reference_of(pd.DataFrame({"x": [1.0]}), Features(numeric=("x", "y")))


def test_a_reference_of_another_kind_is_an_error_that_names_it() -> None:
    with pytest.raises(FitError, match="'x'"):
        reference_of(pd.DataFrame({"x": ["a"]}), Features(numeric=("x",)))


@pytest.mark.parametrize(
    ("spacing", "label"), [("1h", "<= 2026-01-03"), ("1min", "<= 2026-01-01 00:49")]
)
def test_moments_are_spelled_as_dates(spacing: str, label: str) -> None:
    moments = pd.Series(pd.date_range("2026-01-01", periods=1000, freq=spacing))
    bins, found = fitted(moments)
    assert bins.times
    assert bins.labels[1] == label
    assert set(found.counts[1:]) == {50}
    # Numbers where moments were are another kind of values, and the other way round.
    assert counted(bins, [1.0]).status is ColumnStatus.TYPE_CHANGED
    numbers, _ = numeric(np.arange(100.0))
    assert counted(numbers, moments).status is ColumnStatus.TYPE_CHANGED


def test_a_reference_of_single_precision_is_not_told_from_what_was_rounded() -> None:
    tenths = np.arange(500) % 10 / 10
    for before, now in ((tenths, tenths.astype("float32")), (tenths.astype("float32"), tenths)):
        bins, found = fitted(pd.Series(before))
        assert counted(bins, now).counts.tolist() == found.counts.tolist()
        assert counted(bins, [1e300]).counts.sum() == 1


def test_a_window_of_missing_numbers_is_missing_words_and_no_change_of_type() -> None:
    bins, _ = categorical(["a", "b", "c"] * 200)
    found = count_feature(bins, [pa.array([np.nan] * 5)])
    assert found.status is ColumnStatus.OK
    assert found.counts[0] == found.counts.sum() == 5


@pytest.mark.parametrize(
    "values", [[1.0, 4.0, 9.0], [-1e300, 1e300], [0.1, 0.2, 0.3], [7.0], [np.nan, -np.inf, 5.0]]
)
def test_the_range_of_the_reference_is_known_from_its_bins(values: list[float]) -> None:
    bins, _ = numeric(values)
    finite = [value for value in values if np.isfinite(value)]
    assert bins.seen_range == pytest.approx((min(finite), max(finite)), rel=1e-12)
