"""Windows are half open, in UTC, and every kind of run has one."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from monitoring.errors import InputError
from monitoring.moments import parse_moment
from monitoring.rows.maturity import newest_mature_window
from monitoring.rows.rows import moment64
from monitoring.rows.window import Window, ending, window_of

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PARIS = timezone(timedelta(hours=1))


def of_run(
    conf: dict[str, object] | None = None,
    interval: tuple[datetime, datetime] | None = None,
    run_after: datetime = NOON,
) -> Window:
    return window_of(conf=conf, data_interval=interval, run_after=run_after, length=DAY)


def test_a_window_ends_after_its_start_and_has_zones() -> None:
    with pytest.raises(ValueError, match="ends after its start"):
        Window(NOON, NOON)
    with pytest.raises(ValueError, match="no time zone"):
        Window(NOON, datetime(2026, 3, 2))  # noqa: DTZ001 - that is the point
    assert Window(NOON - DAY, NOON).length == DAY
    assert str(Window(NOON - DAY, NOON)) == "2026-02-28 12:00 to 2026-03-01 12:00 UTC"


def test_a_window_is_in_utc_whatever_zone_it_was_given_in() -> None:
    paris = Window(datetime(2026, 3, 1, 1, tzinfo=PARIS), datetime(2026, 3, 2, 1, tzinfo=PARIS))
    assert str(paris) == "2026-03-01 00:00 to 2026-03-02 00:00 UTC"
    assert paris.start.tzinfo is UTC


def test_a_window_of_a_length_ends_where_it_is_told() -> None:
    assert ending(NOON, DAY) == Window(NOON - DAY, NOON)
    assert ending(datetime(2026, 3, 1, 13, tzinfo=PARIS), DAY).end == NOON


def test_a_window_is_as_long_where_clocks_are_turned() -> None:
    berlin = ZoneInfo("Europe/Berlin")  # summer time began on 2026-03-29
    assert ending(datetime(2026, 3, 29, 12, tzinfo=berlin), DAY).length == DAY
    assert Window(
        datetime(2026, 10, 25, 2, 30, tzinfo=berlin),
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=berlin),
    ).length == timedelta(hours=1)


def test_a_window_can_not_end_at_a_time_without_a_zone() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        ending(datetime(2026, 3, 1), DAY)  # noqa: DTZ001 - that is the point


def test_a_scheduled_run_has_its_data_interval() -> None:
    interval = (NOON - timedelta(hours=6), NOON)
    assert of_run({}, interval) == Window(*interval)


@pytest.mark.parametrize("interval", [None, (NOON - DAY, NOON - DAY)])
def test_a_manual_run_ends_where_it_was_allowed_to_start(
    interval: tuple[datetime, datetime] | None,
) -> None:
    assert of_run(None, interval) == Window(NOON - DAY, NOON)


def test_conf_comes_before_the_data_interval() -> None:
    interval = (NOON - DAY, NOON)
    alone = of_run({"as_of": "2026-01-02T00:00:00Z"}, interval)
    assert str(alone) == "2026-01-01 00:00 to 2026-01-02 00:00 UTC"
    both = of_run({"as_of": "2026-01-02", "window_start": "2025-12-30T01:00:00+01:00"}, interval)
    assert str(both) == "2025-12-30 00:00 to 2026-01-02 00:00 UTC"


def test_other_things_in_conf_do_not_matter() -> None:
    assert of_run({"force": True}) == Window(NOON - DAY, NOON)


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({"as_of": "noon"}, "'noon' is not an ISO 8601 time"),
        ({"as_of": None}, "None is not an ISO 8601 time"),
        ({"as_of": 20260101.5}, "is not an ISO 8601 time"),
        ({"window_start": "2026-01-01"}, "`window_start` without `as_of`"),
        ({"as_of": "2026-01-01", "window_start": "2026-01-02"}, "ends after its start"),
    ],
)
def test_a_wrong_conf_says_what_is_wrong(conf: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        of_run(conf)


@pytest.mark.parametrize(
    "text",
    ["2026-03-01T12:00:00Z", "2026-03-01T12:00", "2026-03-01 13:00:00+01:00", "20260301T120000Z"],
)
def test_moments_are_read_as_iso_8601_and_are_utc(text: str) -> None:
    assert parse_moment(text) == NOON
    assert parse_moment(text).tzinfo is UTC


@pytest.mark.parametrize("zone", [UTC, timezone(timedelta(hours=2)), ZoneInfo("Europe/Berlin")])
def test_a_moment_is_the_same_in_every_zone_across_a_change_of_clocks(zone: tzinfo) -> None:
    end = datetime(2026, 3, 29, 4, 30, tzinfo=UTC)  # clocks in Berlin went forward at 01:00 UTC
    six = timedelta(hours=6)
    assert ending(end.astimezone(zone), six).start == end - six
    assert newest_mature_window(end.astimezone(zone), six, six).end == end - six
    interval = ((end - six).astimezone(zone), end.astimezone(zone))
    window = window_of(conf=None, data_interval=interval, run_after=end, length=six)
    assert (window.start, window.end) == (end - six, end)
    assert moment64(end.astimezone(zone)) == np.datetime64("2026-03-29T04:30", "us")


@pytest.mark.parametrize(
    "call",
    [
        lambda naive: ending(naive, timedelta(hours=1)),
        lambda naive: newest_mature_window(naive, timedelta(hours=1), timedelta(hours=1)),
        moment64,
        lambda naive: Window(naive, naive + timedelta(hours=1)),
    ],
)
def test_a_moment_without_a_zone_is_an_error(call: Callable[[datetime], object]) -> None:
    with pytest.raises(InputError, match="has no time zone"):
        call(datetime(2026, 3, 29))  # noqa: DTZ001 - that is the point
