"""The verdict of a window, which is compared with the model before the champion as well."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from monitoring.drift.verdict import DriftStatus, PreviousDrift
from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.steps.backfill_past import Past
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.stored_windows import StoredWindows
from monitoring.steps.window_verdict import against_previous
from monitoring.training.model import Model
from tests.steps.conftest import AS_OF, Served, lose
from tests.training.conftest import Job

ALL = Window(datetime(2000, 1, 1, tzinfo=UTC), AS_OF)


def previous_of(cards: Job, rows: Rows, champion: Model) -> PreviousDrift | None:
    """Return what is found of rows that a backfill has in place of the store's."""
    with production_store() as store:
        windows = StoredWindows(cards.case, Past(rows, store, None))
        return against_previous(windows, ALL, AS_OF, champion)


@pytest.fixture
def newer(cards: Job, model: Model, twin: Model) -> Model:
    """The champion; `model` served before it."""
    registry = model_registry()
    registry.promote(cards.case, registry.version(cards.case, str(twin.version)))
    return registry.load(cards.case, str(twin.version))


def test_the_first_champion_has_none_before_it(cards: Job, model: Model) -> None:
    assert previous_of(cards, cards.rows, model) is None


def test_a_window_is_judged_by_the_reference_of_the_model_before(
    cards: Job, model: Model, newer: Model
) -> None:
    window = cards.split.train.take(slice(0, 1000))
    moved = window.features.assign(V1=window.features["V1"] + 3)
    scored = replace(
        window, features=moved, score=np.full(len(window), 0.1), model_version=newer.version
    )
    previous = previous_of(cards, scored, newer)
    assert previous is not None
    assert (previous.model_version, previous.status) == (model.version, DriftStatus.TESTED)
    assert "V1" in previous.drifted


def test_a_model_before_whose_files_are_lost_costs_nothing_but_its_own_figure(
    cards: Job, served: Served, model: Model, newer: Model, caplog: pytest.LogCaptureFixture
) -> None:
    lose(cards, served, model)
    previous = previous_of(cards, cards.rows, newer)
    assert previous is not None
    assert (previous.model_version, previous.status) == ("1", DriftStatus.UNREADABLE)
    assert previous.share is None
    assert "use case fraud: version 1 can't be read" in caplog.text
