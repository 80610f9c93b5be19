"""An MLflow server that does not answer is an error at once, not after minutes of retries."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from monitoring.training import TrainingError
from monitoring.training.mlflow_server import check_answers
from monitoring.training.registry import Registry
from monitoring.use_case_file import find_use_case
from tests.fixtures.loopback import handled_by, serving


@contextmanager
def answering(code: int) -> Iterator[tuple[str, list[str]]]:
    """Run a server that gives one answer; yield its address and the paths it was asked for."""
    asked: list[str] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(handled_by(Answer)) as url:
        yield url, asked


@pytest.mark.parametrize("code", [200, 401, 404])
def test_whoever_answers_is_left_to_mlflows_own_client(code: int) -> None:
    with answering(code) as (url, asked):
        check_answers(f"{url}/", url)
    assert asked == ["/health"]


@pytest.mark.parametrize("code", [500, 502, 503])
def test_a_server_that_fails_is_asked_once(code: int) -> None:
    with answering(code) as (url, asked):
        with pytest.raises(TrainingError, match=f"status {code}.*TOCSIN_MLFLOW_URL"):
            Registry(url).champion(find_use_case("fraud"))
        assert asked == ["/health"]


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no.such.host.invalid"])
def test_a_server_that_is_not_there_is_an_error_without_retries(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlflow.MlflowClient", None)
    with pytest.raises(TrainingError, match=r"MLflow at http://\S+ does not answer") as caught:
        Registry(f"http://me:correct-horse@{host}").champion(find_use_case("fraud"))
    assert "correct-horse" not in str(caught.value)


def test_a_database_of_models_is_not_asked_for_its_health(tmp_path: Path) -> None:
    registry = Registry(f"sqlite:///{tmp_path / 'mlflow.db'}", tmp_path)
    assert registry.champion(find_use_case("fraud")) is None
