"""The challenger scores in shadow: logged beside the champion, compared, never acted on."""

from datetime import timedelta

import numpy as np
import pytest
import requests

from monitoring.rows.rows import Role, moment64
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.report.measurement import Measured
from monitoring.steps.report.report_outcome import publish_report
from monitoring.steps.report.shadow import Shadow, shadows_of
from monitoring.steps.run import Run
from monitoring.training.model import Model
from tests.steps.conftest import AS_OF, Served, lose, send
from tests.steps.measured import measure_stored
from tests.training.conftest import Job

DAY = timedelta(days=1)
TRAFFIC = Window(AS_OF - DAY, AS_OF)
CLOSED = Run.open(Pipeline.REPORT, "fraud", TRAFFIC)
MATURE = Run.open(Pipeline.REPORT, "fraud", Window(AS_OF, AS_OF + DAY))
"""Reports of the moment when the traffic's window has closed, and when its labels have come."""


def measured(cards: Job, model: Model) -> Measured:
    with production_store() as store:
        send(store, cards, model, TRAFFIC)
        shadows = shadows_of(cards.case, store)
        assert measure_stored(CLOSED, store, model, shadows).shadow is None
        return measure_stored(MATURE, store, model, shadows)


def test_a_twin_of_the_champion_has_its_scorecard(cards: Job, model: Model, twin: Model) -> None:
    figures = measured(cards, model)
    assert figures.shadow is not None
    assert figures.shadow.version == twin.version != model.version
    assert figures.shadow.card == figures.shadow.champion == figures.realised


def test_its_scores_are_logged_once_and_the_champion_s_stay(
    cards: Job, model: Model, twin: Model
) -> None:
    for _ in range(2):
        measured(cards, model)
    with production_store() as store:
        logged = store.scored(cards.case, TRAFFIC, AS_OF, Role.SHADOW)
        acted_on = store.scored(cards.case, TRAFFIC, AS_OF)
        before = store.scored(cards.case, TRAFFIC, AS_OF - timedelta(seconds=1), Role.SHADOW)
    assert logged.model_version == twin.version
    assert acted_on.model_version == model.version
    assert logged.score is not None
    assert acted_on.score is not None
    assert np.array_equal(logged.score, acted_on.score)
    assert before.score is None
    assert list(logged.features.columns) == []


def test_without_a_challenger_nothing_is_scored_in_shadow(cards: Job, model: Model) -> None:
    assert measured(cards, model).shadow is None
    with production_store() as store:
        assert store.scored(cards.case, TRAFFIC, AS_OF, Role.SHADOW).score is None


def test_it_is_not_judged_on_rows_it_learned_from(cards: Job, model: Model, twin: Model) -> None:
    learned_until = twin.trained_as_of
    window = Window(learned_until - DAY / 2, learned_until + DAY / 2)
    with production_store() as store:
        send(store, cards, model, window)
        rows = store.window(cards.case, window, window.end)
        assert Shadow(str(twin.version), store).score(cards.case, rows, window.end) is None
        logged = store.scored(cards.case, window, window.end, Role.SHADOW)
    assert logged.score is not None
    assert np.array_equal(~np.isnan(logged.score), rows.event_time > moment64(learned_until))


def test_one_that_cannot_be_loaded_costs_its_own_figures_alone(
    cards: Job,
    served: Served,
    model: Model,
    twin: Model,
    pushgateway: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is lost after it had scored a window, and before that window's labels have come."""
    with production_store() as store:
        send(store, cards, model, TRAFFIC)
        shadows = shadows_of(cards.case, store)
        measure_stored(CLOSED, store, model, shadows)
        lose(cards, served, twin)
        figures = measure_stored(MATURE, store, model, shadows)
    assert figures.shadow is None
    assert figures.realised is not None
    assert "in shadow can't be loaded" in figures.text(cards.case)
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    publish_report(MATURE, figures, rows=1)
    pushed = requests.get(f"{pushgateway}/metrics", timeout=5).text.splitlines()
    statuses = [s for s in pushed if s.startswith("tocsin_status_info{") and "fraud" in s]
    assert any('of="production shadow"' in s and 'status="unreadable"' in s for s in statuses)
    assert not any('role="shadow"' in s and 'use_case="fraud"' in s for s in pushed)


def test_a_lost_version_that_scored_the_mature_window_costs_that_window_s_figures_alone(
    cards: Job, served: Served, model: Model, twin: Model
) -> None:
    with production_store() as store:
        send(store, cards, model, TRAFFIC)
        model_registry().promote(cards.case, model_registry().version(cards.case, twin.version))
        lose(cards, served, model)
        figures = measure_stored(MATURE, store, twin)
    assert figures.verdict.model_version == twin.version
    assert (figures.realised, figures.estimated_then, figures.scorer_unreadable) == (
        None,
        None,
        True,
    )
    assert "can't be loaded" in figures.text(cards.case)


def test_its_scorecard_is_published_under_its_role_and_told(
    cards: Job, model: Model, twin: Model, pushgateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = measured(cards, model)
    assert figures.realised is not None
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    publish_report(MATURE, figures, rows=1)
    pushed = requests.get(f"{pushgateway}/metrics", timeout=5).text.splitlines()
    for role in (Role.CHAMPION, Role.SHADOW):
        figure = f'role="{role}",stage="production",use_case="fraud"'
        series = [s for s in pushed if s.startswith("tocsin_detected_rows{") and figure in s]
        assert [float(line.split()[-1]) for line in series] == [figures.realised.detected]
    assert f"version {twin.version} (logistic_regression) in shadow" in figures.text(cards.case)
