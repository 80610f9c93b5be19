"""Rows that were served with other values than are stored: which ones a retrain leaves out."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from monitoring.rows.rows import Rows
from monitoring.rows.serving_skew import skewed_rows, unlike_scores

DAY = timedelta(days=1)
BEGIN = np.datetime64(datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None), "us")


def two_days(positives: int = 0) -> Rows:
    return rows_of_days(2, positives)


def rows_of_days(days: int, positives: int = 0) -> Rows:
    """Return 100 rows of each day; the last ones of the first day are positive."""
    hours = np.tile(np.linspace(0, 23, 100), days) + np.repeat(24 * np.arange(days), 100)
    time = BEGIN + (hours * 3600e6).astype("timedelta64[us]")
    label = np.zeros(100 * days, np.int8)
    label[100 - positives : 100] = 1
    return Rows(
        features=pd.DataFrame({"V1": np.zeros(100 * days)}),
        row_id=np.arange(100 * days).astype(np.str_),
        event_time=time,
        arrival_time=time,
        label=label,
        label_time=time,
    )


@pytest.mark.parametrize(
    ("served", "again", "unlike"),
    [
        (0.2, 0.2, False),
        (0.2, 0.2 * (1 + 1e-6), False),  # another build of the same library
        (0.123, 0.1234, False),  # rounded to three digits
        (0.0, 1e-12, False),
        (1.0, 1 - 1e-12, False),
        (0.5, 0.502, False),  # log-odds of 0.008
        (0.001, 0.0025, True),
        (0.2, 0.9, True),
        (1.0, 0.98, True),
        (np.nan, 0.5, False),
        (0.5, np.nan, False),
    ],
)
def test_scores_are_alike_but_for_rounding(served: float, again: float, unlike: bool) -> None:
    assert unlike_scores(np.array([served]), np.array([again]))[0] == unlike
    assert unlike_scores(np.array([again]), np.array([served]))[0] == unlike


def test_few_unlike_rows_are_left_out_by_themselves() -> None:
    served = np.full(200, 0.1)
    again = served.copy()
    again[:5] = 0.9
    left_out, skew = skewed_rows(two_days(), served, again, DAY)
    np.testing.assert_array_equal(np.flatnonzero(left_out), np.arange(5))
    assert (skew.checked, skew.unlike, skew.left_out) == (200, 5, 5)
    assert not skew.skewed  # 2.5% of them


def test_of_a_skewed_day_no_row_is_learned_from_and_of_the_other_every_one() -> None:
    served = np.full(200, 0.1)
    again = served.copy()
    again[:6] = 0.9
    left_out, skew = skewed_rows(two_days(), served, again, DAY)
    np.testing.assert_array_equal(np.flatnonzero(left_out), np.arange(100))
    assert skew.left_out == 100


def test_a_day_whose_positives_are_unlike_is_skewed_too() -> None:
    """As where a feature of frauds is filled in once they are known."""
    served = np.full(200, 0.1)
    again = served.copy()
    again[96:99] = 0.9
    assert skewed_rows(two_days(positives=20), served, again, DAY)[1].left_out == 100
    assert skewed_rows(two_days(), served, again, DAY)[1].left_out == 3


def test_two_unlike_rows_of_a_small_day_are_no_skewed_day() -> None:
    served, again = np.full((2, 200), np.nan)
    served[:10] = again[:10] = 0.1
    again[:2] = 0.9
    skew = skewed_rows(two_days(), served, again, DAY)[1]
    assert (skew.checked, skew.left_out, skew.skewed) == (10, 2, False)


def test_copies_that_nobody_decided_on_are_left_out_where_nearly_all_rows_are() -> None:
    three_days = rows_of_days(3)
    served = np.full(300, 0.1)
    served[:60] = np.nan
    left_out, skew = skewed_rows(three_days, served, served, DAY)
    np.testing.assert_array_equal(np.flatnonzero(left_out), np.arange(60))
    assert (skew.never_served, skew.left_out) == (60, 60)
    assert skew.sentence == "no version decided on 60"
    served[160:] = np.nan  # the median day has 60% decided on: who is served is another matter
    assert skewed_rows(three_days, served, served, DAY)[1].left_out == 0


def test_days_before_the_first_champion_are_kept() -> None:
    served = np.full(300, np.nan)
    served[100:] = 0.1
    assert skewed_rows(rows_of_days(3), served, served, DAY)[1].left_out == 0
    served[100:105] = np.nan  # an outage of a few minutes
    assert skewed_rows(rows_of_days(3), served, served, DAY)[1].left_out == 0


def test_rows_that_nobody_served_are_kept() -> None:
    nothing = np.full(200, np.nan)
    left_out, skew = skewed_rows(two_days(), nothing, np.full(200, 0.3), DAY)
    assert not left_out.any()
    assert (skew.checked, skew.share) == (0, None)
