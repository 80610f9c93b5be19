"""Open a run, however it was started, and publish that it was attempted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from monitoring.rows.window import Window, ending, window_of
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline, next_due
from monitoring.signals.pushgateway import publish_attempt, publish_broken_use_cases
from monitoring.signals.use_case_fit import fitting
from monitoring.steps.run import Result, Run, StepError
from monitoring.use_case_file import all_use_cases, find_use_case


class DagRun(Protocol):
    """The part of an Airflow DAG run that is read."""

    @property
    def run_id(self) -> str: ...  # noqa: D102  documented by its class

    @property
    def run_after(self) -> datetime: ...  # noqa: D102

    @property
    def conf(self) -> Mapping[str, Any] | None: ...  # noqa: D102

    @property
    def data_interval_start(self) -> datetime | None: ...  # noqa: D102

    @property
    def data_interval_end(self) -> datetime | None: ...  # noqa: D102


class Attempt(Result):
    """When the run began, by the wall clock."""

    at: datetime


def from_airflow(pipeline: str, use_case: str, dag_run: DagRun) -> Run:
    """Open the run of an Airflow DAG run; `conf` may give `as_of`, `force` and a `verdict_id`."""
    conf = dag_run.conf or {}
    length = find_use_case(use_case, settings().use_cases).drift.window
    run = Run.open(
        Pipeline(pipeline),
        use_case,
        _window(dag_run, conf, length),
        run_id=dag_run.run_id,
        force=bool(conf.get("force", False)),
        verdict_id=conf.get("verdict_id"),
    )
    run.clear()
    return run


def by_hand(
    pipeline: Pipeline, use_case: str, *, as_of: datetime | None, force: bool = False
) -> Run:
    """Open a run that a person or a cron job started; it looks from `as_of`, or from now.

    Raises
    ------
    StepError
        It is a retrain of a model that Tocsin does not train.
    """
    case = find_use_case(use_case, settings().use_cases)
    if pipeline is Pipeline.RETRAIN and case.is_watched:
        msg = (
            f"use case {use_case} is watched, not trained: `tocsin adopt {use_case}` takes in the "
            "version that serves now"
        )
        raise StepError(msg)
    length = case.drift.window
    window = ending(as_of or datetime.now(UTC).replace(microsecond=0), length)
    return Run.open(pipeline, use_case, window, force=force)


def attempt(run: Run) -> Attempt:
    """Publish that `run` was attempted, before it does anything, by the wall clock.

    Which use cases can't run, for their files are broken, is published beside it.

    Raises
    ------
    PublishError
        The Pushgateway could not be reached.
    """
    begun = Attempt(at=datetime.now(UTC))
    where = settings()
    if where.pushgateway_url is not None:
        url, sign_in = where.pushgateway_url, where.pushgateway_sign_in
        due = next_due(run.declared, run.pipeline, begun.at)
        publish_attempt(
            run.use_case, run.pipeline, begun.at, url=url, next_due=due, sign_in=sign_in
        )
        broken = fitting(all_use_cases(where.use_cases, where.active_use_cases)).broken
        publish_broken_use_cases(broken, url=url, sign_in=sign_in)
    return begun


def _window(dag_run: DagRun, conf: Mapping[str, object], length: timedelta) -> Window:
    start, end = dag_run.data_interval_start, dag_run.data_interval_end
    return window_of(
        conf=conf,
        data_interval=None if start is None or end is None else (start, end),
        run_after=dag_run.run_after,
        length=length,
    )
