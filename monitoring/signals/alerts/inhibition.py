"""Inhibition of alerts that are only symptoms of another, by conditions in their expressions."""

from __future__ import annotations

from monitoring.signals.catalogue import BROKEN_FEATURES, LAST_ATTEMPT, LAST_SUCCESS
from monitoring.signals.metric import USE_CASE, decimal
from monitoring.signals.pipelines import (
    GROUP_LABEL,
    JOB,
    RUN_TIME_LIMIT,
    Pipeline,
    look_back,
    stale_after,
)
from monitoring.signals.promql import (
    BY_PIPELINE,
    PUSH_FAILURE_TIME,
    PUSH_TIME,
    UP,
    newest,
    now,
    series,
)
from monitoring.use_case import UseCase

GATEWAY_JOB = "pushgateway"
"""The scrape job of the Pushgateway in prometheus.yml."""

GATEWAY_UP = f"max({series(UP, job=GATEWAY_JOB)})"
"""1 where the Pushgateway answers, 0 where it does not."""

UNLESS_GATEWAY_DOWN = f"unless on () ({GATEWAY_UP} == 0)"


def age_of_success(case: UseCase, pipeline: Pipeline) -> str:
    """Return the seconds since the last success."""
    return f"(time() - {now(LAST_SUCCESS, case.name, by=BY_PIPELINE, pipeline=pipeline.value)})"


def age_of_failed_attempt(case: UseCase, pipeline: Pipeline) -> str:
    """Return the seconds since the last attempt, where no success is as new as it."""
    attempt = now(LAST_ATTEMPT, case.name, by=BY_PIPELINE, pipeline=pipeline.value)
    success = now(LAST_SUCCESS, case.name, by=BY_PIPELINE, pipeline=pipeline.value)
    return f"(time() - ({attempt} > {success} or {attempt} unless {success}))"


def unless_stale(case: UseCase, pipeline: Pipeline) -> str:
    """Return the guard of figures that a pipeline makes: RunStale inhibits alerts on old ones."""
    limit = stale_after(case, pipeline).total_seconds()
    return f"unless on ({USE_CASE}) {age_of_success(case, pipeline)} > {decimal(limit)}"


def unless_failed(case: UseCase, pipeline: Pipeline) -> str:
    """Return the guard of what a failed run causes: RunFailed inhibits it."""
    limit = RUN_TIME_LIMIT[pipeline].total_seconds()
    failed = age_of_failed_attempt(case, pipeline)
    return f"unless on ({USE_CASE}) {failed} > {decimal(limit)}"


def broken_columns(case: UseCase) -> str:
    """Return how many columns are missing or of another type."""
    return newest(BROKEN_FEATURES, case.name, look_back(case, Pipeline.REPORT))


def unless_broken(case: UseCase) -> str:
    """Return the guard of rows that a broken schema sets aside."""
    return f"unless on ({USE_CASE}) {broken_columns(case)} > 0"


def seconds_since_push_failed(case: UseCase) -> str:
    """Return by how much the last rejected push is newer than the last accepted one, by group."""
    by = f"max by ({USE_CASE}, {GROUP_LABEL})"
    group = {"job": JOB, USE_CASE: case.name}
    return f"({by} ({series(PUSH_FAILURE_TIME, **group)}) - {by} ({series(PUSH_TIME, **group)}))"
