"""What fails is said, and what was acknowledged is there."""

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from subprocess import Popen
from threading import Thread
from typing import Self

import pytest
import requests
import sqlalchemy as sa

from monitoring.pages.site import Site
from monitoring.serving.api import Api, api_of
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.store.schema import labels, production_rows, scores
from monitoring.training.registry import Registry
from monitoring.training.run_record import BUNDLE
from tests.fixtures.eventually import PATIENCE, eventually
from tests.fixtures.loopback import free_port, wait_for
from tests.fixtures.postgres import fresh_database
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


def test_while_mlflow_is_away_what_is_loaded_answers_and_a_reload_says_what_is_wrong(
    champion: Champion, fragile: tuple[str, Api, Path]
) -> None:
    url, api, store = fragile
    store.parent.unlink()
    before = requests.get(f"{url}/model/fraud", timeout=PATIENCE).json()["version"]
    there = api.models.registry
    api.models.registry = Registry(f"http://127.0.0.1:{free_port()}")
    answer = requests.post(f"{url}/reload/fraud", timeout=PATIENCE)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "TOCSIN_MLFLOW_URL" in answer.json()["detail"]
    promoted = champion.promote()
    said = requests.post(f"{url}/predict/fraud", json=champion.row(), timeout=PATIENCE).json()
    assert said["predictions"][0]["model_version"] == before
    api.models.registry = there
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
        api.models.registry = champion.api.models.registry
        assert requests.post(f"{url}/predict/fraud", json=champion.row(), timeout=PATIENCE).ok


class Clients:
    """Programs that send rows and labels until the server is gone, and remember what it took."""

    def __init__(self, champion: Champion, url: str) -> None:
        self._row, self._url = champion.row(), url
        self.rows: set[str] = set()
        self.labels: set[str] = set()
        self._threads = [Thread(target=self._send, args=(one,)) for one in range(4)]

    def _send(self, client: int) -> None:
        session = requests.Session()
        for number in count():
            name = f"{client}-{number}"
            try:
                row = {**self._row, "id": name}
                answer = session.post(f"{self._url}/predict/fraud", json=row, timeout=PATIENCE)
                if answer.ok:
                    self.rows.add(name)
                label = {"id": name, "label": number % 2}
                answer = session.post(f"{self._url}/feedback/fraud", json=label, timeout=PATIENCE)
                if answer.ok:
                    self.labels.add(name)
            except requests.RequestException:
                return

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for thread in self._threads:
            thread.join()


@pytest.mark.faults
@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_killed_under_load_it_has_every_prediction_and_every_label_that_it_acknowledged(
    champion: Champion, tmp_path: Path, database: str, request: pytest.FixtureRequest
) -> None:
    with ExitStack() as stack:
        url = f"sqlite:///{tmp_path / 'rows.db'}"
        if database == "postgresql":
            url = stack.enter_context(fresh_database(request.getfixturevalue("postgres_url")))
        clients = killed_under_load(champion, tmp_path, url)
        engine = sa.create_engine(url)
        with engine.connect() as connection:
            held = {
                table.name: set(connection.execute(sa.select(table.c.row_id)).scalars())
                for table in (production_rows, scores, labels)
            }
        engine.dispose()
    assert clients.rows <= held["production_rows"] & held["scores"]
    assert clients.labels <= held["labels"]


def killed_under_load(champion: Champion, folder: Path, store: str) -> Clients:
    """Kill a server while programs send to it; return what they know."""
    port = free_port()
    environment = os.environ | {
        "TOCSIN_STATE": str(champion.settings.state),
        "TOCSIN_DATABASE_URL": store,
        "TOCSIN_REPORTS": str(folder / "reports"),
    }
    command = [Path(sys.executable).parent / "tocsin", "serve", "--port", str(port)]
    site = f"http://127.0.0.1:{port}"
    with Popen(command, env=environment, cwd=folder) as server:
        try:
            wait_for(f"{site}/health")
            with Clients(champion, site) as clients:
                eventually(lambda: len(clients.labels) > 100)
                server.kill()
        finally:
            server.kill()
    assert server.returncode == -signal.SIGKILL
    return clients
