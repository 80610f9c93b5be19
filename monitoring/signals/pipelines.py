"""Pipelines, the push groups they publish to, and how long their runs may be apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from itertools import pairwise

from monitoring.use_case import UseCase

JOB = "tocsin"
"""The `job` label of everything pushed."""

ALL_CASES = "tocsin"
"""Stands for a use case's name where all are meant; no use case may have it."""

GROUP_LABEL = "part"
"""The grouping label beside `job` and `use_case`; no metric has a label of this name."""


class PushGroup(StrEnum):
    """A group in the Pushgateway: the samples of a use case that are replaced together.

    A push puts a whole group in the place of the one before, so figures that are made at
    different times, or that must survive a failure of others, are groups of their own.
    """

    MODEL = "model"
    RETRAIN = "retrain"
    GATE = "gate"
    REPORT = "report"
    RETRAIN_ATTEMPT = "retrain_attempt"
    RETRAIN_SUCCESS = "retrain_success"
    REPORT_ATTEMPT = "report_attempt"
    REPORT_SUCCESS = "report_success"
    RETRAIN_NOTIFICATION = "retrain_notification"
    REPORT_NOTIFICATION = "report_notification"
    USE_CASE_FILES = "use_case_files"
    """Of all use cases together: `ALL_CASES` stands for the use case."""


class Pipeline(StrEnum):
    """A pipeline whose runs are watched."""

    RETRAIN = "retrain"
    REPORT = "report"

    @property
    def attempt(self) -> PushGroup:
        """The group of the time of the last attempt."""
        return PushGroup(f"{self}_attempt")

    @property
    def success(self) -> PushGroup:
        """The group of the time of the last success."""
        return PushGroup(f"{self}_success")

    @property
    def notification(self) -> PushGroup:
        """The group of the status of the last run's notification."""
        return PushGroup(f"{self}_notification")


_FROM = datetime(2024, 1, 1, tzinfo=UTC)
_SPAN = timedelta(weeks=2)
_FIRINGS = 40

RUN_TIME_LIMIT = {Pipeline.RETRAIN: timedelta(hours=3), Pipeline.REPORT: timedelta(hours=1)}
"""How long a run may take, retries included, before it counts as failed."""


def scheduled(case: UseCase) -> dict[Pipeline, str]:
    """Return the schedules of the pipelines that run by themselves; the others are started by hand.

    Of a pipeline without a schedule no run is ever late.
    """
    schedules = {Pipeline.RETRAIN: case.retrain.every, Pipeline.REPORT: case.report.every}
    return {pipeline: cron for pipeline, cron in schedules.items() if cron is not None}


def period(case: UseCase, pipeline: Pipeline) -> timedelta:
    """Return the longest time between two scheduled runs: a weekend, for working days only."""
    return longest_gap(scheduled(case)[pipeline])


def look_back(case: UseCase, pipeline: Pipeline) -> timedelta:
    """Return how far alerts look back for the newest figure: over two runs."""
    return 2 * period(case, pipeline)


def stale_after(case: UseCase, pipeline: Pipeline) -> timedelta:
    """Return the age of the last success at which two runs in a row have been missed."""
    return look_back(case, pipeline) + RUN_TIME_LIMIT[pipeline]


def next_due(case: UseCase, pipeline: Pipeline, after: datetime) -> datetime | None:
    """Return when the next scheduled run is due after a moment; None where none is scheduled."""
    cron = scheduled(case).get(pipeline)
    return None if cron is None else firings(cron, after, after + longest_gap(cron))[0]


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
