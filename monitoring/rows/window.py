"""Windows of event time, moments in UTC, and the rule that gives a run its window."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring.errors import InputError
from monitoring.moments import parse_moment


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
