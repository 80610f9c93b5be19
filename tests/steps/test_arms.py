"""Arms: each version is judged on the rows that it decided on, and on no other's."""

from datetime import timedelta

import numpy as np
import pytest
import requests

from monitoring.rows.rows import POSITIVE, Role, Rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import production_store
from monitoring.steps.report.measurement import Measured
from monitoring.steps.report.report_outcome import publish_report
from monitoring.steps.run import Run
from monitoring.training.model import Model
from tests.steps.conftest import AS_OF, Served, lose, send
from tests.steps.measured import measure_stored
from tests.training.conftest import Job

DAY = timedelta(days=1)
TRAFFIC = Window(AS_OF - DAY, AS_OF)
CLOSED = Run.open(Pipeline.REPORT, "fraud", TRAFFIC)
MATURE = Run.open(Pipeline.REPORT, "fraud", Window(AS_OF, AS_OF + DAY))
NAME = "arm logistic_regression"


@pytest.fixture
def parts(cards: Job, model: Model, twin: Model) -> tuple[Rows, Rows]:
    """The rows of a day that the champion decided on, and the third of them that an arm did."""
    rows = cards.split.test
    third = np.arange(len(rows)) % 3 == 0
    with production_store() as store:
        own = send(store, cards, model, TRAFFIC, rows.take(~third))
        return own, send(store, cards, twin, TRAFFIC, rows.take(third), Role.ARM)


def measured(model: Model, run: Run) -> Measured:
    with production_store() as store:
        return measure_stored(run, store, model)


def caught(model: Model, rows: Rows) -> tuple[int, int]:
    """Return how many frauds a model catches, and how many there are."""
    positive = rows.label == POSITIVE
    flagged = model.score(rows.features) >= model.threshold
    return int((flagged & positive).sum()), int(positive.sum())


def test_the_champion_and_an_arm_are_judged_on_their_own_rows_and_drift_is_of_all(
    model: Model, twin: Model, parts: tuple[Rows, Rows]
) -> None:
    own, arms = parts
    assert measured(model, CLOSED).verdict.rows_current == len(own) + len(arms)
    figures = measured(model, MATURE)
    (arm,) = figures.arms.figures
    assert figures.realised is not None
    assert arm.card is not None
    assert (arm.version, arm.role) == (twin.version, NAME)
    assert arm.share == pytest.approx(len(arms) / (len(own) + len(arms)))
    assert figures.arms.champion_share == pytest.approx(1 - arm.share)
    for card, one, rows in ((figures.realised, model, own), (arm.card, twin, arms)):
        assert (card.rows, card.labelled) == (len(rows), len(rows))
        assert (card.detected, card.positives) == caught(one, rows)
    assert f"version {twin.version} (logistic_regression), an arm, on its 33" in figures.text(
        CLOSED.case
    )


def test_an_arm_s_figures_are_published_beside_the_champion_s_and_share_its_capacity(
    model: Model, parts: tuple[Rows, Rows], pushgateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures = measured(model, MATURE)
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    publish_report(MATURE, figures, rows=1)
    lines = requests.get(f"{pushgateway}/metrics", timeout=5).text.splitlines()
    used = {
        role: float(line.split()[-1])
        for role in ("champion", NAME)
        for line in lines
        if line.startswith("tocsin_capacity_used_ratio{")
        and 'use_case="fraud"' in line
        and f'role="{role}",stage="production"' in line
    }
    (arm,) = figures.arms.figures
    assert figures.realised is not None
    assert arm.card is not None
    a_day = MATURE.case.costs.reviews_per_day
    assert a_day is not None
    assert used == {
        "champion": pytest.approx(figures.realised.alarms / (a_day * (1 - arm.share))),
        NAME: pytest.approx(arm.card.alarms / (a_day * arm.share)),
    }


def test_an_arm_that_is_lost_costs_its_own_figures_alone(
    cards: Job, served: Served, model: Model, twin: Model, parts: tuple[Rows, Rows]
) -> None:
    before = measured(model, MATURE)
    lose(cards, served, twin)
    figures = measured(model, MATURE)
    assert figures.realised == before.realised
    assert [arm.card for arm in figures.arms.figures] == [None]
    assert "it can't be loaded" in figures.text(cards.case)


def test_of_candidates_that_were_asked_too_the_challenger_is_the_one_in_shadow(
    cards: Job, model: Model, twin: Model
) -> None:
    with production_store() as store:
        send(store, cards, model, TRAFFIC)
        rows = store.window(cards.case, TRAFFIC, AS_OF)
        for version, moment in ((twin.version, AS_OF), ("77", AS_OF + timedelta(hours=1))):
            scores = twin.score(rows.features)
            store.add_scores(
                cards.case,
                rows.row_id,
                scores,
                alarmed=scores >= twin.threshold,
                model_version=str(version),
                role=Role.SHADOW,
                scored_at=moment,
            )
    shadow = measured(model, MATURE).shadow
    assert shadow is not None
    assert shadow.version == twin.version
