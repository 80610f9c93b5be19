"""Labels and amounts as they should not be: a status says so, and nothing is lost."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import requests

from monitoring.performance.scorecard import CardStatus
from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import production_store
from monitoring.steps.report.measurement import Measured
from monitoring.steps.report.report_outcome import publish_report
from monitoring.steps.run import Run
from monitoring.store.production_store import ProductionStore
from monitoring.training.model import Model
from tests.fixtures.gateway import running_pushgateway
from tests.steps.conftest import AS_OF, send
from tests.steps.measured import measure_stored
from tests.training.conftest import Job

DAY = timedelta(days=1)
TRAFFIC = Window(AS_OF - 2 * DAY, AS_OF)
RUN = Run.open(Pipeline.REPORT, "fraud", Window(AS_OF - DAY, AS_OF))


@pytest.fixture
def store(model: Model) -> Iterator[ProductionStore]:
    with production_store() as opened:
        yield opened


@pytest.fixture
def gateway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: Model) -> Iterator[str]:
    """A Pushgateway of its own: what is absent here must not be another test's."""
    with running_pushgateway(tmp_path) as url:
        monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", url)
        settings.cache_clear()
        yield url


def pushed(gateway: str, figures: Measured) -> dict[str, float]:
    """Publish what was measured; return every series of ours by its text."""
    publish_report(RUN, figures, rows=1)
    lines = requests.get(f"{gateway}/metrics", timeout=5).text.splitlines()
    ours = [line for line in lines if line.startswith("tocsin_")]
    return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in ours}


def statuses(series: dict[str, float]) -> set[tuple[str, str]]:
    lines = [text for text in series if text.startswith("tocsin_status_info")]
    parts = [dict(p.split("=") for p in text.split("{")[1][:-1].split(",")) for text in lines]
    return {(part["of"].strip('"'), part["status"].strip('"')) for part in parts}


def without_positives(rows: Rows, kept: int = 0) -> Rows:
    positive = np.flatnonzero(rows.label == POSITIVE)
    return rows.take(
        np.sort(np.concatenate([np.flatnonzero(rows.label == NEGATIVE), positive[:kept]]))
    )


def test_a_window_without_positives(
    cards: Job, model: Model, store: ProductionStore, gateway: str
) -> None:
    send(store, cards, model, TRAFFIC, without_positives(cards.split.test))
    figures = measure_stored(RUN, store, model)
    assert figures.realised is not None
    assert figures.realised.status is CardStatus.NO_POSITIVES
    series = pushed(gateway, figures)
    live = [text for text in series if 'role="champion",stage="production"' in text]
    assert not [text for text in live if text.startswith("tocsin_recall_ratio")]
    assert [series[text] for text in live if text.startswith("tocsin_positives_rows")] == [0]
    assert ("production champion", "no positives") in statuses(series)
    # The 40 frauds of validation don't get their own recall back, so that nothing was estimated.
    assert ("estimate error", "not calibrated") in statuses(series)
    assert not [text for text in series if text.startswith("tocsin_estimate_error")]


def test_fewer_positives_than_can_be_judged(
    cards: Job, model: Model, store: ProductionStore, gateway: str
) -> None:
    send(store, cards, model, TRAFFIC, without_positives(cards.split.test, kept=10))
    figures = measure_stored(RUN, store, model)
    series = pushed(gateway, figures)
    assert figures.realised is not None
    assert 0 < figures.realised.positives <= 10
    assert ("production champion", "too few positives") in statuses(series)
    assert not [text for text in series if text.startswith("tocsin_estimate_error_ratio")]


def test_amounts_that_are_missing(
    cards: Job, model: Model, store: ProductionStore, gateway: str
) -> None:
    test = cards.split.test
    assert test.amount is not None
    amount = np.where(np.arange(len(test)) % 2 == 0, np.nan, test.amount)
    send(store, cards, model, TRAFFIC, replace(test, amount=amount))
    figures = measure_stored(RUN, store, model)
    assert figures.realised is not None
    assert figures.realised.money is not None
    mature = store.window(cards.case, figures.mature_window, AS_OF)
    assert mature.amount is not None
    lost = np.isnan(mature.amount) & (mature.label == POSITIVE)
    assert figures.realised.money.unpriced == lost.sum() > 0
    assert figures.realised.money.without_model > 0
    assert ("money of production champion", "amounts missing") in statuses(pushed(gateway, figures))


def test_labels_of_unknown_rows_and_labels_that_contradict(
    cards: Job, model: Model, store: ProductionStore, gateway: str
) -> None:
    sent = send(store, cards, model, TRAFFIC)
    before = measure_stored(RUN, store, model)
    positive = sent.row_id[sent.label == POSITIVE][:3]
    store.add_labels(cards.case, positive, [NEGATIVE] * 3, AS_OF - timedelta(hours=1))
    store.add_labels(cards.case, ["nobody"], [POSITIVE], AS_OF - timedelta(hours=1))
    after = measure_stored(RUN, store, model)
    assert after.realised == before.realised
    assert (after.label_problems.unknown, after.label_problems.conflicting) == (1, 3)
    series = pushed(gateway, after)
    counts = {
        text.split("problem=")[1].split(",")[0]: value
        for text, value in series.items()
        if text.startswith("tocsin_label_problems_rows")
    }
    others = {'"before its event"': 0, '"shared id"': 0}
    assert counts == {'"unknown id"': 1, '"contradiction"': 3, **others}
    store.add_labels(cards.case, ["nobody"], [POSITIVE], AS_OF)
    assert store.label_problems(cards.case, TRAFFIC.start, AS_OF).unknown == 1
