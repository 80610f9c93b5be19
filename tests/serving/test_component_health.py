"""The API says whether the components answer that show Prometheus nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from pydantic import SecretStr

from monitoring.serving.api import api_of
from monitoring.serving.component_health import ComponentHealth
from monitoring.settings import Settings
from tests.fixtures.loopback import free_port, handled_by, serving

WELL = {"scheduler": {"status": "healthy"}, "dag_processor": {"status": "unhealthy"}}


@contextmanager
def answering(body: object, status: int = 200) -> Iterator[str]:
    """Run a server that answers everything alike."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

    with serving(handled_by(Answer)) as url:
        yield url


def test_airflow_speaks_for_its_components_and_mlflow_and_the_store_for_themselves(
    tmp_path: Path,
) -> None:
    with answering(WELL) as airflow, answering("OK") as mlflow:
        settings = Settings(state=tmp_path, airflow_url=airflow, mlflow_url=SecretStr(mlflow))
        assert api_of(settings, keys=False).components.answers() == {
            "store": True,
            "mlflow": True,
            "airflow": True,
            "airflow scheduler": True,
            "airflow dag processor": False,
        }


def test_what_does_not_answer_is_down_and_speaks_for_nobody(tmp_path: Path) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    with answering("an error", status=500) as mlflow:
        settings = Settings(
            state=tmp_path,
            airflow_url=away,
            mlflow_url=SecretStr(mlflow),
            database_url=SecretStr(f"postgresql+psycopg2://a:b@127.0.0.1:{free_port()}/c"),
        )
        assert api_of(settings, keys=False).components.answers() == {
            "store": False,
            "mlflow": False,
            "airflow": False,
        }


def test_nobody_is_asked_again_while_the_answer_holds() -> None:
    asked: list[int] = []
    health = ComponentHealth((lambda: {"one": not asked.append(1)},))
    assert [health.answers(), health.answers()] == [{"one": True}] * 2
    assert asked == [1]
