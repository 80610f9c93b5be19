"""kill -9 at every step of a retrain, under a running scheduler: nothing is lost or used twice."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.rows.tables import archived_rows, consumed_rows
from monitoring.settings import settings
from monitoring.stack.airflow_api import AirflowApi
from monitoring.stack.environment import as_variables
from monitoring.steps.drift import champion_model
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import replay
from monitoring.use_case import UseCase
from tests.fixtures.stack import LocalStack
from tests.fixtures.tiny import write_tiny

CALM, KILLED = "calm", "killed"


@pytest.fixture(scope="module")
def airflow(local_stack: LocalStack) -> AirflowApi:
    where = local_stack.running.settings
    assert where.airflow_url is not None
    assert where.airflow_password is not None
    return AirflowApi(where.airflow_url, "admin", where.airflow_password.get_secret_value())


@pytest.fixture
def here(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process use the stack's own store and registry."""
    for name, value in as_variables(local_stack.running.settings).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


def ended(airflow: AirflowApi, case: UseCase, run_id: str) -> dict[str, str]:
    """Wait for a retrain to succeed and return the tasks' states."""
    dag_id = f"retrain_{case.name}"
    assert airflow.wait(dag_id, run_id, seconds=600) == "success"
    return airflow.tasks(dag_id, run_id)


@pytest.mark.stack
@pytest.mark.usefixtures("here")
def test_killed_at_every_step_a_retrain_ends_as_an_undisturbed_one(
    local_stack: LocalStack, airflow: AirflowApi
) -> None:
    where, now = local_stack.settings, datetime.now(UTC).replace(microsecond=0)
    cases = {name: write_tiny(name, where.state.parent) for name in (CALM, KILLED)}
    first = {name: airflow.scheduled(f"retrain_{name}") for name in cases}
    for name, case in cases.items():
        ended(airflow, case, first[name])
        replay(case, until=now)

    kills = where.state / "airflow" / "kills"
    kills.mkdir()
    conf = {"as_of": now.isoformat()}
    second = {name: airflow.start(f"retrain_{name}", conf) for name in cases}
    calm, killed = (ended(airflow, cases[name], second[name]) for name in (CALM, KILLED))

    at_work = {task for task, state in killed.items() if state == "success"}
    strikes = [json.loads(path.read_text()) for path in kills.iterdir()]
    assert {strike["task"] for strike in strikes if strike["attempt"] == 1} == at_work
    assert any(strike["attempt"] == 2 for strike in strikes)
    assert killed == calm
    assert facts(cases[KILLED], now) == facts(cases[CALM], now)
    np.testing.assert_array_equal(scores(cases[KILLED], now), scores(cases[CALM], now))


def facts(case: UseCase, now: datetime) -> dict[str, object]:
    """Return what a retrain leaves behind: the champion, and each row's place."""
    version = model_registry().champion(case)
    assert version is not None
    with production_store() as store, store.engine.connect() as connection:
        counts = {
            table.name: connection.execute(
                sa.select(sa.func.count()).select_from(table).where(table.c.use_case == case.name)
            ).scalar_one()
            for table in (archived_rows, consumed_rows)
        }
        rows = store.training_rows(case, now, None, folder=settings().archives)
        return {
            "version": version.number,
            "candidate": version.candidate,
            "left": store.new_labelled(case, now),
            "training rows": len(rows),
            "each once": len(np.unique(rows.row_id)) == len(rows),
            **counts,
        }


def scores(case: UseCase, now: datetime) -> np.ndarray:
    """Return what the champion says of the production rows."""
    model = champion_model(case)
    assert model is not None
    with production_store() as store:
        rows = store.training_rows(case, now, None, folder=settings().archives)
    return model.score(rows.features)
