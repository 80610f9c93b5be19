"""docker-compose.yml run for real, from empty volumes: a test goes on where the last one ended."""

import shutil
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread
from typing import Any, Self

import numpy as np
import pytest
import requests

from monitoring.settings import settings
from monitoring.sources.synthetic.frames import synthetic_frame
from monitoring.steps.dag_ids import reporting_dag, retrain_dag
from monitoring.use_case import UseCase
from tests.compose.deployment import Deployment
from tests.compose.engine import running_engine
from tests.compose.stand_ins import provide
from tests.fixtures.eventually import eventually
from tests.fixtures.tiny import write_tiny

Json = dict[str, Any]

pytestmark = pytest.mark.compose

Say = pytest.CaptureFixture[str]

RUN_SECONDS = 1800
ORIGIN = datetime(2026, 1, 1, tzinfo=UTC)
"""Of the event times of the tiny use case."""


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment that is built and not yet up; its volumes are removed at the end."""
    with running_engine() as engine:
        home = settings().grafana_home
        provide(engine, home)
        grafana = engine.docker("image", "inspect", "grafana/grafana:12.1.1").returncode == 0
        made = Deployment(engine, tmp_path_factory.mktemp("checkout"), grafana)
        made.check_out()
        made.write_env()
        made.compose("build")
        try:
            yield made
        finally:
            made.compose("down", "--volumes", "--timeout", "5", check=False)


def written(name: str, folder: Path) -> UseCase:
    return write_tiny(name, folder, quick=True)


def put(deployment: Deployment, folder: Path) -> None:
    """Put a use case and its rows into the data folder, as its owner would."""
    for made, there in (("data", "data"), ("use_cases", "data/use_cases")):
        for path in (folder / made).iterdir():
            shutil.copy(path, deployment.folder / there / path.name)
            (deployment.folder / there / path.name).chmod(0o644)


def say(capsys: Say, text: str) -> None:
    """Write a figure below the test's name."""
    with capsys.disabled():
        sys.stdout.write(f"\n  {text}\n")


def test_what_containers_can_t_read_is_named_first_and_the_cure_cures_it(
    deployment: Deployment,
) -> None:
    """The checkout was made with umask 077."""
    failed = deployment.compose("up", "--detach", "mlflow", check=False)
    assert failed.returncode != 0
    said = deployment.logs("init")
    owner = deployment.folder.stat().st_uid
    for name, mode in (("data", 700), ("prometheus.yml", 600)):
        assert f"{name} can't be read by" in said
        assert f"user {owner} and has mode {mode}; on the host: chmod -R a+rX {name}" in said
    for name in ("data", "prometheus.yml"):
        path = deployment.folder / name
        for each in (path, *path.rglob("*")):
            each.chmod(0o755 if each.is_dir() else 0o644)


def test_everything_comes_up_healthy(deployment: Deployment, capsys: Say) -> None:
    seconds = deployment.up()
    image = deployment.engine.docker("image", "inspect", "--format", "{{.Size}}", "tocsin:0.1.0")
    memory = deployment.memory()
    assert deployment.unhealthy() == {}
    say(capsys, f"all healthy {seconds:.0f} s after `up`; image {int(image.stdout) / 1e9:.2f} GB")
    say(capsys, f"idle: {sum(memory.values()):.0f} MB in {len(memory)} containers")


def test_a_use_case_put_there_while_it_runs_gets_rules_board_and_dags(
    deployment: Deployment, tmp_path: Path, capsys: Say
) -> None:
    if not deployment.grafana:
        pytest.skip("there is no Grafana: TOCSIN_GRAFANA_HOME names the folder of one")
    before = deployment.rules()
    written("shop", tmp_path)
    began = time.monotonic()
    put(deployment, tmp_path)
    eventually(lambda: "shop" in deployment.rules() - before)
    rules = time.monotonic() - began
    eventually(lambda: deployment.of_grafana("/api/search?query=shop"))
    board = time.monotonic() - began
    groups = eventually(
        lambda: {
            rule["ruleGroup"]
            for rule in deployment.of_grafana("/api/v1/provisioning/alert-rules")
            if "shop" in rule["ruleGroup"]
        }
    )
    assert groups
    assert deployment.airflow().runs_when_parsed(reporting_dag("shop")) == {}
    dags = time.monotonic() - began
    say(capsys, f"a new use case: rules {rules:.0f} s, board {board:.0f} s, DAGs {dags:.0f} s")


def test_a_champion_serves(deployment: Deployment, tmp_path: Path, capsys: Say) -> None:
    written("cards", tmp_path)
    put(deployment, tmp_path)
    airflow, dag = deployment.airflow(), retrain_dag("cards")
    with Peak(deployment) as peak:
        run = airflow.scheduled(dag)
        assert airflow.wait(dag, run, seconds=RUN_SECONDS) == "success", airflow.tasks(dag, run)
    say(capsys, f"at the peak of a retrain: {peak.total:.0f} MB")
    model = requests.get(
        deployment.url("serve", "/model/cards"), headers=key(deployment), timeout=60
    )
    assert model.json()["version"] == "1", model.text


def key(deployment: Deployment) -> dict[str, str]:
    """Return the header of an API key of the test's own."""
    path = deployment.folder / "key"
    if not path.exists():
        scopes = ("--scope", "predict", "--scope", "feedback")
        said = deployment.run("serve", "tocsin", "api-key", "new", "test", *scopes)
        path.write_text(said.splitlines()[0], encoding="utf-8")
    return {"Authorization": f"Bearer {path.read_text(encoding='utf-8')}"}


def test_rows_and_labels_come_in_by_a_file_and_by_the_api(
    deployment: Deployment, tmp_path: Path
) -> None:
    """Those of the file are of the last day, and six of their eight features have moved."""
    frame = synthetic_frame(written("cards", tmp_path), 3000, seed=7, positive_rate=0.02)
    now = (datetime.now(UTC) - ORIGIN).total_seconds()
    frame["Time"] = np.linspace(now - 23 * 3600, now - 60, len(frame)).round(3)
    frame[["V1", "V2", "V3", "V4", "V5", "V6"]] += 2
    path = deployment.folder / "data" / "today.csv"
    frame.to_csv(path, index=False)
    path.chmod(0o644)
    for said in ("rows: 3,000 added, 0 repeated", "rows: 0 added, 3,000 repeated"):
        assert said in deployment.run(
            "airflow-scheduler", "tocsin", "ingest", "cards", "/data/today.csv"
        )
    features = frame.drop(columns=["Time", "Class"]).iloc[0].to_dict()
    answer = asked(deployment, "/predict/cards", {"id": "one", "features": features})
    assert 0 <= answer["predictions"][0]["score"] <= 1
    asked(deployment, "/feedback/cards", {"id": "one", "label": 1})


def asked(deployment: Deployment, path: str, body: Json) -> Json:
    """Return what the API answers."""
    answer = requests.post(
        deployment.url("serve", path), json=body, headers=key(deployment), timeout=60
    )
    assert answer.ok, answer.text
    said: Json = answer.json()
    return said


def test_a_report_finds_the_drift_and_its_alert_reaches_the_receiver(
    deployment: Deployment, capsys: Say
) -> None:
    airflow, dag = deployment.airflow(), reporting_dag("cards")
    airflow.wait(dag, airflow.scheduled(dag), seconds=RUN_SECONDS)
    run = airflow.start(dag, {})
    assert airflow.wait(dag, run, seconds=RUN_SECONDS) == "success", airflow.tasks(dag, run)
    published = time.monotonic()
    assert "drift_" in deployment.run("serve", "ls", "/reports/cards")
    share = eventually(lambda: deployment.query('tocsin_drift_score_ratio{use_case="cards"}'))
    assert float(share[0]["value"][1]) > 0.3
    if not deployment.grafana:
        pytest.skip("there is no Grafana to notify: TOCSIN_GRAFANA_HOME names the folder of one")
    eventually(
        lambda: any(
            alert["labels"].get("use_case") == "cards" and "drift" in alert["labels"]["alertname"]
            for message in deployment.received()
            for alert in message.get("alerts", [])
        ),
        otherwise=deployment.received,
    )
    say(capsys, f"from the report to the receiver: {time.monotonic() - published:.0f} s")


def test_a_stop_in_the_middle_of_a_task_loses_nothing(deployment: Deployment, capsys: Say) -> None:
    """The scheduler is stopped as `docker compose stop` does, while a task runs, and started."""
    airflow, dag = deployment.airflow(), retrain_dag("cards")
    eventually(
        lambda: set(airflow.runs(dag).values()) <= {"success", "failed"}, seconds=RUN_SECONDS
    )
    run = airflow.start(dag, {"force": True})
    eventually(lambda: "running" in airflow.tasks(dag, run).values())
    began = time.monotonic()
    deployment.compose("stop", "airflow-scheduler")
    stopped = time.monotonic() - began
    assert stopped < 125
    left = airflow.tasks(dag, run)
    assert "running" not in left.values(), left
    deployment.compose("start", "airflow-scheduler")
    assert airflow.wait(dag, run, seconds=RUN_SECONDS) == "success", airflow.tasks(dag, run)
    say(capsys, f"stopped in {stopped:.0f} s; the run ended {time.monotonic() - began:.0f} s later")


def test_down_and_up_lose_nothing(deployment: Deployment, capsys: Say) -> None:
    before = remembered(deployment)
    deployment.compose("down")
    seconds = deployment.up()
    assert eventually(lambda: remembered(deployment) == before), remembered(deployment)
    say(capsys, f"all healthy {seconds:.0f} s after `down` and `up`")
    titles = [message.get("title", "") for message in deployment.received()]
    assert [title for title in titles if "Airflow" in title or "scheduler" in title] == []


def remembered(deployment: Deployment) -> Json:
    """Return what each server keeps: runs, versions, rows, figures, reports."""
    airflow = deployment.airflow()
    return {
        "runs": {dag: airflow.runs(dag) for dag in (retrain_dag("cards"), reporting_dag("cards"))},
        "reports": sorted(deployment.run("serve", "ls", "/reports/cards").split()),
        "models": requests.get(
            deployment.url("mlflow", "/api/2.0/mlflow/registered-models/get"),
            params={"name": "cards"},
            timeout=60,
        ).json()["registered_model"]["aliases"],
        "figures": {
            str(one["metric"]): one["value"][1]
            for one in deployment.query('tocsin_drift_score_ratio{use_case="cards"}')
        },
        "again": deployment.run(
            "airflow-scheduler", "tocsin", "ingest", "cards", "/data/today.csv"
        ).splitlines()[-2:],
    }


def test_behind_a_proxy_under_a_path_everything_answers(deployment: Deployment) -> None:
    deployment.public = {
        "TOCSIN_PUBLIC_AIRFLOW_URL": "https://example.org/airflow",
        "TOCSIN_PUBLIC_MLFLOW_URL": "https://models.example.org",
    }
    deployment.up()
    airflow, dag = deployment.airflow("/airflow"), reporting_dag("cards")
    run = airflow.start(dag, {})
    assert airflow.wait(dag, run, seconds=RUN_SECONDS) == "success", airflow.tasks(dag, run)
    for host, status in (("models.example.org", 200), ("evil.example.org", 403)):
        asked = requests.get(deployment.url("mlflow"), headers={"Host": host}, timeout=60)
        assert asked.status_code == status


class Peak:
    """Looks at the memory of all containers until the block ends."""

    def __init__(self, deployment: Deployment) -> None:
        self.total = 0.0
        self._deployment = deployment
        self._ended = Event()
        self._thread = Thread(target=self._look)

    def _look(self) -> None:
        while not self._ended.wait(2):
            self.total = max(self.total, sum(self._deployment.memory().values()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()
