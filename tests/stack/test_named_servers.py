"""The status of servers that settings name, where no local stack was started."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from pydantic import SecretStr
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.settings import Settings, settings
from monitoring.stack.named_servers import servers
from tests.fixtures.loopback import free_port, handled_by, serving

AIRFLOW = {name: {"status": "healthy"} for name in ("metadatabase", "scheduler", "triggerer")} | {
    "dag_processor": {"status": "unhealthy"}
}
SCRAPED = {
    "status": "success",
    "data": {
        "result": [
            {"metric": {"job": job, "instance": f"{job}:1"}, "value": [0, up]}
            for job, up in (("grafana", "1"), ("serve", "0"), ("pushgateway", "1"))
        ]
    },
}


@contextmanager
def answering() -> Iterator[str]:
    """Run one server in the place of all: Airflow below a path, Prometheus, and what is ready."""
    bodies = {"/airflow/api/v2/monitor/health": AIRFLOW, "/api/v1/query": SCRAPED}

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            known = path in bodies or path in {"/-/ready", "/health"}
            self.send_response(200 if known else 404)
            self.end_headers()
            self.wfile.write(json.dumps(bodies.get(path, {})).encode())

        do_POST = do_GET  # noqa: N815 - the server calls it so

    with serving(handled_by(Answer)) as url:
        yield url


def test_each_answers_for_itself_and_airflow_below_its_public_path(tmp_path: Path) -> None:
    with answering() as url:
        known = Settings(
            state=tmp_path,
            airflow_url=url,
            public_airflow_url="https://example.org/airflow",
            prometheus_url=url,
            pushgateway_url=f"http://127.0.0.1:{free_port()}",
            mlflow_url=SecretStr(url),
        )
        assert {part.name: part.healthy for part in servers(known)} == {
            "pushgateway": False,
            "prometheus": True,
            "mlflow": True,
            "airflow-api-server": True,
            "airflow-scheduler": True,
            "airflow-dag-processor": False,
            "airflow-triggerer": True,
            "grafana": True,
            "serve": False,
        }


def test_the_command_asks_them_where_no_stack_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = f"http://127.0.0.1:{free_port()}"
    given = {"STATE": str(tmp_path), "AIRFLOW_URL": away, "PROMETHEUS_URL": away}
    for name, value in given.items():
        monkeypatch.setenv(f"TOCSIN_{name}", value)
    settings.cache_clear()
    done = CliRunner().invoke(app, ["status", "--json"])
    settings.cache_clear()
    assert done.exit_code == 1
    states = {part["name"]: part["state"] for part in json.loads(done.stdout)}
    assert states["airflow-scheduler"] == states["prometheus"] == "does not answer"
    assert "pushgateway" not in states
