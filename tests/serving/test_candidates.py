"""A candidate's newest version answers whoever asks for it, and a retrain has it loaded."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
import requests

from monitoring.pages.site import Site
from monitoring.rows.rows import Role
from monitoring.rows.window import Window, ending
from monitoring.serving.api import api_of
from monitoring.serving.api_keys import KeyRing, Scope
from monitoring.settings import settings
from monitoring.signals.links import Addresses
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.order import RETRAIN
from monitoring.steps.retrain.candidates import Logged
from monitoring.steps.retrain.reloading import reload_best, reload_candidate, reload_sentences
from monitoring.steps.run import Run, StepError
from monitoring.store.production_store import open_store
from monitoring.use_case_serving import Serve
from tests.fixtures.eventually import PATIENCE, eventually
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.serving.conftest import Champion

NOW = datetime.now(UTC)
EVER = Window(datetime(2000, 1, 1, tzinfo=UTC), NOW + timedelta(days=1))
NAME = "logistic_regression"


def version_of(champion: Champion, candidate: str | None) -> str:
    answer = requests.get(
        f"{champion.url}/model/fraud", params={"candidate": candidate}, timeout=PATIENCE
    )
    assert answer.status_code == 200, answer.text
    return str(answer.json()["version"])


def test_a_candidate_answers_by_its_newest_version_and_its_scores_are_logged_as_shadow(
    champion: Champion,
) -> None:
    newer = champion.register()
    eventually(lambda: version_of(champion, NAME) == newer)
    assert version_of(champion, None) != newer
    row = champion.row(id="asked", event_time=NOW.isoformat())
    url = f"{champion.url}/predict/fraud"
    said = requests.post(url, json=row, params={"candidate": NAME}, timeout=PATIENCE).json()
    assert said["predictions"][0]["model_version"] == newer
    with open_store(champion.settings.store_url) as store:
        as_of = datetime.now(UTC)
        shadow = store.scored(champion.case, EVER, as_of, Role.SHADOW)
        serving = store.scored(champion.case, EVER, as_of)
    place = shadow.row_id.tolist().index("asked")
    assert shadow.model_version == newer
    assert shadow.score is not None
    assert shadow.score[place] == said["predictions"][0]["score"]
    assert serving.score is None or serving.score[place] != serving.score[place]


@pytest.mark.parametrize("route", ["predict", "reload"])
def test_a_candidate_that_is_not_declared_is_refused_with_the_names_of_those_that_are(
    champion: Champion, route: str
) -> None:
    url = f"{champion.url}/{route}/fraud"
    answer = requests.post(
        url, json=champion.row(), params={"candidate": "nobody"}, timeout=PATIENCE
    )
    assert answer.status_code == 422
    for name in ("'nobody'", *champion.api.models.of("fraud").case.candidates):
        assert name in answer.json()["detail"]


def test_a_candidate_without_a_version_says_what_registers_one(champion: Champion) -> None:
    url = f"{champion.url}/predict/fraud"
    answer = requests.post(
        url, json=champion.row(), params={"candidate": "xgboost"}, timeout=PATIENCE
    )
    assert answer.status_code == 409
    assert "serve: {reload: true}" in answer.json()["detail"]


def test_a_use_case_that_declares_it_has_a_reload_of_each_candidate_and_of_the_best(
    champion: Champion,
) -> None:
    case = champion.case.model_copy(update={"serve": Serve(reload=True)})
    names = {step.name for step in RETRAIN.of(case).named_steps}
    more = names - {step.name for step in RETRAIN.of(champion.case).named_steps}
    assert more == {f"reload_{name}" for name in (*case.candidates, "best")}
    publish = RETRAIN.of(case).step("publish_metrics")
    assert more <= set(publish.after)


@pytest.fixture
def run(champion: Champion, monkeypatch: pytest.MonkeyPatch) -> Iterator[Run]:
    """A retrain that has logged one candidate and promoted nothing."""
    monkeypatch.setenv("TOCSIN_STATE", str(champion.settings.state))
    settings.cache_clear()
    window = ending(NOW, timedelta(days=1))
    run = Run.open(Pipeline.RETRAIN, "fraud", window, run_id=uuid4().hex)
    run.write(f"{NAME}_logged", Logged(candidate=NAME, run_id=champion.log()))
    yield run
    settings.cache_clear()


def told(monkeypatch: pytest.MonkeyPatch, **variables: str) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"TOCSIN_{name.upper()}", value)
    settings.cache_clear()


def test_a_retrain_registers_its_candidate_and_the_server_answers_with_it_at_once(
    champion: Champion, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, serve_url=champion.url)
    serving = version_of(champion, None)
    before = champion.api.models.registry.newest(champion.case, NAME)
    reloaded = reload_candidate(run, NAME)
    assert before is not None
    assert reloaded.version == version_of(champion, NAME) != before.number
    assert reload_candidate(run, NAME) == reloaded
    assert reload_best(run).version == serving
    assert reload_candidate(run, "xgboost").words == "no version of xgboost to load yet"
    assert reload_sentences(run)[0] == reloaded.words


def test_a_server_that_is_not_there_loses_no_version_and_the_retrain_says_so(
    champion: Champion, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset = reload_candidate(run, NAME)
    assert "TOCSIN_SERVE_URL is not set" in unset.words
    told(monkeypatch, serve_url=f"http://127.0.0.1:{free_port()}")
    away = reload_candidate(run, NAME)
    assert "does not answer: one that runs loads new versions by itself" in away.words
    assert reload_sentences(run) == (away.words,)
    newest = champion.api.models.registry.newest(champion.case, NAME)
    assert newest is not None
    assert newest.number == away.version == unset.version


def test_a_server_that_refuses_fails_the_step_which_says_what_it_needs(
    champion: Champion, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    site = Site(tmp_path, None, Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api_of(champion.settings, keys=True), port=port) as url:
        told(monkeypatch, serve_url=url)
        with pytest.raises(StepError, match=r"answered 401: .*TOCSIN_SERVE_KEY"):
            reload_best(run)
        told(monkeypatch, serve_key=KeyRing(champion.settings.state).new("retrain", {Scope.ADMIN}))
        assert "is loaded by the API" in reload_best(run).words
