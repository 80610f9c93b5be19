"""Windows of event time, moments in UTC, and the rule that gives a run its window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring.errors import InputError
from monitoring.wording import shown

FIRST_YEAR, LAST_YEAR = 1900, 2199
"""Years in which moments and event times lie."""


def utc(moment: datetime) -> datetime:
    """Return a moment of any time zone in UTC, in which alone it is compared and subtracted.

    Within one zone, Python compares and subtracts what clocks on walls show: across a change of
    daylight saving time that is an hour off.

    Raises
    ------
    InputError
        `moment` has no time zone.
    """
    if moment.utcoffset() is None:
        msg = f"{moment!r} has no time zone: give it one, such as datetime(..., tzinfo=UTC)"
        raise InputError(msg)
    return moment.astimezone(UTC)


@dataclass(frozen=True, order=True)
class Window:
    """Event times in [start, end), both in UTC, whatever zone they are given in.

    Raises
    ------
    InputError
        A time has no zone, or the window does not end after its start.
    """

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", utc(self.start))
        object.__setattr__(self, "end", utc(self.end))
        if self.start >= self.end:
            msg = f"a window ends after its start: {self.start} to {self.end}"
            raise InputError(msg)

    @property
    def length(self) -> timedelta:
        """Time from start to end."""
        return self.end - self.start

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M} UTC"


def ending(end: datetime, length: timedelta) -> Window:
    """Return the window of `length` that ends at `end`."""
    end = utc(end)
    return Window(end - length, end)


def window_of(
    *,
    conf: Mapping[str, object] | None,
    data_interval: tuple[datetime, datetime] | None,
    run_after: datetime,
    length: timedelta,
) -> Window:
    """Return the window of a run: its conf's, else its data interval, else up to `run_after`.

    Parameters
    ----------
    conf
        A run's configuration; `as_of` (ISO 8601) alone ends a window of `length` there, and
        `window_start` beside it starts it elsewhere.
    data_interval
        Start and end of the scheduled interval; none, or one without width, on manual runs.
    run_after
        The moment from which the run was allowed to start.
    length
        Length of the window where nothing else gives one.

    Raises
    ------
    InputError
        `conf` holds a time that is not ISO 8601, or a `window_start` without `as_of`.
    """
    conf = conf or {}
    if "as_of" in conf:
        end = parse_moment(conf["as_of"])
        if "window_start" in conf:
            return Window(parse_moment(conf["window_start"]), end)
        return ending(end, length)
    if "window_start" in conf:
        msg = "conf has `window_start` without `as_of`: give both, or `as_of` alone"
        raise InputError(msg)
    if data_interval is not None:
        start, stop = map(utc, data_interval)
        if start < stop:
            return Window(start, stop)
    return ending(run_after, length)


def parse_moment(value: object) -> datetime:
    """Read an ISO 8601 time; one without a zone is UTC.

    Raises
    ------
    InputError
        `value` is not an ISO 8601 time, or not of the years that rows may be of.
    """
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        msg = f"{shown(value)} is not an ISO 8601 time, such as 2026-01-31T06:00:00Z"
        raise InputError(msg) from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        msg = (
            f"{shown(value)} is not a time of the years {FIRST_YEAR} to {LAST_YEAR}: rows of other "
            "years are taken to be a fault of the data"
        )
        raise InputError(msg)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
