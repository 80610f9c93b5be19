"""What Airflow shows of both DAGs: tasks, what each waits for, and on which terms."""

import pytest
import yaml

from tests.dags.conftest import Airflow, Json
from tests.fixtures.tiny import write_tiny
from tests.fixtures.watched import Logs

DONE, ANY = "all_done", "all_done_min_one_success"

LR = "logistic_regression"
RETRAIN: dict[str, tuple[list[str], str]] = {
    "open_run": ([], "all_success"),
    "check_production_data": (["open_run"], "all_success"),
    "detect_drift": (["open_run"], "all_success"),
    "decide": (["check_production_data", "detect_drift", "open_run"], "all_success"),
    "back_up_champion": (["decide", "open_run"], "all_success"),
    "merge_production_data": (["back_up_champion", "open_run"], "all_success"),
    f"{LR}.search_params": (["merge_production_data", "open_run"], "all_success"),
    f"{LR}.train_model": ([f"{LR}.search_params", "open_run"], "all_success"),
    f"{LR}.log_model": ([f"{LR}.train_model", "open_run"], "all_success"),
    "lightgbm.search_params": (["merge_production_data", "open_run"], "all_success"),
    "lightgbm.train_model": (["lightgbm.search_params", "open_run"], "all_success"),
    "lightgbm.log_model": (["lightgbm.train_model", "open_run"], "all_success"),
    "select_best": (["lightgbm.log_model", f"{LR}.log_model"], ANY),
    "promote": (["open_run", "select_best"], "all_success"),
    "archive_production_data": (["open_run", "promote"], "all_success"),
    "report_run": (["open_run", "promote", "select_best"], "all_success"),
    "publish_metrics": (["archive_production_data", "open_run", "report_run"], DONE),
    "notify": (["open_run", "publish_metrics"], DONE),
    "trigger_status": (["notify"], DONE),
}
REPORT: dict[str, tuple[list[str], str]] = {
    "open_run": ([], "all_success"),
    "check_data_availability": (["open_run"], "all_success"),
    "measure": (["check_data_availability", "open_run"], "all_success"),
    "judge_probation": (["measure", "open_run"], "all_success"),
    "report_quality": (["measure", "open_run"], "all_success"),
    "report_drift": (["measure", "open_run"], "all_success"),
    "report_performance": (["measure", "open_run"], "all_success"),
    "publish_metrics": (
        ["judge_probation", "open_run", "report_drift", "report_performance", "report_quality"],
        DONE,
    ),
    "keep_newest": (["open_run", "publish_metrics"], DONE),
    "summary": (["keep_newest", "open_run"], DONE),
    "drift_limit_crossed": (["measure", "open_run", "publish_metrics"], "all_success"),
    "trigger_retrain": (["drift_limit_crossed"], "all_success"),
}
GATES = {"decide", "check_data_availability", "drift_limit_crossed"}


@pytest.fixture(scope="module")
def dags(airflow: Airflow, tmp_path_factory: pytest.TempPathFactory) -> Json:
    """Both DAGs of a use case, as Airflow finds them."""
    folder = tmp_path_factory.mktemp("structure")
    write_tiny("tiny", folder, rows=500)
    write_tiny("by_hand", folder, rows=500)
    path = folder / "use_cases" / "by_hand.yml"
    declared = yaml.safe_load(path.read_text(encoding="utf-8")) | {
        "owner": {"name": "Risk team", "link": "https://wiki.example/risk"},
        "retrain": {"every": None},
    }
    boosting = {"steps": ["sklearn.ensemble.HistGradientBoostingClassifier"]}
    declared["candidates"]["gradient_boosting"] = boosting
    declared["source"]["buckets"] = "by-hand"
    declared["serve"] = {"reload": True}
    path.write_text(yaml.safe_dump(declared), encoding="utf-8")
    Logs(folder).declare(on_drift={"webhook": "RETRAIN_URL"})
    dags: Json = airflow.found(folder)["dags"]
    return dags


@pytest.mark.parametrize(
    ("dag_id", "expected"), [("retrain_tiny", RETRAIN), ("reporting_tiny", REPORT)]
)
def test_each_task_waits_for_what_it_needs(
    dags: Json, dag_id: str, expected: dict[str, tuple[list[str], str]]
) -> None:
    tasks = dict(dags[dag_id]["tasks"])
    watch = tasks.pop("watch")
    assert {name: (t["upstream"], t["rule"]) for name, t in tasks.items()} == expected
    # One that ends a branch would skip what waits for it.
    assert set(watch["upstream"]) == {name for name in expected if "." not in name} - GATES
    assert (watch["rule"], watch["retries"]) == ("one_failed", 0)
    assert {t["retries"] for t in tasks.values()} == {2}
    assert {t["minutes"] for t in tasks.values()} == {60 if "retrain" in dag_id else 20}


def test_a_retrain_has_a_group_per_candidate(dags: Json) -> None:
    assert dags["retrain_tiny"]["groups"] == ["lightgbm", "logistic_regression"]
    assert dags["reporting_tiny"]["groups"] == []


def test_one_more_candidate_in_the_file_is_a_group_of_tasks_more(dags: Json) -> None:
    more = set(dags["retrain_by_hand"]["tasks"]) - set(dags["retrain_tiny"]["tasks"])
    of_buckets = {"load_csv_to_s3", "save_to_s3"}
    steps = ("search_params", "train_model", "log_model")
    reloads = {f"reload_{name}" for name in (LR, "lightgbm", "gradient_boosting", "best")}
    assert more == {f"gradient_boosting.{step}" for step in steps} | of_buckets | reloads
    selecting = dags["retrain_by_hand"]["tasks"]["select_best"]["upstream"]
    assert "gradient_boosting.log_model" in selecting


def test_a_use_case_whose_api_is_told_reloads_each_candidate_and_the_best(dags: Json) -> None:
    tasks = dags["retrain_by_hand"]["tasks"]
    for name in (LR, "lightgbm", "best"):
        assert tasks[f"reload_{name}"]["upstream"] == ["open_run", "promote"]
        assert f"reload_{name}" in tasks["publish_metrics"]["upstream"]


def test_a_use_case_with_buckets_uploads_its_raw_files_first(dags: Json) -> None:
    tasks = dags["retrain_by_hand"]["tasks"]
    assert tasks["load_csv_to_s3"]["upstream"] == ["open_run"]
    for name in ("check_production_data", "detect_drift"):
        assert tasks[name]["upstream"] == ["load_csv_to_s3", "open_run"]
    assert tasks["save_to_s3"]["upstream"] == ["open_run", "promote"]
    assert "save_to_s3" in tasks["publish_metrics"]["upstream"]


def test_the_tasks_that_may_end_a_branch_are_short_circuits(dags: Json) -> None:
    ours = (dags["retrain_tiny"], dags["reporting_tiny"])
    tasks = {name: t for dag in ours for name, t in dag["tasks"].items()}
    circuits = {name for name, t in tasks.items() if "ShortCircuit" in t["type"]}
    assert circuits == GATES
    for name in ("trigger_retrain", "trigger_status"):
        assert tasks[name]["type"] == "TriggerDagRunOperator"


def test_the_status_of_a_retrain_is_awaited_by_one_task_that_holds_no_slot(dags: Json) -> None:
    status = dags["status_tiny"]
    assert status["schedule"] is None
    assert status["params"] == ["run_id"]
    assert status["tasks"].keys() == {"store_run_state"}
    assert status["rescheduled"] == ["store_run_state"]
    assert status["paused_at_first"] is False


def test_what_each_dag_is_given(dags: Json) -> None:
    retrain, report = dags["retrain_tiny"], dags["reporting_tiny"]
    assert (retrain["schedule"], report["schedule"]) == ("0 3 * * *", "0 */6 * * *")
    assert (retrain["params"], report["params"]) == (["force"], [])
    for dag in (retrain, report):
        assert dag["tags"] == ["tiny", "tocsin"]
        assert dag["max_active_runs"] == 1
        assert (dag["owner"], dag["owner_links"]) == ("airflow", {})


def test_a_use_case_s_owner_owns_its_dags_and_is_linked_in_the_list(dags: Json) -> None:
    for name in ("retrain_by_hand", "reporting_by_hand"):
        assert dags[name]["owner"] == "Risk team"
        assert dags[name]["owner_links"] == {"Risk team": "https://wiki.example/risk"}


def test_a_retrain_started_by_hand_only_has_no_schedule(dags: Json) -> None:
    assert dags["retrain_by_hand"]["schedule"] is None
    assert dags["reporting_by_hand"]["schedule"] == "0 */6 * * *"


def test_of_a_watched_model_there_is_a_dag_of_reports_alone_that_calls_who_trains_it(
    dags: Json,
) -> None:
    assert [name for name in dags if name.endswith("_payments")] == ["reporting_payments"]
    tasks = dags["reporting_payments"]["tasks"]
    assert not {"judge_probation", "trigger_retrain"} & tasks.keys()
    assert tasks["call_on_drift"]["upstream"] == ["drift_limit_crossed", "open_run"]
    assert "call_on_drift" in tasks["watch"]["upstream"]
