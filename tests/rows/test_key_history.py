"""A history feature is made of the rows in its window alone, whatever else there is."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from monitoring.rows.key_history import KeyRows, history_values
from tests.rows.customers import DERIVE, customer_case, customers

CASE = customer_case()
FEATURES = [
    name for name, each in DERIVE.items() if isinstance(each, dict) and "customer" in each["by"]
]
SECOND = np.timedelta64(1, "s")


def key_rows(frame: pd.DataFrame) -> KeyRows:
    return KeyRows(
        key=frame["customer"].to_numpy(object),
        event_time=np.datetime64("2026-03-01", "us") + frame["at"].to_numpy(np.int64) * SECOND,
        numbers={name: frame[name].to_numpy(np.float64) for name in ("worth", "pieces")},
    )


def values(past: KeyRows, asking: KeyRows) -> pd.DataFrame:
    return pd.DataFrame(history_values(CASE, "customer", past, asking))


def test_each_statistic_is_of_the_rows_of_its_key_strictly_before_and_not_too_long_ago() -> None:
    rows = key_rows(customers(400))
    made = values(rows, rows)
    plain = {"sum": np.sum, "mean": np.mean, "min": np.min, "max": np.max}
    for place in range(400):
        for name in FEATURES:
            feature = CASE.history[name]
            age = rows.event_time[place] - rows.event_time
            inside = (rows.key == rows.key[place]) & (age > np.timedelta64(0, "us"))
            inside &= age <= np.timedelta64(feature.over, "us")
            column = feature.column(CASE.columns)
            numbers = np.zeros(inside.sum()) if column is None else rows.numbers[column][inside]
            numbers = numbers[~np.isnan(numbers)]
            expected: Any
            if pd.isna(rows.key[place]):
                expected = np.nan
            elif feature.statistic == "count":
                expected = len(numbers)
            elif feature.statistic == "std":
                expected = np.std(numbers, ddof=1) if len(numbers) > 1 else np.nan
            else:
                there = len(numbers) or feature.statistic == "sum"
                expected = plain[feature.statistic](numbers) if there else np.nan
            assert made[name][place] == pytest.approx(expected, rel=1e-12, nan_ok=True), name
    assert made["spread"].notna().sum() > 100


def test_a_value_is_the_same_to_the_last_bit_with_its_window_alone_in_any_order() -> None:
    rows = key_rows(customers(3_000))
    whole, rng = values(rows, rows), np.random.default_rng(1)
    for place in rng.integers(0, 3_000, 100):
        age = rows.event_time[place] - rows.event_time
        mine = np.flatnonzero((rows.key == rows.key[place]) & (age <= np.timedelta64(30, "D")))
        alone = values(rows.take(rng.permutation(mine)), rows.take(np.array([place])))
        pd.testing.assert_frame_equal(
            alone, whole.iloc[[place]].reset_index(drop=True), check_exact=True
        )


def test_rows_of_the_same_moment_and_later_ones_do_not_reach_a_value() -> None:
    rows = key_rows(customers(2_000))
    before = values(rows, rows)
    cut = rows.event_time[1_200]
    later = rows.event_time >= cut
    changed = KeyRows(
        np.where(later, "c1", rows.key),
        rows.event_time,
        {name: np.where(later, 1e9, numbers) for name, numbers in rows.numbers.items()},
    )
    there = rows.event_time <= cut
    pd.testing.assert_frame_equal(values(changed, rows)[there], before[there], check_exact=True)
    assert not values(changed, rows)[~there].equals(before[~there])


def test_a_window_begins_with_the_row_that_is_exactly_as_old_as_it_is_long() -> None:
    frame = pd.DataFrame(
        {
            "parcel": ["old", "older", "asks"],
            "at": [1.0, 0.0, 1.0 + 30 * 86400],
            "worth": [2.0, 3.0, 5.0],
            "pieces": 1.0,
            "customer": "c1",
        }
    )
    rows = key_rows(frame)
    assert values(rows, rows)["sent"].tolist() == [1, 0, 1]


def test_what_no_number_can_hold_is_missing() -> None:
    frame = customers(4).assign(customer="c", at=[0.0, 1.0, 2.0, 3.0], worth=1e308)
    rows = key_rows(frame)
    assert values(rows, rows)["spent"].isna().tolist() == [False, False, True, True]
