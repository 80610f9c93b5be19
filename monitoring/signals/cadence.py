"""Cadence: how long the runs of a use case's pipelines may be apart before someone is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise

from monitoring.signals.part import Pipeline
from monitoring.use_case import UseCase

_FROM = datetime(2024, 1, 1, tzinfo=UTC)
_SPAN = timedelta(weeks=2)
_FIRINGS = 40

PATIENCE = {Pipeline.RETRAIN: timedelta(hours=3), Pipeline.REPORT: timedelta(hours=1)}
"""How long a run may take, retries included, before it counts as failed."""


def period(case: UseCase, pipeline: Pipeline) -> timedelta:
    """Return the longest time between two scheduled runs: a weekend, for working days only."""
    schedules = {Pipeline.RETRAIN: case.retrain.every, Pipeline.REPORT: case.report.every}
    return longest_gap(schedules[pipeline])


def look_back(case: UseCase, pipeline: Pipeline) -> timedelta:
    """Return how far alerts look back for the newest figure: over two runs."""
    return 2 * period(case, pipeline)


def stale_after(case: UseCase, pipeline: Pipeline) -> timedelta:
    """Return the age of the last success at which two runs in a row have been missed."""
    return look_back(case, pipeline) + PATIENCE[pipeline]


def firings(cron: str, since: datetime, until: datetime) -> tuple[datetime, ...]:
    """Return when a cron schedule was due, in UTC, from `since` on and before `until`."""
    from croniter import croniter

    schedule = croniter(cron, since.astimezone(UTC) - timedelta(microseconds=1), ret_type=datetime)
    fires = []
    while (due := schedule.get_next()) < until:
        fires.append(due)
    return tuple(fires)


@cache
def longest_gap(cron: str) -> timedelta:
    """Return the longest time between two firings in a row of a cron schedule, in UTC.

    Measured over two weeks at least and forty firings at least, from the start of a leap year, so
    that nights, weekends and the lengths of months are seen.
    """
    from croniter import croniter

    schedule = croniter(cron, _FROM, ret_type=datetime)
    fires: list[datetime] = [schedule.get_next()]
    while len(fires) < _FIRINGS or fires[-1] - _FROM < _SPAN:
        fires.append(schedule.get_next())
    return max(after - before for before, after in pairwise(fires))
