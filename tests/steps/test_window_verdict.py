"""The verdict of a window, which is compared with the model before the champion as well."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from monitoring.drift.verdict import DriftStatus
from monitoring.rows.rows import Rows
from monitoring.settings import settings
from monitoring.steps.places import model_registry
from monitoring.steps.window_verdict import against_previous
from monitoring.training.versions import Version
from monitoring.use_case import UseCase
from tests.training.conftest import Job, job

AS_OF = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def cards(fraud_case: UseCase, card_rows: Rows) -> Job:
    """A logistic regression trained on every fourth payment of ten days."""
    return job(fraud_case, card_rows.take(slice(None, None, 4)))


@pytest.fixture(autouse=True)
def _own_state(
    mlflow_tables: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    shutil.copy(mlflow_tables, tmp_path / "mlflow.db")
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def promoted(cards: Job, run_key: str) -> Version:
    """Register what was trained once more, and make it the champion."""
    registry = model_registry()
    version = registry.register(cards.case, registry.log(cards.case, cards.trained, run_key, AS_OF))
    registry.promote(cards.case, version)
    return version


def test_the_first_champion_has_none_before_it(cards: Job) -> None:
    model = model_registry().load(cards.case, promoted(cards, "retrain_1").number)
    assert against_previous(cards.case, cards.rows, model) is None


def test_a_window_is_judged_by_the_reference_of_the_model_before(cards: Job) -> None:
    before, now = promoted(cards, "retrain_1"), promoted(cards, "retrain_2")
    model = model_registry().load(cards.case, now.number)
    window = cards.split.train.take(slice(0, 1000))
    moved = window.features.assign(V1=window.features["V1"] + 3)
    scored = replace(
        window, features=moved, score=np.full(len(window), 0.1), model_version=now.number
    )
    previous = against_previous(cards.case, scored, model)
    assert previous is not None
    assert (previous.model_version, previous.status) == (before.number, DriftStatus.TESTED)
    assert "V1" in previous.drifted


def test_a_model_before_whose_files_are_lost_costs_nothing_but_its_own_figure(
    cards: Job, caplog: pytest.LogCaptureFixture
) -> None:
    promoted(cards, "retrain_1")
    shutil.rmtree(settings().artifacts)
    now = promoted(cards, "retrain_2")
    model = model_registry().load(cards.case, now.number)
    previous = against_previous(cards.case, cards.rows, model)
    assert previous is not None
    assert (previous.model_version, previous.status) == ("1", DriftStatus.UNREADABLE)
    assert previous.share is None
    assert "use case fraud: version 1 can't be read" in caplog.text
