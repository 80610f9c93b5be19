"""Beyond loopback only who has a key may ask, and for what the key is good."""

import json
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.pages.site import Site
from monitoring.serving.api import api_of
from monitoring.serving.api_keys import FILE, KeyRing
from monitoring.serving.limits import RateLimit
from monitoring.settings import Settings, settings
from monitoring.signals.links import Addresses
from tests.fixtures.eventually import PATIENCE
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site

REPLAYED = "predict/fraud?replayed=true"
"""Who may say when rows came writes the past."""

PATHS = ("predict/fraud", "model/fraud", "feedback/fraud", "reload/fraud", REPLAYED)


@pytest.fixture
def state(tmp_path: Path, mlflow_tables: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "state").mkdir()
    shutil.copy(mlflow_tables, tmp_path / "state" / "mlflow.db")
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path / "state"))
    settings.cache_clear()
    yield tmp_path / "state"
    settings.cache_clear()


@contextmanager
def serving(state: Path, rate: float) -> Iterator[str]:
    """Run a server that asks for keys, of no models."""
    port = free_port()
    site = Site(state / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    api = api_of(Settings(state=state, serve_rate=rate), keys=True)
    with running_site(site, api, port=port) as url:
        yield url


@pytest.fixture
def guarded(state: Path) -> Iterator[str]:
    with serving(state, 100) as url:
        yield url


def called(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["api-key", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def ask(url: str, path: str, key: str | None, body: object = None) -> requests.Response:
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    if path.startswith("model"):
        return requests.get(f"{url}/{path}", headers=headers, timeout=PATIENCE)
    return requests.post(f"{url}/{path}", json=body or {}, headers=headers, timeout=PATIENCE)


def test_a_key_is_good_for_its_scopes_until_it_is_revoked(guarded: str) -> None:
    assert ask(guarded, "predict/fraud", None).status_code == 401
    assert ask(guarded, "predict/fraud", "tocsin_0_0").status_code == 401
    predicting = called("new", "checkout").strip()
    labelling = called("new", "disputes", "--scope", "feedback").strip()
    admin = called("new", "ops", "--scope", "admin").strip()
    # There is no model yet: 409 is the answer of who was let in.
    allowed = {
        key: [path for path in PATHS if ask(guarded, path, key).status_code in (409, 422)]
        for key in (predicting, labelling, admin)
    }
    assert allowed[predicting] == ["predict/fraud", "model/fraud"]
    assert allowed[labelling] == ["feedback/fraud"]
    assert allowed[admin] == list(PATHS)
    assert ask(guarded, "reload/fraud", predicting).status_code == 403
    called("revoke", "checkout")
    assert ask(guarded, "predict/fraud", predicting).status_code == 401
    assert requests.get(f"{guarded}/health", timeout=PATIENCE).ok


def test_a_key_is_saved_as_a_hash_that_only_its_owner_reads(state: Path) -> None:
    key = called("new", "checkout", "--scope", "predict", "--scope", "feedback").strip()
    path = state / FILE
    assert key not in path.read_text("utf-8")
    assert key.rsplit("_", 1)[1] not in path.read_text("utf-8")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text("utf-8"))["format"] == 1
    assert called("list").startswith("checkout\tfeedback,predict\t")


@pytest.mark.parametrize(
    "arguments", [("new", ""), ("new", "x" * 81), ("new", "a", "--scope", "all"), ("revoke", "b")]
)
def test_a_key_that_cannot_be_is_refused(state: Path, arguments: tuple[str, ...]) -> None:
    called(*arguments, code=2)
    assert called("list") == ""


def test_a_name_stands_for_one_key(state: Path) -> None:
    called("new", "checkout")
    called("new", "checkout", code=2)
    assert len(KeyRing(state).keys()) == 1


def test_a_damaged_file_of_keys_lets_nobody_in(guarded: str, state: Path) -> None:
    key = called("new", "checkout").strip()
    (state / FILE).write_text("{", encoding="utf-8")
    assert ask(guarded, "predict/fraud", key).status_code == 500
    called("list", code=2)


def test_who_asks_too_often_waits(state: Path) -> None:
    key = called("new", "checkout").strip()
    with serving(state, 0.01) as url:
        first, refused = ask(url, "model/nobody", key), ask(url, "model/nobody", key)
    assert first.status_code == 404
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) >= 1


def test_each_client_has_a_rate_of_its_own() -> None:
    now = [0.0]
    limit = RateLimit(10, clock=lambda: now[0])
    assert [limit.wait("a") for _ in range(20)] == [0.0] * 20
    assert limit.wait("a") == pytest.approx(0.1)
    assert limit.wait("b") == 0.0
    now[0] = 0.1
    assert limit.wait("a") == 0.0
