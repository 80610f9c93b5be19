"""The form for one prediction, in a real browser: score, drivers, and what it was in truth."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import requests

from monitoring.rows.rows import Role
from monitoring.store.production_store import open_store
from tests.fixtures.eventually import PATIENCE, eventually
from tests.fixtures.steered_browser import Browser, running_browser
from tests.serving.conftest import Champion
from tests.serving.test_candidates import EVER


@pytest.fixture
def seen(tmp_path: Path) -> Browser:
    with running_browser(tmp_path) as steered:
        yield steered


def text(seen: Browser, place: str) -> str:
    return str(seen.value(f"document.querySelector({place!r}).innerText"))


def test_a_prediction_is_made_explained_and_corrected_on_the_page(
    champion: Champion, seen: Browser
) -> None:
    seen.open(f"{champion.url}/try/fraud")
    assert "Try: Card fraud" in text(seen, "h1")
    names = seen.value(
        "[...document.querySelectorAll('[data-feature]')].map(i => i.dataset.feature)"
    )
    assert set(names) == set(champion.job.split.test.features)
    assert seen.value("document.querySelector('#result').hidden")
    seen.value("document.querySelector('[data-feature=V1]').value = '-9'")
    seen.value("document.querySelector('#row').requestSubmit()")
    eventually(lambda: not seen.value("document.querySelector('#result').hidden"))
    assert text(seen, "#score").endswith("%")
    assert text(seen, "#decided") in {"alarm", "no alarm"}
    first = text(seen, "#drivers tr").split("\t")
    assert first[:2] == ["V1", "-9"]
    row_id = text(seen, "#id")
    with open_store(champion.settings.store_url) as store:
        stored = store.scored(champion.case, EVER, datetime.now(UTC), Role.CHAMPION)
    assert row_id in stored.row_id.tolist()
    for said in ("fraud: stored", "fraud: stored before"):
        seen.value("document.querySelector('#truth button').click()")
        eventually(lambda said=said: text(seen, "#stored") == said)
    seen.value("document.querySelectorAll('#truth button')[1].click()")
    eventually(lambda: "contradicts" in text(seen, "#stored"))


def test_what_is_wrong_is_said_on_the_page(champion: Champion, seen: Browser) -> None:
    seen.open(f"{champion.url}/try/fraud")
    seen.value("document.querySelector('[data-feature=Amount]').value = '-5'")
    seen.value("document.querySelector('#row').requestSubmit()")
    eventually(lambda: "features.Amount" in text(seen, "#wrong"))
    assert seen.value("document.querySelector('#result').hidden")


def test_a_driver_is_the_change_of_the_log_odds_where_a_value_is_the_usual_one(
    champion: Champion,
) -> None:
    row = champion.row()
    answer = requests.post(f"{champion.url}/explain/fraud", json=row, timeout=PATIENCE).json()
    drivers = {driver["feature"]: driver for driver in answer["drivers"]}
    live = champion.api.models.of("fraud")
    sample, features = live.model.reference_sample, champion.job.split.test.features.iloc[:1]

    def log_odds(frame: object) -> float:
        score = float(live.model.score(frame)[0])  # type: ignore[arg-type]
        return float(np.log(score / (1 - score)))

    usual = features.assign(V1=sample["V1"].median())
    expected = log_odds(features) - log_odds(usual)
    assert drivers["V1"]["change"] == pytest.approx(expected, abs=1e-6)
    assert drivers["V1"]["usual"] == sample["V1"].median()
    changes = [abs(driver["change"]) for driver in answer["drivers"]]
    assert changes == sorted(changes, reverse=True)


def test_before_there_is_a_model_the_page_says_what_trains_one(champion: Champion) -> None:
    answer = requests.get(f"{champion.url}/try/iris", timeout=PATIENCE)
    assert "tocsin retrain iris" in answer.text
