"""docker-compose.yml against what it names: paths, variables, versions, addresses."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitoring.airflow_api import AIRFLOW_USERS
from monitoring.settings import Ports, Settings
from monitoring.signals.generated_files import COMPOSE, DASHBOARDS_IN_CONTAINER
from monitoring.signals.history import by_hand
from monitoring.signals.links import FLEET
from monitoring.stack.components import RETENTION
from monitoring.stack.draining_executor import DRAIN_SECONDS, DrainingExecutor
from monitoring.stack.env_file import DELIVERY, SECRETS, STORAGE, variables, write_env
from monitoring.stack.folders import DEPLOYMENT
from monitoring.stack.mounts import DATA, PROMETHEUS_YML, USE_CASES
from tests.compose.engine import compose_there

PATH = DEPLOYMENT / "docker-compose.yml"
TEXT = PATH.read_text()
COMPOSE_FILE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE_FILE["services"]
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")


def settings_variables() -> set[str]:
    fields = {f"TOCSIN_{name.upper()}" for name in Settings.model_fields}
    return fields | {f"TOCSIN_PORT_{name.upper()}" for name in Ports.model_fields}


def mounts() -> Iterator[tuple[str, str, str]]:
    for name, service in SERVICES.items():
        for mount in service.get("volumes", []):
            source, _, target = mount.partition(":")
            yield name, source, target


def test_docker_compose_itself_takes_the_file(tmp_path: Path) -> None:
    command = compose_there()
    if command is None:
        pytest.skip("docker compose v2 is not installed")
    write_env(tmp_path / ".env")
    checked = subprocess.run(
        [*command, "--env-file", str(tmp_path / ".env"), "-f", str(PATH), "config", "--quiet"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_every_part_is_there() -> None:
    assert SERVICES.keys() >= {
        "postgres",
        "s3",
        "init",
        "airflow-api-server",
        "airflow-scheduler",
        "airflow-dag-processor",
        "airflow-triggerer",
        "mlflow",
        "pushgateway",
        "prometheus",
        "grafana",
        "serve",
        "watcher",
    }


def test_every_mounted_path_exists() -> None:
    paths = {source for _, source, _ in mounts() if source.startswith((".", "/"))}
    assert paths >= {"./prometheus.yml", "./init-db.sql", "./data"}
    assert [path for path in paths if not (DEPLOYMENT / path).exists()] == []


def test_every_mounted_volume_is_declared_and_every_declared_one_is_mounted() -> None:
    volumes = {source for _, source, _ in mounts() if not source.startswith((".", "/"))}
    assert volumes == set(COMPOSE_FILE["volumes"])


def test_every_variable_is_one_that_the_env_file_has() -> None:
    used = {match["name"] for match in VARIABLE.finditer(TEXT)}
    passed_on = {
        name
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if value is None
    }
    assert (used | passed_on) - variables() == set()


def test_every_secret_is_asked_for_and_none_has_a_default() -> None:
    secrets = {secret.name for secret in SECRETS}
    rests: dict[str, set[str]] = {name: set() for name in secrets}
    for match in VARIABLE.finditer(TEXT):
        if match["name"] in secrets:
            rests[match["name"]].add(match["rest"])
    assert set(map(frozenset, rests.values())) == {frozenset({":?make env"})}


def test_every_setting_is_one_that_the_code_reads() -> None:
    image = (DEPLOYMENT / "Dockerfile").read_text()
    named = set(re.findall(r"\bTOCSIN_\w+", TEXT + image))
    assert named - settings_variables() == set()
    assert len(named) > 20


def test_every_setting_of_a_deployment_is_passed() -> None:
    image = (DEPLOYMENT / "Dockerfile").read_text()
    named = set(re.findall(r"\bTOCSIN_\w+", TEXT + image))
    # There is no Alertmanager and no Grafana of another folder, and the pause is Airflow's own.
    left = {"TOCSIN_NOTIFIER", "TOCSIN_GRAFANA_HOME", "TOCSIN_RETRY_SECONDS"}
    # Archives lie in `state` or below TOCSIN_STATE_URL, models where MLflow puts them.
    left |= {"TOCSIN_ARCHIVES", "TOCSIN_ARTIFACTS"}
    assert {f"TOCSIN_{field.upper()}" for field in Settings.model_fields} - named == left


RUNS = ("airflow-scheduler", "airflow-dag-processor")
"""Where it is notified of runs: by tasks, and of a task that was killed by the processor."""


@pytest.mark.parametrize("name", DELIVERY)
def test_what_the_env_file_offers_reaches_whoever_uses_it(name: str) -> None:
    """Alerts are written by `init` and sent by Grafana; tasks sign in, and runs notify."""
    if name.startswith("TOCSIN_PUSHGATEWAY_"):
        services = {"airflow-scheduler"}
    elif name.startswith("TOCSIN_PROMETHEUS_"):
        services = {"airflow-scheduler", "serve"}
    elif name == "TOCSIN_FRONT":
        services = {"serve"}
    elif name == "TOCSIN_SMTP_PASSWORD":
        services = {"grafana", *RUNS}
    elif name == "TOCSIN_SMTP_TO":
        services = {"init", *RUNS}
    elif name.startswith("TOCSIN_SMTP_") or name in {"TOCSIN_WEBHOOK_URL", "TOCSIN_SLACK_URL"}:
        services = {"init", "grafana", *RUNS}
    elif name == "TOCSIN_HEARTBEAT_URL":
        services = {"init", "watcher", "grafana"}
    else:
        services = {"init", "watcher", "airflow-scheduler"}
    for service in services:
        passed = SERVICES[service]["environment"]
        text = str([passed, SERVICES[service].get("entrypoint")])
        assert (name in passed and passed[name] is None) or f"${{{name}:" in text, service


def test_state_on_s3_is_reached_by_tasks_and_pages_and_its_keys_by_nobody_else() -> None:
    needed = {name for name in STORAGE if name.startswith("AWS_")}
    given = {
        name
        for name, service in SERVICES.items()
        if any(service.get("environment", {}).get(key, "") is None for key in needed)
    }
    assert given == {"airflow-scheduler", "serve"}
    for name in given:
        passed = SERVICES[name]["environment"]
        assert {key for key in needed if passed.get(key, "") is None} == needed
        assert passed["TOCSIN_STATE_URL"] is None
        # In the volume, or below the URL: where the settings have them too.
        where = passed["TOCSIN_REPORTS"].replace("${TOCSIN_STATE_URL:-}", "{}")
        assert where.format("") in {
            target.partition(":")[0] for service, _, target in mounts() if service == name
        }
        url = "s3://bucket/prod"
        assert where.format(url) == str(Settings(state_url=url).reports)


def test_who_is_active_is_known_wherever_use_cases_are_listed() -> None:
    listing = {
        "init", "watcher", "serve", "airflow-scheduler", "airflow-dag-processor",
        "airflow-triggerer", "airflow-api-server",
    }  # fmt: skip
    for service in listing:
        assert SERVICES[service]["environment"]["TOCSIN_ACTIVE"] is None, service


AIRFLOWS = {"POSTGRES_AIRFLOW_PASSWORD"}
OBJECTS = {"S3_ACCESS_KEY", "S3_SECRET_KEY"}
CHANNELS = {"TOCSIN_WEBHOOK_URL", "TOCSIN_SLACK_URL", "TOCSIN_SMTP_PASSWORD"}
SECRETS_OF = {
    "postgres": {
        "POSTGRES_PASSWORD",
        "POSTGRES_AIRFLOW_PASSWORD",
        "POSTGRES_MLFLOW_PASSWORD",
        "POSTGRES_TOCSIN_PASSWORD",
    },
    "s3": OBJECTS,
    "init": AIRFLOWS | OBJECTS | {"TOCSIN_AIRFLOW_PASSWORD", "TOCSIN_AIRFLOW_VIEWER_PASSWORD"},
    "airflow-api-server": AIRFLOWS
    | {"AIRFLOW_FERNET_KEY", "AIRFLOW_JWT_SECRET", "AIRFLOW_API_SECRET_KEY"},
    "airflow-scheduler": AIRFLOWS
    | {
        "AIRFLOW_FERNET_KEY",
        "AIRFLOW_JWT_SECRET",
        "POSTGRES_TOCSIN_PASSWORD",
        "TOCSIN_PUSHGATEWAY_PASSWORD",
        "TOCSIN_PROMETHEUS_PASSWORD",
        "TOCSIN_SERVE_KEY",
        "TOCSIN_AIRFLOW_VIEWER_PASSWORD",
        *CHANNELS,
    },
    "airflow-dag-processor": AIRFLOWS | {"AIRFLOW_FERNET_KEY", *CHANNELS},
    "airflow-triggerer": AIRFLOWS | {"AIRFLOW_FERNET_KEY"},
    "mlflow": OBJECTS | {"POSTGRES_MLFLOW_PASSWORD"},
    "serve": {
        "POSTGRES_TOCSIN_PASSWORD",
        "TOCSIN_AIRFLOW_VIEWER_PASSWORD",
        "TOCSIN_PROMETHEUS_PASSWORD",
    },
    "watcher": {"GRAFANA_PASSWORD"},
    "grafana": {"GRAFANA_PASSWORD", "GRAFANA_SECRET_KEY", "TOCSIN_HEARTBEAT_URL", *CHANNELS},
}
"""The secrets of each service; those that are not named have none."""


def test_every_service_is_given_its_own_secrets_and_no_other_s() -> None:
    secrets = {secret.name for secret in SECRETS}
    secrets |= {
        f"TOCSIN_{name.upper()}" for name in Settings.model_fields if Settings.is_secret(name)
    }
    for service, declared in SERVICES.items():
        environment = declared.get("environment", {})
        given = {name for name, value in environment.items() if value is None}
        # `${NAME:+text}` says that it is set, not what it is.
        whole = {m["name"] for m in VARIABLE.finditer(str(declared)) if m["rest"][:2] != ":+"}
        assert (given | whole) & secrets == SECRETS_OF.get(service, set()), service


def test_no_secret_is_in_a_command_line() -> None:
    for service in SERVICES.values():
        commands = str([service.get(key) for key in ("command", "entrypoint", "healthcheck")])
        # A shell of the container's own expands `$${NAME}`, which is no line of a process list.
        assert not re.findall(r"(?<!\$)\$\{?\w+", commands)


def test_no_url_holds_a_password_which_it_might_have_no_room_for() -> None:
    for service in SERVICES.values():
        for value in service.get("environment", {}).values():
            assert not re.search(r"://[^/$]*:[^/]*@", str(value))


def test_the_image_is_built_once_and_never_pulled() -> None:
    own = {name for name, service in SERVICES.items() if service["image"].startswith("tocsin:")}
    assert [name for name in own if "build" in SERVICES[name]] == ["init"]
    assert {SERVICES[name]["pull_policy"] for name in own} == {"never"}


def test_the_log_of_every_container_is_bounded() -> None:
    kept = 0
    for service in SERVICES.values():
        options = service["logging"]["options"]
        assert service["logging"]["driver"] == "json-file"
        kept += int(options["max-size"].removesuffix("m")) * int(options["max-file"])
    assert kept <= 250


def test_what_is_mounted_from_the_checkout_is_labelled_for_containers() -> None:
    options = {
        mount.rpartition(":")[2]
        for service in SERVICES.values()
        for mount in service.get("volumes", [])
        if mount.startswith(".")
    }
    assert options == {"ro,z"}


def test_init_looks_at_all_that_is_mounted_from_the_checkout() -> None:
    mounted = {source for name, source, _ in mounts() if source[0] == "." and name != "postgres"}
    assert mounted == {f"./{DATA}", f"./{PROMETHEUS_YML}"}
    targets = {
        source: target.partition(":")[0] for name, source, target in mounts() if name == "init"
    }
    assert targets[f"./{PROMETHEUS_YML}"] == f"/mounted/{PROMETHEUS_YML}"
    assert "python -m monitoring.stack.mounts" in SERVICES["init"]["command"][-1]


def test_the_folder_of_use_cases_is_there_in_every_checkout() -> None:
    assert f"TOCSIN_USE_CASES=/{USE_CASES}" in (DEPLOYMENT / "Dockerfile").read_text()
    assert (DEPLOYMENT / USE_CASES).is_dir()


def test_a_stop_leaves_the_scheduler_the_time_that_its_tasks_are_given() -> None:
    grace = SERVICES["airflow-scheduler"]["stop_grace_period"]
    assert int(grace.removesuffix("m")) * 60 >= DRAIN_SECONDS + 30
    executor = SERVICES["airflow-scheduler"]["environment"]["AIRFLOW__CORE__EXECUTOR"]
    assert executor == f"{DrainingExecutor.__module__}.{DrainingExecutor.__name__}"


def test_addresses_for_people_are_the_same_wherever_they_are_passed() -> None:
    given: dict[str, set[str]] = {}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if value is not None and re.fullmatch(r"(TOCSIN|GF|AIRFLOW_)_.*_URL", name):
                given.setdefault(name, set()).add(value)
    assert {name for name, values in given.items() if len(values) > 1} == set()
    assert given["GF_SERVER_ROOT_URL"] == given["TOCSIN_GRAFANA_URL"]
    assert given["AIRFLOW__API__BASE_URL"] == given["TOCSIN_PUBLIC_AIRFLOW_URL"]


def test_grafana_s_home_page_is_the_fleet() -> None:
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{DASHBOARDS_IN_CONTAINER}/{FLEET}.json"


def test_the_sender_of_mails_is_the_setting_s_own_where_none_is_given() -> None:
    sender = Settings.model_fields["smtp_from"].default
    assert SERVICES["grafana"]["environment"]["GF_SMTP_FROM_ADDRESS"] == (
        f"${{TOCSIN_SMTP_FROM:-{sender}}}"
    )


@pytest.mark.parametrize(
    ("tls", "policy"),
    [(None, "MandatoryStartTLS"), ("true", "MandatoryStartTLS"), ("false", "NoStartTLS")],
)
def test_grafana_s_mails_speak_tls_as_the_setting_says(tls: str | None, policy: str) -> None:
    started = grafana_starts(tls)
    assert started.stdout == f"{policy}\n", started.stderr


def test_grafana_says_so_where_the_setting_is_neither_true_nor_false() -> None:
    started = grafana_starts("perhaps")
    assert started.returncode == 1
    assert "TOCSIN_SMTP_TLS" in started.stderr


def grafana_starts(tls: str | None) -> subprocess.CompletedProcess[str]:
    """Run how Grafana's container starts, with what it would start saying its mail policy."""
    shell, option, script = SERVICES["grafana"]["entrypoint"]
    said = script.replace("$$", "$").replace("exec /run.sh", "echo $GF_SMTP_STARTTLS_POLICY")
    variables = {} if tls is None else {"TOCSIN_SMTP_TLS": tls}
    return subprocess.run(
        [shell, option, said],
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_image_is_pinned() -> None:
    images = {service["image"] for service in SERVICES.values()}
    bases = set(re.findall(r"^FROM (\S+)", (DEPLOYMENT / "Dockerfile").read_text(), re.MULTILINE))
    for image in images | bases:
        _, _, tag = image.partition(":")
        assert re.search(r"\d+\.\d+", tag), image


def test_the_project_s_image_has_the_project_s_version() -> None:
    project = tomllib.loads((DEPLOYMENT / "pyproject.toml").read_text())["project"]
    built = {service["image"] for service in SERVICES.values() if "build" in service}
    assert built == {f"{project['name']}:{project['version']}"}


def test_every_published_port_is_bound_to_the_loopback() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 6
    assert [port for port in published if not str(port).startswith("127.0.0.1:")] == []


def test_default_ports_are_those_of_the_local_stack() -> None:
    defaults = dict(re.findall(r"\$\{TOCSIN_PORT_(\w+):-(\d+)\}", TEXT))
    known = {component.upper(): str(port) for component, port in Ports().model_dump().items()}
    assert defaults.items() <= known.items()


def test_every_service_that_stays_has_a_health_check() -> None:
    staying = [name for name, service in SERVICES.items() if service.get("restart") != "no"]
    assert [name for name in staying if "healthcheck" not in SERVICES[name]] == []


def test_services_start_after_what_they_need_is_well() -> None:
    for name, service in SERVICES.items():
        for needed, how in service.get("depends_on", {}).items():
            ends = SERVICES[needed].get("restart") == "no"
            wanted = "service_completed_successfully" if ends else "service_healthy"
            assert how["condition"] == wanted, (name, needed)


def test_airflow_s_server_and_tasks_share_one_signing_key() -> None:
    keys = {
        service["environment"]["AIRFLOW__API_AUTH__JWT_SECRET"]
        for name, service in SERVICES.items()
        if name in {"airflow-api-server", "airflow-scheduler"}
    }
    assert keys == {"${AIRFLOW_JWT_SECRET:?make env}"}


def test_airflow_has_the_users_of_the_local_stack() -> None:
    given = SERVICES["airflow-api-server"]["environment"]
    assert given["AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS"] == AIRFLOW_USERS


def test_prometheus_finds_the_services_that_its_targets_name() -> None:
    addresses = [COMPOSE.pushgateway, *COMPOSE.stack.values()]
    if COMPOSE.alertmanager is not None:
        addresses.append(COMPOSE.alertmanager)
    for address in addresses:
        service, _, port = address.partition(":")
        assert any(str(published).endswith(f":{port}") for published in SERVICES[service]["ports"])


def test_metrics_are_kept_as_long_as_in_the_local_stack() -> None:
    assert f"--storage.tsdb.retention.time={RETENTION}" in SERVICES["prometheus"]["command"]


def test_the_documented_way_to_load_history_is_that_of_the_services() -> None:
    page = (DEPLOYMENT / "docs" / "how-to" / "deploy.md").read_text()
    commands = re.findall(r"^docker compose (?:exec|cp) .*$", page, re.MULTILINE)
    measured, loaded, removed = commands
    state = re.search(r"TOCSIN_STATE=(\S+)", (DEPLOYMENT / "Dockerfile").read_text())
    assert state is not None
    left = f"{state[1]}/backfill"
    assert measured.endswith("exec airflow-scheduler tocsin backfill fraud")
    assert removed.endswith(f"exec airflow-scheduler rm {left}/fraud.om")
    shared = {
        name: target.partition(":")[0] for name, source, target in mounts() if source == "backfill"
    }
    assert shared["airflow-scheduler"] == left
    written = next(
        option.removeprefix("--storage.tsdb.path=")
        for option in SERVICES["prometheus"]["command"]
        if option.startswith("--storage.tsdb.path=")
    )
    assert f"prometheus:{written}" in SERVICES["prometheus"]["volumes"]
    # What the command itself says where it can't load.
    said = by_hand("", Path(left, "fraud.om"), written).partition("promtool ")[2]
    there = f"{shared['prometheus']}/fraud.om"
    assert loaded.partition("promtool ")[2] == said.replace("fraud.om", there)
