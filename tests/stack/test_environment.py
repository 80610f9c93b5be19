"""Each process of the local stack has its own secrets in its environment, and no other's."""

import json
from pathlib import Path

import psutil
import pytest
from pydantic import SecretStr

from monitoring.settings import Ports, Settings
from monitoring.signals.links import FLEET
from monitoring.stack.components import RUNS_TASKS, Component, components
from monitoring.stack.credentials import Credentials
from monitoring.stack.down import down
from monitoring.stack.environment import Environments, environments
from monitoring.stack.folders import Folders
from monitoring.stack.health_check import Health
from monitoring.stack.leftovers import processes_of
from monitoring.stack.supervisor import Supervisor
from tests.fixtures.eventually import eventually
from tests.fixtures.stack import stack_settings

GIVEN = {
    "database_url": "postgresql://tocsin:canary-of-the-store@127.0.0.1/store",
    "webhook_url": "http://127.0.0.1:9/canary-of-the-webhook",
    "slack_url": "http://127.0.0.1:9/canary-of-slack",
    "heartbeat_url": "http://127.0.0.1:9/canary-of-the-heartbeat",
    "pushgateway_user": "tocsin",
    "pushgateway_password": "canary-of-the-gateway",
    "prometheus_user": "tocsin",
    "prometheus_password": "canary-of-prometheus",
    "serve_key": "canary-of-the-api",
    "smtp_host": "127.0.0.1:9",
    "smtp_to": "oncall@example.org",
    "smtp_user": "tocsin",
    "smtp_password": "canary-of-the-mail-server",
}
OF_THE_SHELL = {
    "AWS_SECRET_ACCESS_KEY": "canary-of-the-shell",
    "HTTPS_PROXY": "http://user:canary-of-the-proxy@proxy",
    "TOCSIN_SMTP_PASSWORD": "canary-of-the-mail-server",
    "AIRFLOW__CORE__FERNET_KEY": "canary-of-another-airflow",
}
CHANNELS = {"canary-of-the-webhook", "canary-of-slack", "canary-of-the-mail-server"}
TASKS = CHANNELS | {
    "canary-of-the-store",
    "canary-of-the-gateway",
    "canary-of-prometheus",
    "canary-of-the-api",
    "canary-of-the-shell",
    "canary-of-the-proxy",
    "canary-fernet_key",
    "canary-jwt_secret",
    "canary-airflow_viewer_password",
}
SECRETS_OF = {
    "grafana": CHANNELS
    | {
        "canary-of-the-heartbeat",
        "canary-of-the-proxy",
        "canary-grafana_password",
        "canary-grafana_secret_key",
    },
    "alertmanager": {"canary-of-the-proxy"},
    "relay": {"canary-of-the-webhook", "canary-of-the-heartbeat", "canary-of-the-proxy"},
    "airflow-api-server": {"canary-fernet_key", "canary-jwt_secret", "canary-api_secret_key"},
    RUNS_TASKS: TASKS,
    "airflow-dag-processor": CHANNELS | {"canary-of-the-proxy", "canary-fernet_key"},
    "airflow-triggerer": {"canary-fernet_key"},
    "serve": {"canary-of-the-store", "canary-of-prometheus", "canary-airflow_viewer_password"},
}
"""The secrets of each component; those that are not named have none."""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    for name, value in OF_THE_SHELL.items():
        monkeypatch.setenv(name, value)
    return stack_settings(tmp_path, **GIVEN)


def canaries(text: str) -> set[str]:
    every = {one for secrets in SECRETS_OF.values() for one in secrets}
    every |= {"canary-of-another-airflow", "canary-airflow_password"}
    return {canary for canary in every if canary in text}


def planted() -> Credentials:
    """Return credentials of which each has its own name in it."""
    return Credentials(**{name: SecretStr(f"canary-{name}") for name in Credentials.model_fields})


def test_grafana_s_home_page_is_the_fleet(settings: Settings) -> None:
    own = environments(settings, Ports(), planted()).of("grafana")
    boards = Folders(settings.state).grafana / "dashboards"
    assert own["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == str(boards / f"{FLEET}.json")


def test_every_component_has_its_own_secrets_and_no_other_s(settings: Settings) -> None:
    made = environments(settings, Ports(), planted())
    names = {component.name for component in components(settings, Ports())} | {"grafana", "relay"}
    assert made.own.keys() <= names
    found = {name: canaries(json.dumps(made.of(name))) for name in names}
    assert found == {name: SECRETS_OF.get(name, set()) for name in names}
    assert canaries(json.dumps(dict(made.shared))) == set()


@pytest.mark.parametrize(
    ("place", "readers"), [("reports", {"serve"}), ("artifacts", {"mlflow"}), ("archives", set())]
)
def test_keys_of_s3_go_to_those_whose_files_lie_there_and_to_tasks(
    settings: Settings, place: str, readers: set[str]
) -> None:
    url = f"s3://bucket/{place}"
    away = Settings(**settings.model_dump() | {place: url})
    made = environments(away, Ports(), planted())
    shell = {"canary-of-the-shell", "canary-of-the-proxy"}
    for name in ("serve", "mlflow"):
        keys = shell if name in readers else set()
        assert canaries(json.dumps(made.of(name))) == keys | SECRETS_OF.get(name, set())
    tasks = made.of("airflow-scheduler")
    assert shell <= canaries(json.dumps(tasks))
    assert tasks[f"TOCSIN_{place.upper()}"] == url
    assert made.of("serve")[f"TOCSIN_{place.upper()}"] == url


def test_what_a_component_is_given_are_settings_that_it_can_read(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = environments(settings, Ports(), planted())
    for variables in made.own.values():
        with monkeypatch.context() as own:
            for name in [*GIVEN, "state", "mlflow_url"]:
                own.delenv(f"TOCSIN_{name.upper()}", raising=False)
            for name, value in variables.items():
                own.setenv(name, value)
            read = Settings()
            if "TOCSIN_STATE" in variables:
                assert read.state == settings.state


def test_no_command_of_the_stack_holds_a_secret(settings: Settings) -> None:
    commands = [component.command for component in components(settings, Ports())]
    assert canaries(str(commands)) == set()


def test_the_processes_have_what_was_made_for_them(settings: Settings) -> None:
    """The supervisor and its components really run, cheap programs in the place of real ones."""
    folders = Folders(settings.state)
    folders.make()
    made = environments(settings, Ports(), planted())
    strange = {**made.own["grafana"], "ODD": "'; \" # $HOME %(x)s\n\\ ü"}
    made = Environments(made.shared, {**made.own, "grafana": strange})
    names = ("pushgateway", "grafana", RUNS_TASKS, "airflow-triggerer")
    health = Health("http://127.0.0.1:1")
    cheap = [Component(name, ("sleep", "600"), folders.state, None, health) for name in names]
    supervisor = Supervisor(folders)
    supervisor.start(cheap, made)
    try:
        for name in names:
            supervisor.start_component(name)
        pids = {name: eventually(lambda name=name: _sleeping(supervisor, name)) for name in names}
        running = {name: psutil.Process(pid).environ() for name, pid in pids.items()}
        found = {name: canaries(json.dumps(variables)) for name, variables in running.items()}
        assert found == {name: SECRETS_OF.get(name, set()) for name in names}
        assert running["grafana"]["ODD"] == strange["ODD"]
        every = processes_of(settings.state)
        assert len(every) == 1 + len(names), "the supervisor is one of them"
        assert canaries(str([process.cmdline() for process in every])) == set()
        others = [process for process in every if process.pid not in pids.values()]
        assert canaries(json.dumps([process.environ() for process in others])) == set()
    finally:
        down(settings)
    kept = folders.environment("grafana")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert canaries((folders.control / "supervisord.conf").read_text()) == set()


def _sleeping(supervisor: Supervisor, name: str) -> int | None:
    """Return the process of a component, once it has become its command."""
    pid = supervisor.states()[name].pid
    return pid if pid is not None and psutil.Process(pid).name() == "sleep" else None
