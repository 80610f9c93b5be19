"""Event times without a zone are read in the use case's, through both changes of the clock."""

import logging
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from monitoring.rows.parsing import Times, parse_times
from monitoring.rows.rows import moment64
from monitoring.sources.schema_check import check
from monitoring.sources.source import read_source
from monitoring.sources.typed_columns import ClockChanges
from monitoring.use_case_columns import EventTime
from tests.rows.made import HASH, raw, use_case

BERLIN = use_case(timezone="Europe/Berlin", event_time={"name": "at"})
ISO = EventTime(name="at")


def utc(*texts: str) -> list[object]:
    return np.array(texts, "datetime64[us]").tolist()


def parsed(texts: list[object], timezone: str = "Europe/Berlin") -> Times:
    return parse_times(pd.Series(texts, dtype=object), ISO, timezone)


@pytest.mark.parametrize(
    ("local", "in_utc"),
    [
        # Clocks are set forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October.
        ("2026-03-29T01:59:59", "2026-03-29T00:59:59"),
        ("2026-03-29T02:30", "2026-03-29T01:30"),  # never shown
        ("2026-03-29T03:00", "2026-03-29T01:00"),
        ("2026-10-25T01:59", "2026-10-24T23:59"),
        ("2026-10-25T02:30", "2026-10-25T00:30"),  # shown twice
        ("2026-10-25T03:00", "2026-10-25T02:00"),
        ("2026-10-25", "2026-10-24T22:00"),  # a day alone: its end is no zone
        ("2026-10-25 02:30:00.123456", "2026-10-25T00:30:00.123456"),
        # A time that names its zone means what it says.
        ("2026-10-25T02:30+02:00", "2026-10-25T00:30"),
        ("2026-10-25T02:30+01", "2026-10-25T01:30"),
        ("2026-10-25T02:30:00Z", "2026-10-25T02:30"),
        ("2026-10-25 02:30:00-0500", "2026-10-25T07:30"),
    ],
)
def test_a_time_in_berlin(local: str, in_utc: str) -> None:
    assert parsed([local]).values[0] == np.datetime64(in_utc, "us")


def test_python_reads_every_quarter_of_both_nights_the_same() -> None:
    zone = ZoneInfo("Europe/Berlin")
    nights = np.array(["2026-03-29", "2026-10-25"], "datetime64[us]")
    local = np.concatenate([night + np.arange(24) * np.timedelta64(15, "m") for night in nights])
    expected = [moment64(moment.replace(tzinfo=zone)) for moment in local.tolist()]
    read = parsed([moment.isoformat() for moment in local.tolist()])
    np.testing.assert_array_equal(read.values, expected)
    assert (read.ambiguous, read.nonexistent) == (4, 4)


@pytest.mark.parametrize("unit", ["us", "ns", "s"])
def test_a_column_of_times_is_local_unless_it_has_a_zone(unit: str) -> None:
    local = pd.Series(pd.to_datetime(["2026-07-01T12:00", "2026-10-25T02:30"])).dt.as_unit(unit)
    assert parse_times(local, ISO, "Europe/Berlin").values.tolist() == utc(
        "2026-07-01T10:00", "2026-10-25T00:30"
    )
    zoned = local.iloc[:1].dt.tz_localize("America/New_York")
    assert parse_times(zoned, ISO, "Europe/Berlin").values.tolist() == utc("2026-07-01T16:00")


def test_what_is_missing_unreadable_or_out_of_range_is_so_in_every_zone() -> None:
    texts: list[object] = ["", None, "yesterday", "1700-01-01T00:00", "2026-07-01T12:00"]
    here, there = parsed(texts, "UTC"), parsed(texts)
    np.testing.assert_array_equal(here.unparsable, there.unparsable)
    np.testing.assert_array_equal(here.out_of_range, there.out_of_range)
    np.testing.assert_array_equal(np.isnat(here.values), np.isnat(there.values))


def test_clock_changes_are_counted_with_the_rows_and_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    frame = raw(4).assign(
        at=["2026-03-29T02:30", "2026-10-25T02:30", "2026-10-25T02:59", "2026-10-26T00:00"]
    )
    assert check(frame, BERLIN, source_hash=HASH).clock_changes == ClockChanges(2, 1)
    in_utc = use_case(event_time={"name": "at"})
    assert check(frame, in_utc, source_hash=HASH).clock_changes == ClockChanges(0, 0)
    frame.to_csv(tmp_path / "parcels.csv", index=False)
    with caplog.at_level(logging.WARNING):
        read_source(BERLIN, tmp_path)
    assert "3 event times without a zone fell into a change of the clock" in caplog.text
    assert "2 shown twice" in caplog.text
    assert "1 never shown" in caplog.text


@pytest.mark.parametrize(
    "name", ["Europe/Berln", "", "../../etc/passwd", "/etc/localtime", "CEST5"]
)
def test_a_zone_that_does_not_exist_is_an_error_that_says_what_is_allowed(name: str) -> None:
    with pytest.raises(ValidationError, match="timezone"):
        use_case(timezone=name)


def test_a_misspelt_zone_is_named_with_the_one_it_is_like() -> None:
    with pytest.raises(ValidationError, match="Europe/Berlin"):
        use_case(timezone="Europe/Berln")
