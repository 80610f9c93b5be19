"""What a report measures, read from the store no more often than there are windows."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.rows.role import Role
from monitoring.rows.rows import Rows
from monitoring.rows.store import ProductionStore
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.part import Pipeline
from monitoring.steps.drift import judge
from monitoring.steps.measured import measure_windows
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import moved
from monitoring.steps.run import Run
from monitoring.training.model import Model
from monitoring.use_case import UseCase
from tests.training.conftest import Job, job

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def cards(fraud_case: UseCase, card_rows: Rows) -> Job:
    """A logistic regression trained on every fourth payment of ten days."""
    return job(fraud_case, card_rows.take(slice(None, None, 4)))


@pytest.fixture
def model(
    cards: Job, mlflow_tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Model]:
    """The champion, in a state of its own."""
    shutil.copy(mlflow_tables, tmp_path / "mlflow.db")
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    settings.cache_clear()
    registry = model_registry()
    run_id = registry.log(cards.case, cards.trained, "retrain_1", AS_OF)
    version = registry.register(cards.case, run_id)
    registry.promote(cards.case, version)
    yield registry.load(cards.case, version.number)
    settings.cache_clear()


def send(store: ProductionStore, cards: Job, model: Model, window: Window) -> None:
    """Store the test rows as traffic of `window`, scored by the champion and labelled."""
    rows = moved(cards.split.test, window, timedelta(hours=2))
    scores = model.score(rows.features)
    store.add_rows(cards.case, rows)
    store.add_scores(
        cards.case,
        rows.row_id,
        scores,
        alarmed=scores >= model.threshold,
        model_version=str(model.version),
        role=Role.CHAMPION,
        scored_at=rows.arrival_time,
    )
    store.add_labels(cards.case, rows.row_id, rows.label, rows.label_time)


def feature_reads(store: ProductionStore) -> list[str]:
    """Return a list that every statement which reads features will be added to."""
    seen: list[str] = []

    def keep(_c: object, _k: object, statement: str, *_: object) -> None:
        if "production_rows.features" in statement:
            seen.append(statement)

    sa.event.listen(store.engine, "before_cursor_execute", keep)
    return seen


def test_each_of_the_two_windows_is_read_once(cards: Job, model: Model) -> None:
    run = Run.open(Pipeline.REPORT, "fraud", Window(AS_OF - DAY, AS_OF))
    with production_store() as store:
        send(store, cards, model, Window(AS_OF - 2 * DAY, AS_OF))
        reads = feature_reads(store)
        measured = measure_windows(run, store, model)
        assert len(reads) == 2
        assert measured.verdict == judge(run, store, model)
        assert len(reads) == 2  # a verdict that was made is not made again
        recent = store.window(cards.case, run.window, AS_OF)
        past = store.window(cards.case, measured.mature_window, AS_OF)
    assert measured.verdict.rows_current == len(recent)
    assert measured.estimated is not None
    assert measured.estimated.rows == len(recent)
    assert measured.realised is not None
    assert measured.mature_rows == len(past)
    assert past.score is not None
    alarmed = past.score >= model.threshold
    assert measured.realised.detected == np.count_nonzero(alarmed & (past.label == 1))
