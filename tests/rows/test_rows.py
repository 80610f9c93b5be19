"""Rows are taken, windowed and seen from a moment, all their arrays together."""

import subprocess
import sys
from dataclasses import fields, replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest

from monitoring.rows.rows import POSITIVE, UNLABELLED, Rows, moment64
from monitoring.rows.window import Window
from monitoring.sources.schema_check import check
from tests.rows.made import HASH, START, raw, use_case

SECOND = timedelta(seconds=1)


@pytest.fixture
def rows() -> Rows:
    """Ten scored rows, a second apart, labelled after an hour."""
    made = check(raw(10), use_case(), source_hash=HASH).rows
    return replace(made, score=np.linspace(0, 1, 10), model_version="4")


@pytest.mark.parametrize(
    "index", [slice(2, 5), np.array([4, 2, 3]), np.arange(10) % 2 == 0, slice(0, 0)]
)
def test_every_array_is_taken_alike(rows: Rows, index: object) -> None:
    taken = rows.take(index)
    expected = np.arange(10)[index]
    assert taken.row_id.tolist() == [f"p{i}" for i in expected]
    assert list(taken.features.index) == list(range(len(expected)))
    for field in fields(rows):
        value = getattr(taken, field.name)
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(value, getattr(rows, field.name)[index])
    assert taken.features["weight"].tolist() == [1.5 + i for i in expected]
    assert taken.model_version == "4"


def test_what_a_use_case_does_not_have_stays_none(rows: Rows) -> None:
    taken = replace(rows, amount=None, score=None).take(slice(3))
    assert (taken.amount, taken.score) == (None, None)


def test_a_window_holds_its_start_and_not_its_end(rows: Rows) -> None:
    inside = rows.within(Window(START + 2 * SECOND, START + 5 * SECOND))
    assert inside.row_id.tolist() == ["p2", "p3", "p4"]
    assert len(rows.within(Window(START - 2 * SECOND, START))) == 0


def test_only_what_had_come_is_seen_from_a_moment(rows: Rows) -> None:
    late = rows.arrival_time.copy()
    late[0] = moment64(START + timedelta(days=1))
    seen = replace(rows, arrival_time=late).as_of(START + timedelta(hours=1) + 3 * SECOND)
    assert seen.row_id.tolist() == [f"p{i}" for i in range(1, 10)]
    known = seen.label != UNLABELLED
    assert known.tolist() == [True] * 3 + [False] * 6
    np.testing.assert_array_equal(np.isnat(seen.label_time), ~known)
    assert (rows.label != UNLABELLED).all()


def test_labels_that_had_come_are_kept(rows: Rows) -> None:
    after = rows.as_of(START + timedelta(days=1))
    np.testing.assert_array_equal(after.label, rows.label)
    np.testing.assert_array_equal(after.label_time, rows.label_time)


def test_labelled_rows_are_those_whose_label_has_come(rows: Rows) -> None:
    seen = rows.as_of(START + timedelta(hours=1) + 5 * SECOND).labelled
    assert seen.row_id.tolist() == [f"p{i}" for i in range(6)]
    assert (seen.label == POSITIVE).sum() == 2


def test_no_rows_are_rows_too(rows: Rows) -> None:
    none = rows.take(slice(0, 0))
    assert len(none) == len(none.labelled) == len(none.as_of(START)) == 0
    pd.testing.assert_series_equal(none.features.dtypes, rows.features.dtypes)


def test_a_moment_is_utc_to_the_microsecond() -> None:
    paris = timezone(timedelta(hours=1))
    moment = datetime(2026, 3, 1, 1, 0, 0, 7, tzinfo=paris)
    assert moment64(moment) == np.datetime64("2026-03-01T00:00:00.000007")
    assert moment64(moment).dtype == np.dtype("datetime64[us]")
    with pytest.raises(ValueError, match="no time zone"):
        moment64(datetime(2026, 3, 1))  # noqa: DTZ001 - that is the point


def test_windows_rows_and_scenarios_are_light_to_import() -> None:
    code = (
        "import sys, monitoring.rows.window, monitoring.rows.rows; "
        "import monitoring.sources.source, monitoring.sources.synthetic.scenarios; "
        "heavy = {'pandas', 'pyarrow', 'pandera', 'sqlalchemy', 'sklearn'} & set(sys.modules); "
        "print(*heavy)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
