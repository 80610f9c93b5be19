"""The real local stack: healthy, private, harmless to start twice, gone when it is down."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests
from mlflow import MlflowClient
from prometheus_client import CollectorRegistry, Gauge, push_to_gateway

from monitoring.settings import Settings
from monitoring.stack.demo import check_same_rows, for_demo
from monitoring.stack.down import down
from monitoring.stack.environment import as_variables
from monitoring.stack.folders import DEPLOYMENT, Folders
from monitoring.stack.leftovers import processes_of
from monitoring.stack.ports import PortTakenError
from monitoring.stack.stack_error import StackError
from monitoring.stack.status import ComponentStatus, memory_of, status
from monitoring.stack.supervisor import Supervisor
from monitoring.stack.up import NotHealthyError, Progress, up
from monitoring.use_case_file import use_case_files
from tests.fixtures.eventually import eventually
from tests.fixtures.stack import LocalStack, free_ports, stack_settings
from tests.fixtures.tiny import write_tiny

pytestmark = pytest.mark.stack


def quiet(_: object) -> None:
    """Show nothing."""


def airflow_token(stack: LocalStack, password: str) -> requests.Response:
    return requests.post(
        f"{stack.running.settings.airflow_url}/auth/token",
        json={"username": "admin", "password": password},
        timeout=10,
    )


def test_every_part_is_healthy_and_answers_where_it_says(local_stack: LocalStack) -> None:
    found = status(local_stack.settings)
    assert {component.name for component in found} >= {
        "pushgateway",
        "prometheus",
        "alertmanager",
        "mlflow",
        "serve",
        "airflow-api-server",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
    }
    assert [component.name for component in found if not component.healthy] == []
    for component in found:
        if component.url is not None:
            assert requests.get(component.url, timeout=10).ok


def test_up_again_starts_nothing_anew(local_stack: LocalStack) -> None:
    before = pids(local_stack)
    again = up(local_stack.settings, local_stack.ports, progress=quiet)
    assert again.was_up
    assert {component.name: component.pid for component in again.components} == before


def pids(stack: LocalStack) -> dict[str, int | None]:
    return {component.name: component.pid for component in status(stack.settings)}


def interrupting(when: Callable[[dict[str, ComponentStatus]], bool]) -> Progress:
    """Interrupt `up`, as Ctrl-C does, once the components are in a state."""

    def progress(shown: Sequence[ComponentStatus]) -> None:
        if when({component.name: component for component in shown}):
            raise KeyboardInterrupt

    return progress


def test_up_again_stops_nothing_when_it_is_interrupted(local_stack: LocalStack) -> None:
    before = pids(local_stack)
    with pytest.raises(KeyboardInterrupt):
        up(local_stack.settings, local_stack.ports, progress=interrupting(lambda _: True))
    assert pids(local_stack) == before
    assert all(component.healthy for component in status(local_stack.settings))


def test_up_again_that_is_interrupted_stops_what_it_started_and_nothing_else(
    local_stack: LocalStack,
) -> None:
    before = pids(local_stack)
    Supervisor(Folders(local_stack.settings.state)).stop_component("alertmanager")
    with pytest.raises(KeyboardInterrupt):
        up(
            local_stack.settings,
            local_stack.ports,
            progress=interrupting(lambda shown: shown["alertmanager"].pid is not None),
        )
    assert pids(local_stack) == before | {"alertmanager": None}
    again = up(local_stack.settings, local_stack.ports, progress=quiet)
    assert again.was_up
    assert {**pids(local_stack), "alertmanager": None} == before | {"alertmanager": None}


def test_up_on_other_ports_while_it_is_up_is_refused(local_stack: LocalStack) -> None:
    with pytest.raises(StackError, match="other ports"):
        up(local_stack.settings, free_ports(), progress=quiet)
    assert all(component.healthy for component in status(local_stack.settings))


def prometheus(stack: LocalStack, path: str) -> Any:
    url = f"{stack.running.settings.prometheus_url}/api/v1/{path}"
    return requests.get(url, timeout=10).json()["data"]


def test_prometheus_has_the_rules_of_every_shipped_use_case(local_stack: LocalStack) -> None:
    groups = {group["name"] for group in prometheus(local_stack, "rules")["groups"]}
    # Another test may have written use cases of its own since the stack started.
    assert groups >= set(use_case_files())


def test_up_again_loads_the_rules_of_a_use_case_that_came_and_drops_those_of_one_that_went(
    local_stack: LocalStack,
) -> None:
    def groups() -> set[str]:
        return {group["name"] for group in prometheus(local_stack, "rules")["groups"]}

    folder = local_stack.settings.state.parent
    write_tiny("came_later", folder)
    file = folder / "use_cases" / "came_later.yml"
    before = pids(local_stack)
    up(local_stack.settings, local_stack.ports, progress=quiet)
    eventually(lambda: "came_later" in groups())
    file.unlink()
    up(local_stack.settings, local_stack.ports, progress=quiet)
    eventually(lambda: "came_later" not in groups())
    assert pids(local_stack) == before


def test_prometheus_reaches_every_target_and_alertmanager(local_stack: LocalStack) -> None:
    def targets() -> list[dict[str, str]]:
        active: list[dict[str, str]] = prometheus(local_stack, "targets")["activeTargets"]
        return active

    def all_up() -> bool:
        health = [target["health"] for target in targets()]
        return len(health) >= 3 and set(health) == {"up"}

    def alertmanagers() -> list[str]:
        active = prometheus(local_stack, "alertmanagers")["activeAlertmanagers"]
        return [alertmanager["url"] for alertmanager in active]

    eventually(all_up, otherwise=targets)
    # They are discovered on their own, some seconds after the targets or before them.
    (url,) = eventually(alertmanagers)
    assert f":{local_stack.ports.alertmanager}/" in url


def test_nothing_listens_beyond_the_loopback(local_stack: LocalStack) -> None:
    listening = {
        connection.laddr.ip
        for process in processes_of(local_stack.settings.state)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_the_generated_password_opens_airflow_and_another_does_not(
    local_stack: LocalStack,
) -> None:
    right = local_stack.running.credentials.airflow_password.get_secret_value()
    assert airflow_token(local_stack, right).ok
    assert airflow_token(local_stack, "admin").status_code == 401


def test_the_dags_of_the_checkout_load_without_an_error(local_stack: LocalStack) -> None:
    password = local_stack.running.credentials.airflow_password.get_secret_value()
    token = airflow_token(local_stack, password).json()["access_token"]

    def asked(path: str) -> Any:
        url = f"{local_stack.running.settings.airflow_url}/api/v2/{path}"
        bearer = {"Authorization": f"Bearer {token}"}
        return requests.get(url, headers=bearer, timeout=10).json()

    def loaded() -> set[str]:
        return {dag["dag_id"] for dag in asked("dags?limit=100")["dags"]}

    kinds = ("reporting", "retrain", "status")
    wanted = {f"{kind}_{case}" for kind in kinds for case in use_case_files()}
    eventually(lambda: loaded() >= wanted, otherwise=loaded)
    assert asked("importErrors")["import_errors"] == []


def test_tasks_are_handed_the_addresses_of_the_running_stack(local_stack: LocalStack) -> None:
    handed = psutil.Process(pids(local_stack)["airflow-scheduler"]).environ()
    inside = local_stack.running.settings
    assert handed["TOCSIN_STATE"] == str(inside.state)
    assert handed["TOCSIN_MLFLOW_URL"] == inside.tracking_url
    assert handed["TOCSIN_PUSHGATEWAY_URL"] == inside.pushgateway_url
    assert "TOCSIN_AIRFLOW_PASSWORD" not in handed
    assert handed["TOCSIN_AIRFLOW_URL"] == inside.airflow_url
    assert handed["TOCSIN_WEBHOOK_URL"] == local_stack.webhook.url


def test_a_demo_on_a_stack_whose_retrains_take_other_rows_says_to_start_it_anew(
    local_stack: LocalStack,
) -> None:
    def check(settings: Settings, *, in_order: bool) -> None:
        check_same_rows(for_demo(settings, local_stack.ports, ["iris"], in_order=in_order))

    check(local_stack.settings, in_order=True)
    with pytest.raises(StackError, match="tocsin down"):
        check(local_stack.settings, in_order=False)
    other = local_stack.settings.model_copy(update={"hold_back": 0.5})
    with pytest.raises(StackError, match="tocsin down"):
        check(other, in_order=True)


def test_tasks_begin_with_the_libraries_that_the_scheduler_has_imported(
    local_stack: LocalStack,
) -> None:
    scheduler = psutil.Process(pids(local_stack)["airflow-scheduler"])

    def workers() -> list[psutil.Process]:
        return [one for one in scheduler.children() if "LocalExecutor" in " ".join(one.cmdline())]

    (worker, *_) = eventually(workers)
    mapped = {Path(region.path).name for region in worker.memory_maps()}
    assert {"lib_lightgbm.so", "libxgboost.so"} <= mapped


def test_the_folder_of_dags_hides_no_library() -> None:
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlib.util import find_spec as f; print(f('airflow').origin)",
        ],
        cwd=DEPLOYMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" in said.stdout


def test_what_is_secret_is_readable_by_its_owner_only(local_stack: LocalStack) -> None:
    state = local_stack.settings.state
    assert state.stat().st_mode & 0o777 == 0o700
    control = [path for path in Folders(state).control.rglob("*") if path.is_file()]
    secrets = local_stack.running.credentials.revealed().values()
    holding = [path for path in control if any(s in path.read_text() for s in secrets)]
    assert len(holding) >= 2
    assert {path.stat().st_mode & 0o777 for path in holding} == {0o600}


def test_no_secret_stands_in_a_log_or_a_command_line(local_stack: LocalStack) -> None:
    state = local_stack.settings.state
    logs = [path for path in state.rglob("*.log") if path.is_file()]
    assert len(logs) >= 8
    said = [path.read_text(errors="replace") for path in logs]
    said += [" ".join(process.cmdline()) for process in processes_of(state)]
    for name, secret in local_stack.running.credentials.revealed().items():
        assert not any(secret in text for text in said), name


def test_the_idle_stack_takes_less_than_3_gb(local_stack: LocalStack) -> None:
    taken = memory_of(local_stack.settings)
    assert taken.keys() >= {component.name for component in status(local_stack.settings)}
    assert 0 < sum(taken.values()) < 3_000_000_000


def test_a_taken_port_stops_nothing_and_starts_nothing(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    ports = free_ports()
    with (
        socket.create_server(("127.0.0.1", ports.mlflow)),
        pytest.raises(PortTakenError, match=rf"mlflow, is taken by .*pid {os.getpid()}"),
    ):
        up(settings, ports, progress=quiet)
    assert processes_of(settings.state) == ()


def test_a_part_that_fails_is_shown_by_its_log_and_the_others_are_stopped(tmp_path: Path) -> None:
    settings = stack_settings(tmp_path)
    folders = Folders(settings.state)
    folders.make()
    (folders.prometheus / "data").write_text("no folder, where Prometheus wants one")
    with pytest.raises(NotHealthyError) as raised:
        up(settings, free_ports(), progress=quiet)
    assert "prometheus does not stay up" in str(raised.value)
    assert "not a directory" in str(raised.value)
    assert processes_of(settings.state) == ()


# A shell's background job ignores Ctrl-C, and so would all that it starts.
START = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
from monitoring.settings import Ports, Settings
from monitoring.stack.up import up
up(Settings(), Ports.model_validate_json(sys.argv[1]), progress=lambda _: None)
"""


def interrupt_while_it_starts(stack: LocalStack) -> int:
    """Start the stack from another process, which gets a Ctrl-C in the middle."""
    with subprocess.Popen(
        [sys.executable, "-c", START, stack.ports.model_dump_json()],
        env={**os.environ, **as_variables(stack.settings)},
        stderr=subprocess.DEVNULL,
    ) as starting:

        def begun() -> bool:
            assert starting.poll() is None
            return any(component.healthy for component in status(stack.settings))

        eventually(begun)
        starting.send_signal(signal.SIGINT)
        return starting.wait(60)


@pytest.mark.faults
def test_ctrl_c_while_it_starts_leaves_no_process(local_stack: LocalStack) -> None:
    down(local_stack.settings)
    assert interrupt_while_it_starts(local_stack) != 0
    assert processes_of(local_stack.settings.state) == ()
    up(local_stack.settings, local_stack.ports, progress=quiet)


def test_down_leaves_no_process_and_up_finds_everything_again(local_stack: LocalStack) -> None:
    registry = CollectorRegistry()
    Gauge("kept", "A figure that must survive", registry=registry).set(42)
    gateway = str(local_stack.running.settings.pushgateway_url)
    push_to_gateway(gateway, job="kept", registry=registry)
    client = MlflowClient(local_stack.running.settings.tracking_url)
    experiment = client.create_experiment("kept")

    assert down(local_stack.settings)
    assert processes_of(local_stack.settings.state) == ()
    assert not any(component.healthy for component in status(local_stack.settings))

    again = up(local_stack.settings, local_stack.ports, progress=quiet)
    assert not again.was_up
    assert again.credentials == local_stack.running.credentials
    assert "kept" in requests.get(f"{gateway}/metrics", timeout=10).text
    assert client.get_experiment(experiment).name == "kept"
