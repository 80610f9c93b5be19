"""The local stack's components: their commands, addresses and health checks."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from monitoring.airflow_api import health_of
from monitoring.public_path import below, path_of
from monitoring.settings import Ports, Settings
from monitoring.stack import receiver
from monitoring.stack.environment import loopback_url, notifier_of
from monitoring.stack.folders import Folders
from monitoring.stack.health_check import Health
from monitoring.stack.ports import LOOPBACK
from monitoring.stack.programs import grafana_server

RETENTION = "400d"
"""How long Prometheus keeps samples: a year and a month, so that years can be compared."""

TOLD_SAVED = 10
"""Seconds between Alertmanager's saves of whom it has told what."""

AIRFLOW_SAYS = {
    "api-server": "metadatabase",
    "scheduler": "scheduler",
    "dag-processor": "dag_processor",
    "triggerer": "triggerer",
}
"""What Airflow's health calls each of its components; the API server's says if its database is."""

RUNS_TASKS = "airflow-scheduler"
"""The component whose processes run the tasks."""


_SCHEDULER = (sys.executable, "-m", "monitoring.stack.scheduler")


@dataclass(frozen=True)
class Component:
    """One process of the local stack, and what it starts itself.

    Attributes
    ----------
    url
        Address of its web page; None if it has none.
    health
        None for a component that does one thing and ends, before the components after it start.
    """

    name: str
    command: tuple[str, ...]
    folder: Path
    url: str | None = None
    health: Health | None = None


def components(settings: Settings, ports: Ports) -> tuple[Component, ...]:
    """Return the components, in the order in which they start."""
    folders = Folders(settings.state)
    return (
        *_receiver(settings, ports),
        *_relay(settings, ports),
        *_metrics(folders, ports),
        _mlflow(settings, folders, ports),
        *_grafana(settings, folders, ports),
        _serve(settings, ports),
        *_airflow(settings, folders, ports),
    )


def wanted_ports(settings: Settings, ports: Ports) -> dict[str, int]:
    """Return the port of every component that listens on one."""
    listening = {
        "pushgateway": ports.pushgateway,
        "prometheus": ports.prometheus,
        "alertmanager": ports.alertmanager,
        "mlflow": ports.mlflow,
        "airflow": ports.airflow,
        "serve": ports.serve,
    }
    if grafana_server(settings.grafana_home) is not None:
        listening["grafana"] = ports.grafana
    if _relay(settings, ports):
        listening["relay"] = ports.relay
    if _receiver(settings, ports):
        listening["receiver"] = ports.receiver
    return listening


def receiver_url(ports: Ports) -> str:
    """Return the webhook of the receiver that the demo has."""
    return f"{loopback_url(ports.receiver)}{receiver.PATH}"


def _receiver(settings: Settings, ports: Ports) -> tuple[Component, ...]:
    """Return the receiver, where the webhook is its own."""
    url = receiver_url(ports)
    if settings.webhook_url is None or settings.webhook_url.get_secret_value() != url:
        return ()
    file = str(Folders(settings.state).messages)
    command = (sys.executable, "-m", "monitoring.stack.receiver", str(ports.receiver), file)
    health = Health(f"{loopback_url(ports.receiver)}/health")
    return (Component("receiver", command, settings.state, url, health),)


def _relay(settings: Settings, ports: Ports) -> tuple[Component, ...]:
    """Return the relay, where Alertmanager has a webhook to notify through."""
    has_webhook = settings.webhook_url is not None or settings.heartbeat_url is not None
    if notifier_of(settings) != "alertmanager" or not has_webhook:
        return ()
    command = (sys.executable, "-m", "monitoring.stack.relay", str(ports.relay))
    health = Health(f"{loopback_url(ports.relay)}/health")
    return (Component("relay", command, settings.state, None, health),)


def _metrics(folders: Folders, ports: Ports) -> tuple[Component, ...]:
    pushgateway = loopback_url(ports.pushgateway)
    prometheus = loopback_url(ports.prometheus)
    alertmanager = loopback_url(ports.alertmanager)
    return (
        Component(
            "pushgateway",
            (
                "prometheus-pushgateway",
                f"--web.listen-address={LOOPBACK}:{ports.pushgateway}",
                f"--persistence.file={folders.pushgateway / 'metrics'}",
                "--persistence.interval=0s",  # saved with each push: a kill -9 loses none
            ),
            folders.pushgateway,
            pushgateway,
            Health(f"{pushgateway}/-/ready"),
        ),
        Component(
            "alertmanager",
            (
                "prometheus-alertmanager",
                f"--web.listen-address={LOOPBACK}:{ports.alertmanager}",
                f"--web.external-url={alertmanager}",
                "--cluster.listen-address=",  # alone, so nothing beyond the loopback
                f"--config.file={folders.alertmanager / 'alertmanager.yml'}",
                f"--storage.path={folders.alertmanager / 'data'}",
                # What was told is saved so often: a kill -9 has it told once more at most so late.
                f"--data.maintenance-interval={TOLD_SAVED}s",
            ),
            folders.alertmanager,
            alertmanager,
            Health(f"{alertmanager}/-/ready"),
        ),
        Component(
            "prometheus",
            (
                "prometheus",
                f"--web.listen-address={LOOPBACK}:{ports.prometheus}",
                f"--web.external-url={prometheus}",
                f"--config.file={folders.prometheus / 'prometheus.yml'}",
                f"--storage.tsdb.path={folders.prometheus / 'data'}",
                f"--storage.tsdb.retention.time={RETENTION}",
            ),
            folders.prometheus,
            prometheus,
            Health(f"{prometheus}/-/ready"),
        ),
    )


def _mlflow(settings: Settings, folders: Folders, ports: Ports) -> Component:
    url = loopback_url(ports.mlflow)
    return Component(
        "mlflow",
        (
            _script("mlflow"),
            "server",
            f"--host={LOOPBACK}",
            f"--port={ports.mlflow}",
            "--workers=1",
            # The database and folder that commands use without a server: the models are the same.
            f"--backend-store-uri=sqlite:///{settings.state / 'mlflow.db'}",
            f"--artifacts-destination={settings.artifacts.as_uri()}",
        ),
        folders.mlflow,
        url,
        Health(f"{url}/health"),
    )


def _serve(settings: Settings, ports: Ports) -> Component:
    url = loopback_url(ports.serve)
    command = (_script("tocsin"), "serve", "--host", LOOPBACK, "--port", str(ports.serve))
    return Component("serve", command, settings.state, url, Health(f"{url}/health"))


def _airflow(settings: Settings, folders: Folders, ports: Ports) -> tuple[Component, ...]:
    # Not `airflow standalone`: its log servers listen on every interface, and it neither
    # restarts a component that died nor says so.
    url = below(path_of(settings.public_airflow_url), loopback_url(ports.airflow))

    def airflow(name: str, *arguments: str) -> Component:
        program = _SCHEDULER if name == "scheduler" else (_script("airflow"), name)
        return Component(
            f"airflow-{name}",
            (*program, *arguments),
            folders.airflow,
            url if name == "api-server" else None,
            Health(health_of(url), AIRFLOW_SAYS[name]),
        )

    return (
        Component("airflow-migrate", (_script("airflow"), "db", "migrate"), folders.airflow),
        airflow("api-server"),
        # Logs are read from the folder that all components share; no server is needed for them.
        airflow("scheduler", "--skip-serve-logs"),
        airflow("dag-processor"),
        airflow("triggerer", "--skip-serve-logs"),
    )


def _grafana(settings: Settings, folders: Folders, ports: Ports) -> tuple[Component, ...]:
    command = grafana_server(settings.grafana_home)
    if command is None:
        return ()
    url = loopback_url(ports.grafana)
    return (Component("grafana", command, folders.grafana, url, Health(f"{url}/api/health")),)


def _script(name: str) -> str:
    """Return the path of a command that was installed beside this Python."""
    return str(Path(sys.executable).parent / name)
