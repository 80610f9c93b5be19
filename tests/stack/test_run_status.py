"""How the newest retrain went, on the server's pages: asked of a real Airflow."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from monitoring.airflow_api import AIRFLOW_USER, AIRFLOW_VIEWER, AirflowApi, AirflowError
from monitoring.pages.run_states import RunState, RunStates
from monitoring.pages.servers import Servers
from monitoring.pages.site import site_of
from monitoring.serving.api import api_of
from monitoring.signals.prometheus import Prometheus
from monitoring.use_case import UseCase
from tests.fixtures.eventually import PATIENCE, eventually
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.fixtures.stack import LocalStack
from tests.fixtures.tiny import write_tiny
from tests.reports.reading import Document

pytestmark = pytest.mark.stack


@pytest.fixture(scope="module")
def failed(local_stack: LocalStack) -> UseCase:
    """A use case whose first retrain has failed."""
    where = local_stack.running.settings
    assert where.airflow_url is not None
    assert where.airflow_password is not None
    airflow = AirflowApi(where.airflow_url, AIRFLOW_USER, where.airflow_password.get_secret_value())
    case = write_tiny("damaged", local_stack.settings.state.parent, rows=500)
    assert isinstance(where.data, Path)
    (where.data / "damaged.csv").write_text("Time,V1\n1,2\n", encoding="utf-8")
    run_id = airflow.scheduled(f"retrain_{case.name}")
    assert airflow.wait(f"retrain_{case.name}", run_id, seconds=3 * PATIENCE) == "failed"
    return case


def shown(url: str, path: str) -> tuple[str, str]:
    """Return where a page was found at last, and its words."""
    answer = requests.get(f"{url}{path}", headers={"Accept": "text/html"}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text
    return answer.url.removeprefix(url), " ".join(Document(answer.text).words)


def test_how_a_retrain_ended_is_stored_though_nobody_opened_a_page(
    local_stack: LocalStack, failed: UseCase
) -> None:
    """The DAG `status_damaged` has done so; that the retrain started it has hidden no failure."""
    kept = local_stack.settings.state / "run_states" / f"{failed.name}.json"
    eventually(kept.is_file)
    state = RunState.model_validate_json(kept.read_text("utf-8"))
    assert (state.state, state.failing_task) == ("failed", "merge_production_data")
    assert state.error is not None
    assert state.error.startswith("SchemaError: ")
    assert state.ended is not None


def test_pages_and_tasks_look_at_airflow_as_one_who_may_start_nothing(
    local_stack: LocalStack, failed: UseCase
) -> None:
    where = local_stack.running.settings
    assert where.airflow_url is not None
    assert where.airflow_viewer_password is not None
    password = where.airflow_viewer_password.get_secret_value()
    viewer = AirflowApi(where.airflow_url, AIRFLOW_VIEWER, password)
    assert viewer.newest_run(f"retrain_{failed.name}") is not None
    with pytest.raises(requests.HTTPError, match="403"):
        viewer.start(f"retrain_{failed.name}", {})
    wrong = AirflowApi(where.airflow_url, AIRFLOW_VIEWER, "not it")
    with pytest.raises(AirflowError, match="TOCSIN_AIRFLOW_VIEWER_PASSWORD"):
        wrong.newest_run(f"retrain_{failed.name}")


def test_the_newest_retrain_leads_to_its_page_with_the_failing_task_and_its_error(
    local_stack: LocalStack, failed: UseCase
) -> None:
    where = local_stack.running.settings
    place, text = shown(where.public_url, f"/latest/{failed.name}")
    assert place == f"/failure/{failed.name}"
    assert "state failed" in text
    assert "logical date none" not in text
    assert "failing task merge_production_data" in text
    assert "error SchemaError: " in text
    link = f"{where.public_airflow_url}/dags/retrain_{failed.name}/runs/"
    page = requests.get(f"{where.public_url}{place}", timeout=PATIENCE).text
    assert link in page
    assert "/tasks/merge_production_data" in page
    assert shown(where.public_url, "/latest")[0] == "/failure"
    assert "No newest retrain came to this" in shown(where.public_url, f"/success/{failed.name}")[1]
    nobody = requests.get(f"{where.public_url}/latest/nobody", timeout=PATIENCE)
    assert nobody.status_code == 404


def test_with_airflow_down_it_is_unknown_with_what_was_known_last_and_how_old_that_is(
    local_stack: LocalStack, failed: UseCase, tmp_path: Path
) -> None:
    where = local_stack.running.settings
    shown(where.public_url, f"/latest/{failed.name}")
    shutil.copytree(where.state / "run_states", tmp_path / "run_states")
    away, port = f"http://127.0.0.1:{free_port()}", free_port()
    states = RunStates(
        AirflowApi(away, AIRFLOW_VIEWER, "nobody asks", tries=1),
        tmp_path / "run_states",
        where.runs,
    )
    site = site_of(where.model_copy(update={"front": "run_status"}))
    own = where.model_copy(update={"state": tmp_path, "public_url": f"http://127.0.0.1:{port}"})
    servers = Servers(Prometheus(where.prometheus_url), states)
    with running_site(site, api_of(own, keys=False), port=port, servers=servers) as url:
        place, text = shown(url, f"/latest/{failed.name}")
        assert place == f"/latest/{failed.name}"
        assert "Retrains: unknown" in text
        assert f"Airflow at {away} does not answer" in text
        assert f"was known last, at {datetime.now(UTC):%Y-%m-%d}" in text
        assert "and is old" in text
        assert "failing task merge_production_data" in text
        place, text = shown(url, "/")
        assert place == "/latest"
        assert "Card fraud: unknown" in text
