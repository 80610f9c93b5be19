"""Each server of the local stack killed, and stopped for a while, within a retrain and a report.

A task is held at its beginning until its server is gone, and finds it away, or just back.
"""

import os
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import requests
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families
from pydantic import TypeAdapter

from monitoring.airflow_api import AIRFLOW_USER, AirflowApi
from monitoring.drift.verdict import Verdict
from monitoring.settings import settings
from monitoring.signals.catalogue import DRIFT_SCORE, LAST_ATTEMPT, LAST_SUCCESS
from monitoring.signals.pipelines import Pipeline, PushGroup
from monitoring.stack.demo import last_tick
from monitoring.stack.environment import as_variables
from monitoring.stack.folders import Folders
from monitoring.stack.status import status
from monitoring.stack.supervisor import Supervisor
from monitoring.steps import begin, in_process
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.store.schema import consumed_rows, production_rows, verdicts
from monitoring.use_case import UseCase
from tests.fixtures.eventually import PATIENCE, eventually
from tests.fixtures.stack import LocalStack
from tests.fixtures.tiny import write_tiny

pytestmark = [pytest.mark.stack, pytest.mark.faults]

NAME = "faulty"

AWAY = 12
"""Seconds for which a server that is stopped stays away, from when the held task goes on."""

PAUSE = 660

IN_RETRAIN = {
    "open_run": "pushgateway",
    "check_production_data": "prometheus",
    "decide": "alertmanager",
    "back_up_champion": "mlflow",
    "merge_production_data": "airflow-dag-processor",
    "logistic_regression.search_params": "airflow-triggerer",
    "logistic_regression.train_model": "airflow-scheduler",
    "logistic_regression.log_model": "mlflow",
    "promote": "serve",
    "archive_production_data": "airflow-api-server",
    "publish_metrics": "pushgateway",
    "notify": "relay",
}
"""Which server fails at the beginning of which step."""

IN_REPORT = {
    "open_run": "pushgateway",
    "check_data_availability": "airflow-scheduler",
    "measure": "mlflow",
    "report_quality": "airflow-api-server",
    "report_drift": "airflow-dag-processor",
    "report_performance": "airflow-triggerer",
    "publish_metrics": "pushgateway",
    "keep_newest": "prometheus",
    "summary": "alertmanager",
    "drift_limit_crossed": "serve",
}

NOT_TO_FIRE = {
    "PushgatewayDown",
    "RunFailed",
    "RunStale",
    "PushFailed",
    "NotificationFailed",
    "FiguresAbsent",
    "UseCaseBroken",
}
"""Alerts that say that the monitoring itself has failed."""


@dataclass
class Bench:
    """The stack, its Airflow, and a use case with a champion and traffic."""

    stack: LocalStack
    airflow: AirflowApi
    case: UseCase

    @property
    def supervisor(self) -> Supervisor:
        """The supervisor of the stack's servers."""
        return Supervisor(Folders(self.stack.settings.state))

    def hold(self, dag_id: str, task: str) -> Path:
        """Have a task wait at its beginning until the file that is returned is gone."""
        folder = self.stack.settings.state / "airflow" / "holds"
        folder.mkdir(exist_ok=True)
        file = folder / f"{dag_id}.{task}.hold"
        file.with_suffix(".held").unlink(missing_ok=True)
        file.touch()
        return file

    def healthy(self) -> bool:
        """Whether each server is."""
        return all(one.healthy for one in status(self.stack.settings))

    def unwell(self) -> list[str]:
        """Return the servers that are not healthy."""
        return [f"{one.name} {one.state}" for one in status(self.stack.settings) if not one.healthy]

    def versions(self) -> set[str]:
        """Return the numbers of all versions of the model."""
        client = model_registry()._client()
        return {str(v.version) for v in client.search_model_versions(f"name = '{NAME}'")}

    def pushed(self, metric: str, group: PushGroup) -> float:
        """Return a figure of the Pushgateway."""
        url = self.stack.running.settings.pushgateway_url
        text = requests.get(f"{url}/metrics", timeout=30).text
        (value,) = {
            sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
            if sample.name == metric
            and sample.labels.get("use_case") == NAME
            and sample.labels.get("part") == group.value
        }
        return value

    def fired(self, since: datetime) -> set[str]:
        """Return the names of the alerts that fired since a moment."""
        url = f"{self.stack.running.settings.prometheus_url}/api/v1/query"
        seconds = int((datetime.now(UTC) - since).total_seconds()) + 1
        query = f'max_over_time(ALERTS{{alertstate="firing"}}[{seconds}s])'
        found: Any = requests.get(url, params={"query": query}, timeout=30).json()
        return {series["metric"]["alertname"] for series in found["data"]["result"]}


@pytest.fixture(scope="module")
def bench(holding_stack: LocalStack) -> Iterator[Bench]:
    where = holding_stack.running.settings
    assert where.airflow_url is not None
    assert where.airflow_password is not None
    airflow = AirflowApi(where.airflow_url, AIRFLOW_USER, where.airflow_password.get_secret_value())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in as_variables(where).items():
            patch.setenv(name, value)
        settings.cache_clear()
        case = write_tiny(NAME, holding_stack.settings.state.parent, quick=True)
        as_of = last_tick(case.retrain.every, datetime.now(UTC))
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, NAME, as_of=as_of - timedelta(days=3)))
        replay(case, Wanted(as_of))
        yield Bench(holding_stack, airflow, case)
    settings.cache_clear()


def killed(bench: Bench, server: str, go_on: Callable[[], None]) -> None:
    """Kill a server; whoever watches over it has to start it again."""
    (pid,) = [one.pid for one in status(bench.stack.settings) if one.name == server]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    go_on()
    eventually(lambda: bench.supervisor.states()[server].pid not in (None, pid))


def stopped(bench: Bench, server: str, go_on: Callable[[], None]) -> None:
    """Stop a server, and start it some time later."""
    bench.supervisor.stop_component(server)
    go_on()
    time.sleep(AWAY)
    bench.supervisor.start_component(server)


Fault = Callable[[Bench, str, Callable[[], None]], None]


@pytest.mark.parametrize("fault", [killed, stopped])
def test_whatever_server_fails_within_a_retrain_it_makes_its_one_version(
    bench: Bench, fault: Fault
) -> None:
    since, before = datetime.now(UTC), bench.versions()
    run_through(bench, "retrain", IN_RETRAIN, fault)
    assert len(bench.versions() - before) == 1
    check_rows(bench.case)
    check_pushed(bench, Pipeline.RETRAIN, since)
    assert not NOT_TO_FIRE & bench.fired(since)


@pytest.mark.parametrize("fault", [killed, stopped])
def test_whatever_server_fails_within_a_report_it_makes_its_one_verdict(
    bench: Bench, fault: Fault
) -> None:
    since = datetime.now(UTC)
    before = verdicts_made()
    run_through(bench, "reporting", IN_REPORT, fault)
    made = verdicts_made() - before
    assert made.total() == 1
    check_pushed(bench, Pipeline.REPORT, since)
    (verdict,) = made
    published = bench.pushed(DRIFT_SCORE.name, PushGroup.REPORT)
    assert published == pytest.approx(share_of(verdict))
    assert not NOT_TO_FIRE & bench.fired(since)


def test_a_scheduler_paused_for_eleven_minutes_in_a_retrain_makes_its_one_version(
    bench: Bench,
) -> None:
    """Paused with its tasks, as by a laptop's sleep; their tokens are good for ten minutes."""
    since, before = datetime.now(UTC), bench.versions()
    dag_id, task = f"retrain_{NAME}", "logistic_regression.train_model"
    hold = bench.hold(dag_id, task)
    run_id = bench.airflow.first(dag_id, {"force": True})
    eventually(hold.with_suffix(".held").is_file)
    (pid,) = [one.pid for one in status(bench.stack.settings) if one.name == "airflow-scheduler"]
    scheduler = psutil.Process(pid)
    family = [scheduler, *scheduler.children(recursive=True)]
    for process in family:
        process.suspend()
    time.sleep(PAUSE)
    hold.unlink()
    for process in reversed(family):
        process.resume()
    assert bench.airflow.wait(dag_id, run_id, seconds=1200) == "success"
    assert len(bench.versions() - before) == 1
    check_rows(bench.case)
    check_pushed(bench, Pipeline.RETRAIN, since)


def run_through(bench: Bench, pipeline: str, faults: Mapping[str, str], fault: Fault) -> None:
    """Run a DAG in which servers fail; check that it ends well, without a hand."""
    eventually(bench.healthy, otherwise=bench.unwell)
    dag_id = f"{pipeline}_{NAME}"
    holds = {task: bench.hold(dag_id, task) for task in faults}
    run_id = bench.airflow.first(dag_id, {"force": True})
    for task, server in faults.items():
        held = holds[task].with_suffix(".held")
        tasks = partial(bench.airflow.tasks, dag_id, run_id)
        # Of a scheduler that was killed, a task is tried again once its heartbeat is missed.
        eventually(held.is_file, seconds=2 * PATIENCE, otherwise=tasks)
        fault(bench, server, holds[task].unlink)
        eventually(bench.healthy, otherwise=bench.unwell)
    assert bench.airflow.wait(dag_id, run_id, seconds=900) == "success"
    tasks = bench.airflow.tasks(dag_id, run_id)
    assert tasks.pop("watch") == "skipped"
    assert set(tasks.values()) <= {"success", "skipped"}


def check_rows(case: UseCase) -> None:
    """Check that each row has counted once, and none is left."""
    with production_store() as store, store.engine.connect() as connection:
        stored, consumed = (
            connection.execute(
                sa.select(sa.func.count()).select_from(table).where(table.c.use_case == case.name)
            ).scalar_one()
            for table in (production_rows, consumed_rows)
        )
        assert 0 < consumed <= stored
        now = datetime.now(UTC)
        rows = store.training_rows(case, now, None, folder=settings().archives)
    assert len(np.unique(rows.row_id)) == len(rows)


def check_pushed(bench: Bench, pipeline: Pipeline, since: datetime) -> None:
    """Check that a run's attempt and its success are both in the Pushgateway."""
    attempt = bench.pushed(LAST_ATTEMPT.name, pipeline.attempt)
    success = bench.pushed(LAST_SUCCESS.name, pipeline.success)
    assert since.timestamp() <= attempt <= success


def verdicts_made() -> Counter[str]:
    """Return the payloads of all verdicts, and how often each is there."""
    with production_store() as store, store.engine.connect() as connection:
        made = sa.select(verdicts.c.payload).where(verdicts.c.use_case == NAME)
        return Counter(connection.execute(made).scalars())


def share_of(payload: str) -> float:
    """Return the drift share of a verdict as it is stored."""
    return TypeAdapter(Verdict).validate_json(payload).share
