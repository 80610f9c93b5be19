"""retrain_<use case>: every branch by `dag.test()`, in the order in which a model lives."""

from datetime import timedelta
from pathlib import Path

import pytest
import requests

from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import replay
from monitoring.use_case import UseCase
from tests.dags.conftest import AS_OF, Airflow
from tests.fixtures.tiny import write_tiny
from tests.fixtures.webhook import Webhook

AFTER_DECIDE = (
    "back_up_champion",
    "merge_production_data",
    "lightgbm.search",
    "logistic_regression.log",
    "select",
    "promote",
    "archive_production_data",
)
ALWAYS = ("publish_metrics", "notify")
pytestmark = pytest.mark.usefixtures("here")


@pytest.fixture(scope="module")
def first_champion(airflow: Airflow, tiny: UseCase) -> UseCase:
    """Return the use case with a champion, which its first retrain run gave it."""
    ran = airflow.run(f"retrain_{tiny.name}", as_of=AS_OF.isoformat())
    assert ran.state == "success"
    assert {ran.tasks[name] for name in (*AFTER_DECIDE, *ALWAYS)} == {"success"}
    return tiny


def test_the_first_run_gives_a_use_case_its_champion(first_champion: UseCase) -> None:
    version = model_registry().champion(first_champion)
    assert version is not None
    assert version.number == "1"


def test_too_few_rows_and_no_drift_skips_and_still_publishes_and_notifies(
    airflow: Airflow, first_champion: UseCase, pushgateway: str
) -> None:
    ran = airflow.run(f"retrain_{first_champion.name}", as_of=AS_OF.isoformat())
    assert ran.state == "success"
    assert {ran.tasks[name] for name in AFTER_DECIDE} == {"skipped"}
    assert {ran.tasks[name] for name in ALWAYS} == {"success"}
    pushed = requests.get(f"{pushgateway}/metrics", timeout=5).text
    assert 'decision="skipped"' in pushed
    assert 'reason="too few new rows and no drift"' in pushed


def test_enough_new_rows_retrain_and_are_consumed_once(
    airflow: Airflow, first_champion: UseCase
) -> None:
    as_of = AS_OF + timedelta(days=10)
    replay(first_champion, until=as_of)
    with production_store() as store:
        assert store.new_labelled(first_champion, as_of) >= first_champion.retrain.new_rows
    ran = airflow.run(f"retrain_{first_champion.name}", as_of=as_of.isoformat())
    assert ran.state == "success"
    assert {ran.tasks[name] for name in (*AFTER_DECIDE, *ALWAYS)} == {"success"}
    with production_store() as store:
        assert store.new_labelled(first_champion, as_of) == 0


def test_a_person_can_force_a_retrain(airflow: Airflow, first_champion: UseCase) -> None:
    as_of = AS_OF + timedelta(days=10, hours=1)
    ran = airflow.run(f"retrain_{first_champion.name}", as_of=as_of.isoformat(), force=True)
    assert ran.tasks["promote"] == "success"


def test_a_candidate_that_fails_is_left_out_and_named_in_the_one_notification(
    airflow: Airflow, tocsin_folder: Path, own_webhook: Webhook
) -> None:
    case = write_tiny("halting", tocsin_folder, boosting_type="rf")
    ran = airflow.run(
        f"retrain_{case.name}",
        environment={"TOCSIN_WEBHOOK_URL": own_webhook.url},
        as_of=AS_OF.isoformat(),
    )
    assert ran.tasks["lightgbm.search"] == "failed"
    assert ran.tasks["promote"] == "success"
    assert ran.state == "success"
    assert own_webhook.titles == [f"{case.title}: new champion"]
    assert "FAILED: lightgbm" in own_webhook.received[0]["text"]


def test_a_step_that_fails_fails_the_run_after_one_notification(
    airflow: Airflow, tocsin_folder: Path, pushgateway: str, own_webhook: Webhook
) -> None:
    case = write_tiny("broken", tocsin_folder)
    (tocsin_folder / "data" / "broken.csv").write_text("Time,V1\n1,2\n", encoding="utf-8")
    ran = airflow.run(
        f"retrain_{case.name}",
        environment={"TOCSIN_WEBHOOK_URL": own_webhook.url},
        as_of=AS_OF.isoformat(),
    )
    assert ran.tasks["merge_production_data"] == "failed"
    assert ran.tasks["select"] == "upstream_failed"
    assert own_webhook.titles == [f"{case.title}: retrain failed"]
    assert "merge_production_data failed: " in own_webhook.received[0]["text"]
    assert {ran.tasks[name] for name in ALWAYS} == {"success"}
    assert ran.state == "failed"
    groups = requests.get(f"{pushgateway}/api/v1/metrics", timeout=5).json()["data"]
    parts = {g["labels"]["part"] for g in groups if g["labels"]["use_case"] == case.name}
    assert "retrain_attempt" in parts
    assert "retrain_success" not in parts


def test_drift_retrains_although_there_are_too_few_new_rows(
    airflow: Airflow, tocsin_folder: Path
) -> None:
    case = write_tiny("drifting", tocsin_folder, new_rows=10**9)
    assert airflow.run(f"retrain_{case.name}", as_of=AS_OF.isoformat()).state == "success"
    replay(case, until=AS_OF + timedelta(days=5), scenario=Scenario.COVARIATE)
    as_of = (AS_OF + timedelta(days=5)).isoformat()
    ran = airflow.run(f"retrain_{case.name}", as_of=as_of)
    assert ran.tasks["promote"] == "success"
    decisions = (tocsin_folder / "state" / "runs" / case.name).glob("*/decision.json")
    assert any('"drift"' in path.read_text(encoding="utf-8") for path in decisions)
