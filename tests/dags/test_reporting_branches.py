"""reporting_<use case>: every branch by `dag.test()`."""

import subprocess
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
import yaml

from monitoring.sources.synthetic.frames import synthetic_frame
from monitoring.steps.replay import Wanted, replay
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED, load_use_case
from tests.dags.conftest import AS_OF, DATABASE, Airflow, Ran
from tests.fixtures.loopback import free_port
from tests.fixtures.postgres import programs
from tests.fixtures.tiny import write_tiny
from tests.fixtures.webhook import Webhook

MEASURED = ("measure", "report_quality", "report_drift", "report_performance")
LISTED = "keep_newest"
ALWAYS = ("publish_metrics", "summary")
pytestmark = pytest.mark.usefixtures("here")


def report(airflow: Airflow, case: UseCase, as_of: datetime) -> Ran:
    return airflow.run(f"reporting_{case.name}", as_of=as_of.isoformat())


def test_without_rows_nothing_is_reported_and_the_run_succeeds(
    airflow: Airflow, tiny: UseCase, pushgateway: str
) -> None:
    ran = report(airflow, tiny, AS_OF + timedelta(days=2))
    assert ran.state == "success"
    assert {ran.tasks[name] for name in MEASURED} == {"skipped"}
    assert {ran.tasks[name] for name in ALWAYS} == {"success"}
    pushed = requests.get(f"{pushgateway}/metrics", timeout=5).text
    drift = [line for line in pushed.splitlines() if line.startswith("tocsin_drift_score_ratio{")]
    assert not any(f'use_case="{tiny.name}"' in line for line in drift)


def test_a_quiet_window_is_reported_and_triggers_nothing(
    airflow: Airflow, tiny: UseCase, quiet: datetime, tocsin_folder: Path
) -> None:
    ran = report(airflow, tiny, quiet)
    assert ran.state == "success"
    assert {ran.tasks[name] for name in (*MEASURED, LISTED, *ALWAYS)} == {"success"}
    assert ran.tasks["trigger_retrain"] == "skipped"
    written = {path.name for path in (tocsin_folder / "reports" / tiny.name).glob("*.html")}
    assert {"index.html", "drift_20260211T000000Z.html", "quality_20260211T000000Z.html",
            "performance_20260211T000000Z.html"} <= written  # fmt: skip


def test_a_survey_without_amounts_and_event_times_goes_through_the_same_dags(
    airflow: Airflow, tocsin_folder: Path
) -> None:
    case = quick_survey(tocsin_folder)
    answers = synthetic_frame(case, 3_000, seed=0)
    answers.to_csv(tocsin_folder / "data" / "survey.csv", index=False)
    assert airflow.run(f"retrain_{case.name}", as_of=AS_OF.isoformat()).state == "success"
    until = AS_OF + timedelta(days=2)
    replay(case, Wanted(until, length=timedelta(days=1)))
    ran = report(airflow, case, until)
    assert ran.state == "success"
    assert {ran.tasks[task] for task in (*MEASURED, LISTED, *ALWAYS)} == {"success"}
    assert (tocsin_folder / "reports" / case.name / "index.html").is_file()


def quick_survey(folder: Path) -> UseCase:
    """Write the shipped survey under a name of its own, with one quick candidate."""
    declared = yaml.safe_load((SHIPPED / "student_depression.yml").read_text(encoding="utf-8"))
    quick = declared["candidates"]["logistic_regression"] | {"search": {"C": [0.1]}}
    own = {"name": "survey", "candidates": {"logistic_regression": quick}}
    declared["source"]["path"] = "survey.csv"
    path = folder / "use_cases" / "survey.yml"
    path.write_text(yaml.safe_dump(declared | own), encoding="utf-8")
    return load_use_case(path)


def test_a_gateway_that_is_down_is_notified_of_once_and_retention_runs(
    airflow: Airflow, tocsin_folder: Path, own_webhook: Webhook
) -> None:
    case = write_tiny("unpublished", tocsin_folder, rows=500)
    ran = airflow.run(
        f"reporting_{case.name}",
        environment={
            "TOCSIN_WEBHOOK_URL": own_webhook.url,
            "TOCSIN_PUSHGATEWAY_URL": "http://127.0.0.1:9",
        },
        as_of=AS_OF.isoformat(),
    )
    assert ran.state == "failed"
    assert {ran.tasks[name] for name in ("open_run", "publish_metrics")} == {"failed"}
    assert {ran.tasks[name] for name in MEASURED} == {"upstream_failed"}
    assert {ran.tasks[name] for name in (LISTED, "summary")} == {"success"}
    assert own_webhook.titles == [f"{case.title}: report failed"]
    assert "open_run failed: PublishError" in own_webhook.received[0]["message"]


def test_a_webhook_that_is_down_fails_the_run_and_leaves_its_success_published(
    airflow: Airflow, tocsin_folder: Path, own_webhook: Webhook, pushgateway: str
) -> None:
    """The branch is the one that a gate ends: what fails on it fails the run all the same."""
    case = write_tiny("unheard", tocsin_folder, rows=500)
    own_webhook.answer = 503
    ran = airflow.run(
        f"reporting_{case.name}",
        environment={"TOCSIN_WEBHOOK_URL": own_webhook.url},
        as_of=AS_OF.isoformat(),
    )
    assert {ran.tasks[name] for name in MEASURED} == {"skipped"}
    assert ran.tasks["summary"] == "failed"
    assert ran.state == "failed"
    groups = requests.get(f"{pushgateway}/api/v1/metrics", timeout=5).json()["data"]
    parts = {g["labels"]["part"] for g in groups if g["labels"]["use_case"] == case.name}
    assert {"report_success", "report_notification"} <= parts


def test_a_run_that_cannot_be_opened_is_notified_of_once(
    airflow: Airflow, tocsin_folder: Path, own_webhook: Webhook
) -> None:
    case = write_tiny("unopened", tocsin_folder, rows=500)
    ran = airflow.run(
        f"reporting_{case.name}",
        environment={"TOCSIN_WEBHOOK_URL": own_webhook.url},
        as_of="when it suits",
    )
    assert ran.state == "failed"
    assert {ran.tasks[name] for name in (*ALWAYS, LISTED)} == {"skipped"}
    assert own_webhook.titles == [f"{case.title}: report failed"]


def test_what_fails_shows_no_secret_in_airflow_s_logs_and_database(
    airflow: Airflow, tiny: UseCase, tocsin_folder: Path, own_webhook: Webhook
) -> None:
    own_webhook.answer = 500
    nobody = f"127.0.0.1:{free_port()}"
    hook = {"TOCSIN_WEBHOOK_URL": f"{own_webhook.url}/canary-webhook?token=canary-token"}
    database = f"postgresql://tocsin:canary-password@{nobody}/none"
    as_of = (AS_OF + timedelta(days=11)).isoformat()
    for failing in (
        hook | {"TOCSIN_DATABASE_URL": database},
        {
            "TOCSIN_WEBHOOK_URL": f"http://{nobody}/canary-webhook",
            "TOCSIN_MLFLOW_URL": database.replace(":", "+nodriver:", 1),
            "TOCSIN_PUSHGATEWAY_URL": f"http://{nobody}",
            "TOCSIN_PUSHGATEWAY_USER": "tocsin",
            "TOCSIN_PUSHGATEWAY_PASSWORD": "canary-gateway",
        },
    ):
        ran = airflow.run(f"reporting_{tiny.name}", environment=failing, as_of=as_of)
        assert ran.state == "failed", failing
    log = (tocsin_folder / "airflow.log").read_text(encoding="utf-8", errors="replace")
    assert "Traceback" in log
    left = [path for path in tocsin_folder.rglob("*") if path.is_file()]
    assert [str(path) for path in left if b"canary" in path.read_bytes()] == []
    assert b"canary" not in content_of(airflow.environment[DATABASE])


def content_of(database: str) -> bytes:
    """Return what PostgreSQL holds in a database; nothing of SQLite's, which is a file."""
    if database.startswith("sqlite"):
        return b""
    url = sa.make_url(database).set(drivername="postgresql")
    dump = [programs()[-1] / "pg_dump", "--dbname", url.render_as_string(hide_password=False)]
    content = subprocess.run(dump, check=True, capture_output=True).stdout
    assert b"dag_run" in content
    return content
