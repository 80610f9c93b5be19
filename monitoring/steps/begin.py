"""Begin: open a run, however it was started, and say that it was attempted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from monitoring.rows.window import Window, ending, window_of
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.signals.pushgateway import publish_attempt
from monitoring.steps.run import Run
from monitoring.use_case_file import find_use_case


class DagRun(Protocol):
    """What is read of an Airflow DAG run."""

    @property
    def run_id(self) -> str: ...  # noqa: D102  told by its class

    @property
    def run_after(self) -> datetime: ...  # noqa: D102

    @property
    def conf(self) -> Mapping[str, Any] | None: ...  # noqa: D102

    @property
    def data_interval_start(self) -> datetime | None: ...  # noqa: D102

    @property
    def data_interval_end(self) -> datetime | None: ...  # noqa: D102


def from_airflow(pipeline: str, use_case: str, dag_run: DagRun) -> dict[str, Any]:
    """Open the run of an Airflow DAG run, as JSON; `conf` may give `as_of`, `force`, a verdict."""
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
    return attempted(run).model_dump(mode="json")


def by_hand(
    pipeline: Pipeline, use_case: str, *, as_of: datetime | None, force: bool = False
) -> Run:
    """Open a run that a person or a cron job started; it looks from `as_of`, or from now."""
    length = find_use_case(use_case, settings().use_cases).drift.window
    window = ending(as_of or datetime.now(UTC).replace(microsecond=0), length)
    return attempted(Run.open(pipeline, use_case, window, force=force))


def _window(dag_run: DagRun, conf: Mapping[str, object], length: timedelta) -> Window:
    start, end = dag_run.data_interval_start, dag_run.data_interval_end
    return window_of(
        conf=conf,
        data_interval=None if start is None or end is None else (start, end),
        run_after=dag_run.run_after,
        length=length,
    )


def attempted(run: Run) -> Run:
    """Publish that `run` was attempted, before it does anything; the clock's time, not `as_of`."""
    run.clear()
    url = settings().pushgateway_url
    if url is not None:
        publish_attempt(run.use_case, run.pipeline, datetime.now(UTC), url=url)
    return run
