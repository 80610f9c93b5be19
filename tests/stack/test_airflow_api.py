"""The client of Airflow's API waits for a server that is slow, and starts nothing twice."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from monitoring.airflow_api import AirflowApi, AirflowError
from tests.fixtures.loopback import handled_by, serving


class _Airflow(BaseHTTPRequestHandler):
    """Hangs up on the first request of each path and method, and answers the next one."""

    asked: list[str]

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked.append(f"{self.command} {self.path.partition('?')[0]}")
        if self.asked.count(self.asked[-1]) == 1:
            return
        body = json.dumps({"access_token": "x", "dag_runs": [], "dag_run_id": "a"}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def do_PATCH(self) -> None:
        self._answer()


@pytest.fixture
def slow() -> Iterator[tuple[str, list[str]]]:
    asked: list[str] = []
    handler = type("Handler", (_Airflow,), {"asked": asked})
    with serving(handled_by(handler)) as url:
        yield url, asked


def test_what_was_not_answered_is_asked_again_but_no_run_is_started_twice(
    slow: tuple[str, list[str]],
) -> None:
    url, asked = slow
    airflow = AirflowApi(url, "admin", "secret")
    assert airflow.runs("retrain_a") == {}
    airflow.unpause("retrain_a")
    with pytest.raises(AirflowError, match=rf"{url} does not answer .*tocsin status") as raised:
        airflow.start("retrain_a", {})
    assert "secret" not in str(raised.value)
    assert [one for one in asked if "dagRuns" in one and one.startswith("POST")] == [
        "POST /api/v2/dags/retrain_a/dagRuns"
    ]
    assert asked.count("POST /auth/token") == asked.count("PATCH /api/v2/dags/retrain_a") == 2
