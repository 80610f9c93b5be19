"""What fails is said, and what was acknowledged is there."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from monitoring.serving.api import Api, api_of
from monitoring.serving.site import Site
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.training.run_record import BUNDLE
from tests.fixtures.eventually import PATIENCE, eventually
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.serving.conftest import Champion


@pytest.fixture
def fragile(champion: Champion, tmp_path: Path) -> Iterator[tuple[str, Api, Path]]:
    """A server of the same models, with a store of its own whose place is taken by a file."""
    store = tmp_path / "store" / "rows.db"
    store.parent.write_text("", encoding="utf-8")
    where = champion.settings.model_copy(update={"database_url": _secret(f"sqlite:///{store}")})
    api, port = api_of(where, keys=False), free_port()
    site = Site(tmp_path / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api, port=port) as url:
        yield url, api, store


def _secret(url: str) -> object:
    return Settings(database_url=url).database_url


def test_while_the_store_is_away_the_answer_is_503_and_says_so_until_it_is_back(
    champion: Champion, fragile: tuple[str, Api, Path]
) -> None:
    url, _, store = fragile
    for path, body in (("predict", champion.row()), ("feedback", {"id": "a", "label": 1})):
        answer = requests.post(f"{url}/{path}/fraud", json=body, timeout=PATIENCE)
        assert answer.status_code == 503, answer.text
        assert answer.headers["Retry-After"] == "5"
        assert "TOCSIN_DATABASE_URL" in answer.json()["detail"]
    assert requests.get(f"{url}/ready", timeout=PATIENCE).status_code == 503
    assert requests.get(f"{url}/health", timeout=PATIENCE).ok
    store.parent.unlink()
    assert requests.post(f"{url}/predict/fraud", json=champion.row(id="a"), timeout=PATIENCE).ok
    assert requests.get(f"{url}/ready", timeout=PATIENCE).ok
    with sqlite3.connect(store) as database:
        assert database.execute("SELECT row_id FROM scores").fetchall() == [("a",)]


def test_a_model_whose_files_are_damaged_does_not_take_the_place_of_the_one_that_answers(
    champion: Champion, fragile: tuple[str, Api, Path]
) -> None:
    url, api, store = fragile
    store.parent.unlink()
    before = requests.get(f"{url}/model/fraud", timeout=PATIENCE).json()["version"]
    promoted = champion.promote()
    run = api.models.registry.version(champion.case, promoted)
    (model,) = champion.settings.artifacts.rglob(f"{run.run_id}/**/{BUNDLE}/model.skops")
    whole = model.read_bytes()
    model.write_bytes(whole[:-1])
    try:
        answer = requests.post(f"{url}/reload/fraud", timeout=PATIENCE)
        assert answer.status_code == 503
        assert "model.skops was changed" in answer.json()["detail"]
        assert requests.get(f"{url}/model/fraud", timeout=PATIENCE).json()["version"] == before
        assert requests.post(f"{url}/predict/fraud", json=champion.row(), timeout=PATIENCE).ok
    finally:
        model.write_bytes(whole)
    eventually(
        lambda: requests.get(f"{url}/model/fraud", timeout=PATIENCE).json()["version"] == promoted
    )


def test_without_a_registry_nothing_is_answered_that_was_not_loaded(
    champion: Champion, tmp_path: Path
) -> None:
    shutil.copy(champion.settings.state / "mlflow.db", tmp_path / "mlflow.db")
    nowhere = Settings(mlflow_url=f"http://127.0.0.1:{free_port()}", state=tmp_path)
    api, port = api_of(nowhere, keys=False), free_port()
    site = Site(tmp_path / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api, port=port) as url:
        answer = requests.post(f"{url}/predict/fraud", json=champion.row(), timeout=PATIENCE)
    assert answer.status_code == 503
    assert "TOCSIN_MLFLOW_URL" in answer.json()["detail"]
