"""kill -9 at every step of a retrain, under a running scheduler: nothing is lost or used twice."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.airflow_api import AIRFLOW_USER, AirflowApi
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.stack.demo import last_tick
from monitoring.stack.environment import as_variables
from monitoring.steps import begin, in_process
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.store.schema import archived_rows, consumed_rows
from monitoring.use_case import UseCase
from tests.fixtures.stack import LocalStack
from tests.fixtures.tiny import write_tiny

CALM, KILLED = "calm", "killed"


@pytest.fixture(scope="module")
def airflow(local_stack: LocalStack) -> AirflowApi:
    where = local_stack.running.settings
    assert where.airflow_url is not None
    assert where.airflow_password is not None
    return AirflowApi(where.airflow_url, AIRFLOW_USER, where.airflow_password.get_secret_value())


@pytest.fixture
def here(local_stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let this process use the stack's own store and registry."""
    for name, value in as_variables(local_stack.running.settings).items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.stack
@pytest.mark.faults
@pytest.mark.usefixtures("here")
def test_killed_at_every_step_a_retrain_ends_as_an_undisturbed_one(
    local_stack: LocalStack, airflow: AirflowApi
) -> None:
    """The undisturbed one runs in this process, of the same rows under another name."""
    where, now = local_stack.settings, datetime.now(UTC)
    cases = {name: write_tiny(name, where.state.parent) for name in (CALM, KILLED)}
    as_of = last_tick(cases[KILLED].retrain.every, now)
    for case in cases.values():
        retrained_here(case, as_of - timedelta(days=3))
        replay(case, Wanted(as_of))
    retrained_here(cases[CALM], as_of)

    kills = where.state / "airflow" / "kills"
    kills.mkdir()
    dag_id = f"retrain_{KILLED}"
    run_id = airflow.scheduled(dag_id)
    assert airflow.wait(dag_id, run_id, seconds=600) == "success"
    tasks = airflow.tasks(dag_id, run_id)
    assert tasks.pop("watch") == "skipped"
    assert set(tasks.values()) == {"success"}

    strikes = [json.loads(path.read_text()) for path in kills.iterdir()]
    assert {strike["task"] for strike in strikes if strike["attempt"] == 1} == set(tasks)
    assert any(strike["attempt"] == 2 for strike in strikes)
    assert facts(cases[KILLED], as_of) == facts(cases[CALM], as_of)
    np.testing.assert_array_equal(scores(cases[KILLED], as_of), scores(cases[CALM], as_of))


def retrained_here(case: UseCase, as_of: datetime) -> None:
    """Retrain in this process, without any disturbance."""
    run = begin.by_hand(Pipeline.RETRAIN, case.name, as_of=as_of)
    assert "failed" not in in_process.retrain(run).title


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
