"""reporting_<use case>: every branch by `dag.test()`."""

from datetime import timedelta
from pathlib import Path

import pytest
import requests
import yaml

from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.steps.replay import replay
from monitoring.use_case import UseCase
from tests.dags.conftest import AS_OF, Airflow, Ran
from tests.fixtures.loopback import free_port
from tests.fixtures.tiny import write_tiny
from tests.fixtures.webhook import Webhook

MEASURED = ("measure", "report_quality", "report_drift", "report_performance")
LISTED = "keep_newest"
ALWAYS = ("publish_metrics", "summary")
pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def watched(airflow: Airflow, tocsin_folder: Path) -> UseCase:
    """Return a use case with a champion, and no traffic yet."""
    case = write_tiny("watched", tocsin_folder)
    assert airflow.run(f"retrain_{case.name}", as_of=AS_OF.isoformat()).state == "success"
    return case


def report(airflow: Airflow, case: UseCase, days: float) -> Ran:
    as_of = AS_OF + timedelta(days=days)
    return airflow.run(f"reporting_{case.name}", as_of=as_of.isoformat())


def test_without_rows_nothing_is_reported_and_the_run_succeeds(
    airflow: Airflow, watched: UseCase, pushgateway: str
) -> None:
    ran = report(airflow, watched, 2)
    assert ran.state == "success"
    assert {ran.tasks[name] for name in MEASURED} == {"skipped"}
    assert {ran.tasks[name] for name in ALWAYS} == {"success"}
    pushed = requests.get(f"{pushgateway}/metrics", timeout=5).text
    drift = [line for line in pushed.splitlines() if line.startswith("tocsin_drift_score_ratio{")]
    assert not any(f'use_case="{watched.name}"' in line for line in drift)


def test_a_quiet_window_is_reported_and_triggers_nothing(
    airflow: Airflow, watched: UseCase, tocsin_folder: Path
) -> None:
    replay(watched, until=AS_OF + timedelta(days=10))
    ran = report(airflow, watched, 10)
    assert ran.state == "success"
    assert {ran.tasks[name] for name in (*MEASURED, LISTED, *ALWAYS)} == {"success"}
    assert ran.tasks["trigger_retrain"] == "skipped"
    written = {path.name for path in (tocsin_folder / "reports" / watched.name).glob("*.html")}
    assert {"index.html", "drift_20260211T000000Z.html", "quality_20260211T000000Z.html",
            "performance_20260211T000000Z.html"} <= written  # fmt: skip


def test_a_drifted_window_triggers_the_retrain_unless_that_is_started_by_hand_only(
    airflow: Airflow, tocsin_folder: Path
) -> None:
    case = write_tiny("moving", tocsin_folder)
    assert airflow.run(f"retrain_{case.name}", as_of=AS_OF.isoformat()).state == "success"
    replay(case, until=AS_OF + timedelta(days=10), scenario=Scenario.COVARIATE)
    ran = report(airflow, case, 10)
    assert ran.state == "success"
    assert ran.tasks["drift_limit_crossed"] == "success"
    assert ran.tasks["trigger_retrain"] == "success"
    # The same window, of a use case whose retrains are started by hand only.
    file = tocsin_folder / "use_cases" / f"{case.name}.yml"
    declared = yaml.safe_load(file.read_text(encoding="utf-8"))
    declared["retrain"]["every"] = None
    file.write_text(yaml.safe_dump(declared), encoding="utf-8")
    ran = report(airflow, case, 10)
    assert ran.state == "success"
    assert ran.tasks["trigger_retrain"] == "skipped"
    log = (tocsin_folder / "airflow.log").read_text(encoding="utf-8", errors="replace")
    assert "no retrain is triggered: they are started by hand only" in log


def test_a_survey_without_amounts_and_event_times_goes_through_the_same_dags(
    airflow: Airflow, student_case: UseCase, tocsin_folder: Path
) -> None:
    name = student_case.name
    assert airflow.run(f"retrain_{name}", as_of=AS_OF.isoformat()).state == "success"
    replay(student_case, until=AS_OF + timedelta(days=10))
    ran = report(airflow, student_case, 10)
    assert ran.state == "success"
    assert {ran.tasks[task] for task in (*MEASURED, LISTED, *ALWAYS)} == {"success"}
    assert (tocsin_folder / "reports" / name / "index.html").is_file()


def test_a_gateway_that_is_down_is_notified_of_once_and_retention_runs(
    airflow: Airflow, tocsin_folder: Path, own_webhook: Webhook
) -> None:
    case = write_tiny("unpublished", tocsin_folder)
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
    assert "open_run failed: PublishError" in own_webhook.received[0]["text"]


def test_a_webhook_that_is_down_fails_the_run_and_leaves_its_success_published(
    airflow: Airflow, tocsin_folder: Path, own_webhook: Webhook, pushgateway: str
) -> None:
    """The branch is the one that a gate ends: what fails on it fails the run all the same."""
    case = write_tiny("unheard", tocsin_folder)
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
    case = write_tiny("unopened", tocsin_folder)
    ran = airflow.run(
        f"reporting_{case.name}",
        environment={"TOCSIN_WEBHOOK_URL": own_webhook.url},
        as_of="when it suits",
    )
    assert ran.state == "failed"
    assert {ran.tasks[name] for name in (*ALWAYS, LISTED)} == {"skipped"}
    assert own_webhook.titles == [f"reporting_{case.name} failed"]


def test_what_fails_shows_no_secret_in_airflow_s_logs_and_database(
    airflow: Airflow, watched: UseCase, tocsin_folder: Path, own_webhook: Webhook
) -> None:
    own_webhook.answer = 500
    nobody = f"127.0.0.1:{free_port()}"
    hook = {"TOCSIN_WEBHOOK_URL": f"{own_webhook.url}/canary-webhook?token=canary-token"}
    database = f"postgresql://tocsin:canary-password@{nobody}/none"
    as_of = (AS_OF + timedelta(days=11)).isoformat()
    for failing in (
        {"TOCSIN_WEBHOOK_URL": f"http://{nobody}/canary-webhook"},
        hook | {"TOCSIN_DATABASE_URL": database},
        hook | {"TOCSIN_MLFLOW_URL": database.replace(":", "+nodriver:", 1)},
        hook
        | {
            "TOCSIN_PUSHGATEWAY_URL": f"http://{nobody}",
            "TOCSIN_PUSHGATEWAY_USER": "tocsin",
            "TOCSIN_PUSHGATEWAY_PASSWORD": "canary-gateway",
        },
    ):
        ran = airflow.run(f"reporting_{watched.name}", environment=failing, as_of=as_of)
        assert ran.state == "failed", failing
    log = (tocsin_folder / "airflow.log").read_text(encoding="utf-8", errors="replace")
    assert "Traceback" in log
    left = [path for path in tocsin_folder.rglob("*") if path.is_file()]
    assert [str(path) for path in left if b"canary" in path.read_bytes()] == []
