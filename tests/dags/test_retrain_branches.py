"""retrain_<use case>: every branch by `dag.test()`, in the order in which a model lives."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import requests
import yaml

from monitoring.pages.site import Site
from monitoring.serving.api import api_of
from monitoring.settings import settings
from monitoring.signals.links import Addresses
from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.use_case import UseCase
from tests.dags.conftest import AS_OF, Airflow, Ran
from tests.fixtures.eventually import PATIENCE
from tests.fixtures.loopback import free_port
from tests.fixtures.mailbox import parts_of, running_mailbox
from tests.fixtures.serving import running_site
from tests.fixtures.tiny import write_tiny
from tests.fixtures.webhook import Webhook

AFTER_DECIDE = (
    "back_up_champion",
    "merge_production_data",
    "lightgbm.search_params",
    "logistic_regression.log_model",
    "select_best",
    "promote",
    "archive_production_data",
    "report_run",
)
ALWAYS = ("publish_metrics", "notify")
pytestmark = pytest.mark.usefixtures("here")


def test_the_first_run_gives_a_use_case_its_champion(
    first_champion: tuple[UseCase, Ran], tocsin_folder: Path
) -> None:
    case, ran = first_champion
    assert ran.state == "success"
    assert {ran.tasks[name] for name in (*AFTER_DECIDE, *ALWAYS)} == {"success"}
    version = model_registry().champion(case)
    assert version is not None
    assert version.number == "1"
    report = (tocsin_folder / "reports" / case.name / "retrain_20260201T000000Z.md").read_text()
    assert "| test\\_recall | 0." in report


def test_too_few_rows_and_no_drift_skips_and_still_publishes_and_notifies(
    airflow: Airflow, tiny: UseCase, pushgateway: str
) -> None:
    ran = airflow.run(f"retrain_{tiny.name}", as_of=AS_OF.isoformat())
    assert ran.state == "success"
    assert {ran.tasks[name] for name in AFTER_DECIDE} == {"skipped"}
    assert {ran.tasks[name] for name in ALWAYS} == {"success"}
    pushed = requests.get(f"{pushgateway}/metrics", timeout=5).text
    assert 'decision="skipped"' in pushed
    assert 'reason="too few new rows and no drift"' in pushed


def test_enough_new_rows_retrain_and_are_consumed_once(
    airflow: Airflow, tiny: UseCase, quiet: datetime
) -> None:
    with production_store() as store:
        assert store.new_labelled(tiny, quiet) >= tiny.retrain.new_rows
    ran = airflow.run(f"retrain_{tiny.name}", as_of=quiet.isoformat())
    assert ran.state == "success"
    assert {ran.tasks[name] for name in (*AFTER_DECIDE, *ALWAYS)} == {"success"}
    with production_store() as store:
        assert store.new_labelled(tiny, quiet) == 0


def test_a_person_can_force_a_retrain_and_a_candidate_that_fails_is_left_out_and_named(
    airflow: Airflow, tiny: UseCase, quiet: datetime, tocsin_folder: Path, own_webhook: Webhook
) -> None:
    reloads = "serve: {reload: true}\n"
    case = write_tiny(tiny.name, tocsin_folder, boosting_type="rf", more=reloads)
    with loading_site(tocsin_folder) as api:
        ran = airflow.run(
            f"retrain_{case.name}",
            environment={"TOCSIN_WEBHOOK_URL": own_webhook.url, "TOCSIN_SERVE_URL": api},
            as_of=(quiet + timedelta(hours=1)).isoformat(),
            force=True,
        )
        serves = requests.get(f"{api}/model/{case.name}", timeout=PATIENCE).json()["version"]
    assert ran.tasks["lightgbm.search_params"] == "failed"
    assert ran.tasks["promote"] == "success"
    assert ran.state == "success"
    (message,) = own_webhook.received
    assert "FAILED: lightgbm" in message["message"]
    champion = model_registry().champion(case)
    assert champion is not None
    assert serves == champion.number
    assert f"version {serves} (logistic_regression) is loaded by the API" in message["message"]
    names = ("reload_logistic_regression", "reload_lightgbm", "reload_best")
    assert {ran.tasks[name] for name in names} == {"success"}


@contextmanager
def loading_site(folder: Path) -> Iterator[str]:
    """Serve the models that the runs leave."""
    port = free_port()
    site = Site(folder / "reports", folder / "use_cases", Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api_of(settings(), keys=False), port=port) as url:
        yield url


def test_a_step_that_fails_fails_the_run_after_one_notification(
    airflow: Airflow, tocsin_folder: Path, pushgateway: str, own_webhook: Webhook
) -> None:
    channels = "notify: {on_failure: [mail, webhook], on_retry: [mail, slack]}\n"
    case = write_tiny("broken", tocsin_folder, rows=500, more=channels)
    (tocsin_folder / "data" / "broken.csv").write_text("Time,V1\n1,2\n", encoding="utf-8")
    with running_mailbox() as box:
        ran = airflow.run(
            f"retrain_{case.name}",
            environment={
                "TOCSIN_WEBHOOK_URL": own_webhook.url,
                "TOCSIN_SMTP_HOST": box.host,
                "TOCSIN_SMTP_TLS": "false",
                "TOCSIN_SMTP_TO": "team@tocsin.test",
                "TOCSIN_PUBLIC_AIRFLOW_URL": "http://airflow.test",
            },
            as_of=AS_OF.isoformat(),
        )
    assert ran.tasks["merge_production_data"] == "failed"
    assert ran.tasks["select_best"] == "upstream_failed"
    assert own_webhook.titles == [f"{case.title}: retrain failed"]
    assert "merge_production_data failed: " in own_webhook.received[0]["message"]
    assert {ran.tasks[name] for name in (*ALWAYS, "trigger_status")} == {"success"}
    assert ran.state == "failed"
    retried = f"{case.title}: merge_production_data is tried again"
    assert box.subjects == [retried, retried, f"{case.title}: retrain failed"]
    facts = own_webhook.received[0]["commonAnnotations"]
    assert (facts["dag"], facts["task"]) == (f"retrain_{case.name}", "merge_production_data")
    assert facts["try"] == "3 of 3"
    assert facts["error"].startswith("SchemaError: ")
    log = facts["log_url"]
    assert log.startswith(f"http://airflow.test/dags/retrain_{case.name}/runs/manual__")
    assert log.endswith("/tasks/merge_production_data")
    first, again, last = (parts_of(mail)[0] for mail in box.mails)
    for mail, attempt in ((first, "1 of 3"), (again, "2 of 3"), (last, "3 of 3")):
        for said in (facts["dag"], facts["run"], facts["date"][:10], attempt, facts["error"], log):
            assert said in mail
    said = (tocsin_folder / "airflow.log").read_text(encoding="utf-8", errors="replace")
    assert "slack is named by `notify.on_retry` and is not set up" in said
    groups = requests.get(f"{pushgateway}/api/v1/metrics", timeout=5).json()["data"]
    parts = {g["labels"]["part"] for g in groups if g["labels"]["use_case"] == case.name}
    assert "retrain_attempt" in parts
    assert "retrain_success" not in parts


def test_drift_retrains_although_there_are_too_few_new_rows_unless_that_is_by_hand_only(
    airflow: Airflow, tiny: UseCase, tocsin_folder: Path
) -> None:
    # Other rows, for those there were have come as traffic before.
    write_tiny(tiny.name, tocsin_folder, new_rows=10**9, seed=1)
    until = AS_OF + timedelta(days=20)
    replay(tiny, Wanted(until, scenario=Scenario.COVARIATE))
    file = tocsin_folder / "use_cases" / f"{tiny.name}.yml"
    declared = file.read_text(encoding="utf-8")
    by_hand = {"retrain": {"every": None}}
    file.write_text(yaml.safe_dump(yaml.safe_load(declared) | by_hand), encoding="utf-8")
    reported = airflow.run(f"reporting_{tiny.name}", as_of=until.isoformat())
    assert reported.state == "success"
    assert reported.tasks["trigger_retrain"] == "skipped"
    log = (tocsin_folder / "airflow.log").read_text(encoding="utf-8", errors="replace")
    assert "no retrain is triggered: they are started by hand only" in log
    file.write_text(declared, encoding="utf-8")
    reported = airflow.run(f"reporting_{tiny.name}", as_of=until.isoformat())
    assert reported.state == "success"
    assert reported.tasks["drift_limit_crossed"] == "success"
    assert reported.tasks["trigger_retrain"] == "success"
    ran = airflow.run(f"retrain_{tiny.name}", as_of=until.isoformat())
    assert ran.tasks["promote"] == "success"
    decisions = (tocsin_folder / "state" / "runs" / tiny.name).glob("*/decision.json")
    assert any('"drift"' in path.read_text(encoding="utf-8") for path in decisions)
