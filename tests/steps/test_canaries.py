"""Canary secrets in every setting, runs that fail everywhere, and no canary where people look.

The runs have the umask that hides nothing, and what they leave is their owner's only all the same.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import requests

from monitoring.settings import OF_LIBRARIES, Settings
from tests.fixtures.gateway import SIGN_IN, running_pushgateway
from tests.fixtures.loopback import free_port
from tests.fixtures.tiny import write_tiny
from tests.fixtures.webhook import Webhook, running_webhook

UNTIL = "2026-02-01T00:00:00Z"

RUN = """
import json, os, sys
from monitoring.cli import app
from monitoring.settings import settings
given = dict(os.environ)
for environment, arguments in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(given | environment)
    settings.cache_clear()
    try:
        app(arguments)
    except SystemExit as ended:
        print(f"exit {ended.code}", flush=True)
"""
"""Commands, each with its own environment, in one process: what is heavy is imported once."""


@pytest.fixture
def hooks() -> Iterator[tuple[Webhook, Webhook]]:
    """A webhook that refuses what it is sent, and one that accepts it."""
    with running_webhook() as refusing, running_webhook() as accepting:
        refusing.answer = 500
        yield refusing, accepting


def environment(folder: Path, gateway: str, webhook: str) -> dict[str, str]:
    """Return settings with a canary in each that is a secret."""
    nowhere = f"http://127.0.0.1:{free_port()}"
    variables = {
        **{f"TOCSIN_{n.upper()}": str(folder / n) for n in ("state", "data", "reports")},
        "TOCSIN_USE_CASES": str(folder / "use_cases"),
        "TOCSIN_HOLD_BACK": "0.2",
        "TOCSIN_PUSHGATEWAY_URL": gateway,
        "TOCSIN_PUSHGATEWAY_USER": SIGN_IN.user,
        "TOCSIN_PUSHGATEWAY_PASSWORD": SIGN_IN.password.get_secret_value(),
        "TOCSIN_PROMETHEUS_URL": nowhere,
        "TOCSIN_PROMETHEUS_USER": "tocsin",
        "TOCSIN_PROMETHEUS_PASSWORD": "canary-prometheus-password",
        "TOCSIN_AIRFLOW_PASSWORD": "canary-airflow-password",
        "TOCSIN_AIRFLOW_VIEWER_PASSWORD": "canary-airflow-viewer-password",
        "TOCSIN_SERVE_KEY": "canary-serve-key",
        "TOCSIN_WEBHOOK_URL": f"{webhook}/canary-webhook-path?token=canary-webhook-token",
        "TOCSIN_SLACK_URL": "https://hooks.slack.com/services/canary-slack",
        "TOCSIN_HEARTBEAT_URL": "https://watchdog.example.org/canary-heartbeat",
        "TOCSIN_SMTP_USER": "tocsin",
        "TOCSIN_SMTP_PASSWORD": "canary-smtp-password",
        "MLFLOW_TRACKING_USERNAME": "tocsin",
        "MLFLOW_TRACKING_PASSWORD": "canary-mlflow-password",
        "MLFLOW_TRACKING_TOKEN": "canary-mlflow-token",
        "AWS_SECRET_ACCESS_KEY": "canary-s3-key",
        "AWS_SESSION_TOKEN": "canary-s3-token",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    }
    database = f"postgresql://tocsin:canary-password@127.0.0.1:{free_port()}/none"
    of_databases = {"TOCSIN_DATABASE_URL": database, "TOCSIN_MLFLOW_URL": database}
    secret = {f"TOCSIN_{n.upper()}" for n in filter(Settings.is_secret, Settings.model_fields)}
    planted = {name for name, value in (variables | of_databases).items() if "canary" in value}
    assert planted == secret | set(OF_LIBRARIES), "every secret there is has a canary"
    return variables


def test_after_runs_that_failed_everywhere_no_secret_is_where_people_look(
    tmp_path: Path, hooks: tuple[Webhook, Webhook]
) -> None:
    write_tiny("watched", tmp_path, rows=4000, quick=True)
    refusing, accepting = hooks
    report = ["report", "watched", "--as-of", UNTIL]
    nobody = f"127.0.0.1:{free_port()}"
    database = f"postgresql://tocsin:canary-password@{nobody}/none?password=canary-in-the-query"
    with running_pushgateway(tmp_path, SIGN_IN) as gateway:
        heard = {"TOCSIN_WEBHOOK_URL": f"{accepting.url}/canary-webhook-path"}
        runs = [
            ({}, ["retrain", "watched", "--as-of", UNTIL, "--force"]),
            ({}, ["replay", "watched", "--until", UNTIL]),
            ({}, report),
            ({"TOCSIN_WEBHOOK_URL": f"http://{nobody}/canary-webhook-path"}, report),
            (heard | {"TOCSIN_PUSHGATEWAY_PASSWORD": "canary-wrong-password"}, report),
            (heard | {"TOCSIN_PUSHGATEWAY_URL": f"http://{nobody}"}, report),
            (heard | {"TOCSIN_PUSHGATEWAY_URL": f"http://a:canary-in-url@{nobody}"}, report),
            (heard | {"TOCSIN_DATABASE_URL": database}, report),
            (heard | {"TOCSIN_MLFLOW_URL": f"http://{nobody}"}, report),
            # MLflow tries a server that is down for minutes; a driver that is not there, once.
            (heard | {"TOCSIN_MLFLOW_URL": database.replace(":", "+nodriver:", 1)}, report),
            (heard, ["backfill", "watched", "--to", UNTIL]),
            (heard, report),
        ]
        ran = subprocess.run(
            [sys.executable, "-c", RUN],
            input=json.dumps(runs),
            env={**own(), **environment(tmp_path, gateway, refusing.url)},
            capture_output=True,
            text=True,
            check=False,
            umask=0,
        )
        said = ran.stdout + ran.stderr
        codes = [line for line in ran.stdout.splitlines() if line.startswith("exit")]
        failed, done = "exit 2", "exit 0"
        assert codes == [failed, done, *[failed] * 9, done], said
        metrics = requests.get(f"{gateway}/metrics", auth=SIGN_IN.pair, timeout=5).text
    assert "tocsin_recall_ratio" in metrics
    assert "canary" not in metrics
    assert "canary-" not in said
    assert "canary-" not in json.dumps(accepting.received)
    assert len(accepting.received) >= 6
    left = [path for path in tmp_path.rglob("*") if path.is_file() and path.name != "web.yml"]
    assert {path.suffix for path in left} >= {".db", ".json", ".html", ".parquet"}
    assert [str(path) for path in left if b"canary-" in path.read_bytes()] == []
    assert [words for words in command_lines() if "canary-" in words] == []
    made = {path.name for path in (tmp_path / "state").iterdir()}
    assert made >= {"production.db", "mlflow.db", "artifacts", "runs"}
    private = [*(tmp_path / "state").rglob("*"), *(tmp_path / "reports").rglob("*")]
    assert [str(path) for path in private if path.stat().st_mode & 0o077] == []


def own() -> dict[str, str]:
    """Return this process's environment without what would bend the runs."""
    bending = ("TOCSIN", "MLFLOW", "AWS")
    return {name: value for name, value in os.environ.items() if not name.startswith(bending)}


def command_lines() -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            yield " ".join(process.cmdline())
        except psutil.Error:  # gone meanwhile
            continue
