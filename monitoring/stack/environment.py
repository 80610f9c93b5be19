"""The environment variables that the local stack's components run with."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from monitoring.airflow_api import AIRFLOW_USERS
from monitoring.public_path import below, path_of
from monitoring.settings import Ports, Settings
from monitoring.signals.links import FLEET
from monitoring.stack.credentials import Credentials
from monitoring.stack.folders import DEPLOYMENT, Folders
from monitoring.stack.ports import LOOPBACK
from monitoring.stack.programs import grafana_server
from monitoring.stored_files import StoredPath

MARK = "TOCSIN_LOCAL_STACK"
"""Variable by which every process that a local stack started, however deep, can be found again."""

FOREIGN = ("AIRFLOW", "MLFLOW")
"""Prefixes of variables that would bend the local stack towards another installation."""

NO_TELEMETRY = {
    "DO_NOT_TRACK": "true",
    "SCARF_NO_ANALYTICS": "true",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GF_ANALYTICS_REPORTING_ENABLED": "false",
    "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
    "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
    "GF_NEWS_NEWS_FEED_ENABLED": "false",
}


def loopback_url(port: int) -> str:
    """Return the address of a server on the loopback."""
    return f"http://{LOOPBACK}:{port}"


def notifier_of(settings: Settings) -> str:
    """Return who notifies: Alertmanager too where Grafana is asked for and not installed."""
    has_grafana = grafana_server(settings.grafana_home) is not None
    return settings.notifier if has_grafana else "alertmanager"


def use_case_folder(settings: Settings) -> Path | None:
    """Return the folder of use-case files: the demo's own, if there is one, where none is set."""
    own = Folders(settings.state).use_cases
    return own if settings.use_cases is None and own.is_dir() else settings.use_cases


def inside(settings: Settings, ports: Ports, credentials: Credentials) -> Settings:
    """Return `settings` as they are for whoever uses the running local stack."""
    has_grafana = grafana_server(settings.grafana_home) is not None
    public = {
        "public_url": loopback_url(ports.serve),
        "public_mlflow_url": loopback_url(ports.mlflow),
        "public_airflow_url": loopback_url(ports.airflow),
        "public_prometheus_url": loopback_url(ports.prometheus),
    }
    # Behind a proxy their public addresses differ, and the environment sets them.
    unset = public.keys() - settings.model_fields_set
    return settings.model_copy(
        update={
            **{field: public[field] for field in unset},
            "use_cases": use_case_folder(settings),
            "prometheus_url": loopback_url(ports.prometheus),
            "grafana_url": loopback_url(ports.grafana) if has_grafana else None,
            "notifier": notifier_of(settings),
            "mlflow_url": SecretStr(loopback_url(ports.mlflow)),
            "pushgateway_url": loopback_url(ports.pushgateway),
            "airflow_url": loopback_url(ports.airflow),
            "airflow_password": credentials.airflow_password,
            "airflow_viewer_password": credentials.airflow_viewer_password,
            "serve_url": loopback_url(ports.serve),
        }
    )


OF_CHANNELS = frozenset({"webhook_url", "slack_url", "smtp_password"})
"""The secret settings of the channels through which runs notify."""

OF_TASKS = frozenset(
    {
        "airflow_viewer_password",
        "database_url",
        "mlflow_url",
        "pushgateway_password",
        "prometheus_password",
        "serve_key",
        *OF_CHANNELS,
    }
)
"""The secret settings that tasks, and commands in their place, make use of."""


OF_SERVE = frozenset(
    {"database_url", "mlflow_url", "prometheus_password", "airflow_viewer_password"}
)
"""The secret settings that the server makes use of: what it stores, and whom its pages ask."""


def as_variables(settings: Settings, secrets: Collection[str] = OF_TASKS) -> dict[str, str]:
    """Return the variables from which a process reads `settings` again.

    Parameters
    ----------
    secrets
        The secret settings that are among them, in plain text; all others are left out, and the
        user that a password left out is of.
    """
    variables = {}
    fields = type(settings).model_fields
    for name in fields:
        password = f"{name.removesuffix('user')}password"
        if name.endswith("_user") and password in fields and password not in secrets:
            continue
        value = getattr(settings, name)
        if isinstance(value, SecretStr):
            value = value.get_secret_value() if name in secrets else None
        if value is not None:
            variables[f"TOCSIN_{name.upper()}"] = str(value)
    return variables


@dataclass(frozen=True)
class Environments:
    """The variables of the local stack's processes.

    Attributes
    ----------
    shared
        Those of the supervisor, which every component inherits; no secret is among them.
    own
        What a component has beside them, by its name: its own secrets and no other's.
    """

    shared: Mapping[str, str]
    own: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of(self, component: str) -> dict[str, str]:
        """Return the whole environment of a component."""
        return {**self.shared, **self.own.get(component, {})}


_SHARED_LOGS = {
    "AIRFLOW__LOGGING__LOGGING_CONFIG_CLASS": "monitoring.stack.shared_logs.LOGGING_CONFIG"
}


def environments(settings: Settings, ports: Ports, credentials: Credentials) -> Environments:
    """Return the variables of every component."""
    folders = Folders(settings.state)
    known = inside(settings, ports, credentials)
    plain = as_variables(known, ())
    airflow = {**plain, **_airflow(known, folders, ports)}
    fernet = {"AIRFLOW__CORE__FERNET_KEY": credentials.fernet_key.get_secret_value()}
    # By it the API server trusts the scheduler's tasks.
    jwt = {"AIRFLOW__API_AUTH__JWT_SECRET": credentials.jwt_secret.get_secret_value()}
    sessions = {"AIRFLOW__API__SECRET_KEY": credentials.api_secret_key.get_secret_value()}
    shared = _shared(folders)
    return Environments(
        shared,
        {
            "mlflow": {**_mlflow(), **_storage(known.artifacts)},
            "grafana": {
                **_inherited(OUTWARD),
                **_inherited(GRAFANAS),
                **_grafana(folders, ports, credentials),
                **_mail(settings),
                "TOCSIN_PROMETHEUS_URL": known.prometheus_url,
                **_channels(known),
            },
            "alertmanager": _inherited(OUTWARD),  # its file holds its channels' secrets
            "relay": {**_inherited(OUTWARD), **_channels(known, ("webhook_url", "heartbeat_url"))},
            "serve": {
                **as_variables(known, OF_SERVE),
                **_storage(known.reports),
            },
            "airflow-migrate": airflow,
            "airflow-api-server": {**airflow, **_SHARED_LOGS, **fernet, **jwt, **sessions},
            # Tasks are its children, and may need whatever their owner has set.
            "airflow-scheduler": {
                **_inherited(),
                **shared,
                **airflow,
                **as_variables(known),
                **fernet,
                **jwt,
            },
            # It notifies of a task that was killed.
            "airflow-dag-processor": {
                **_inherited(OUTWARD),
                **airflow,
                **as_variables(known, OF_CHANNELS),
                **fernet,
            },
            "airflow-triggerer": {**airflow, **fernet},
        },
    )


HARMLESS = re.compile(
    r"HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TZ|TMPDIR|LD_LIBRARY_PATH|PYTHON\w*|(OMP|MKL|OPENBLAS)_\w+"
    r"|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|TOCSIN_PORT_\w+"
)
"""What all components inherit from whoever starts the stack; any other variable may be a secret."""

OUTWARD = re.compile(r"(HTTPS?|ALL|NO)_PROXY", re.IGNORECASE)
"""What those inherit that send messages out; a proxy's address may hold a password."""

GRAFANAS = re.compile(r"GF_\w+")

OF_STORAGE = re.compile(r"AWS_\w+|(HTTPS?|ALL|NO)_PROXY", re.IGNORECASE)
"""What those inherit whose files lie on S3: its keys and its address, and how it is reached."""

ANY = re.compile(r"(?!TOCSIN_)\w+", re.ASCII)


def _storage(place: StoredPath) -> dict[str, str]:
    """Return what reaches a folder: nothing where it is one of this machine."""
    return {} if isinstance(place, Path) else _inherited(OF_STORAGE)


def _inherited(names: re.Pattern[str] = ANY) -> dict[str, str]:
    return {
        name: value
        for name, value in os.environ.items()
        if names.fullmatch(name) and not name.startswith(FOREIGN)
    }


def _shared(folders: Folders) -> dict[str, str]:
    programs = str(Path(sys.executable).parent)
    return {
        **_inherited(HARMLESS),
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", os.defpath)]),
        MARK: str(folders.state),
        # Keeps the variable above where it can be read, when a process changes its title.
        "SPT_NOENV": "true",
        **NO_TELEMETRY,
    }


def _channels(
    known: Settings, names: Collection[str] = ("webhook_url", "slack_url", "heartbeat_url")
) -> dict[str, str]:
    """Return the addresses of channels: of all that Grafana's contact points name by default."""
    variables = as_variables(known, names)
    fields = (f"TOCSIN_{name.upper()}" for name in names)
    return {name: variables[name] for name in fields if name in variables}


def _airflow(known: Settings, folders: Folders, ports: Ports) -> dict[str, str]:
    path = path_of(known.public_airflow_url)
    return {
        "AIRFLOW_HOME": str(folders.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(DEPLOYMENT / "airflow" / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",  # 0.4 GB less than at the default of 32
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": AIRFLOW_USERS,
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folders.airflow_passwords),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": below(
            path, f"{loopback_url(ports.airflow)}/execution/"
        ),
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(ports.airflow),
        "AIRFLOW__API__BASE_URL": str(known.public_airflow_url),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folders.airflow / 'airflow.db'}",
        # As in docker-compose.yml: tasks of a scheduler that was killed are tried again after it.
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "120",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",  # a new DAG file is seen within this
    }


def _mlflow() -> dict[str, str]:
    return {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # eight idle processes of 205 MB


def _grafana(folders: Folders, ports: Ports, credentials: Credentials) -> dict[str, str]:
    return {
        "GF_SERVER_HTTP_ADDR": LOOPBACK,
        "GF_SERVER_HTTP_PORT": str(ports.grafana),
        "GF_SERVER_ROOT_URL": loopback_url(ports.grafana),  # where messages lead
        "GF_PATHS_DATA": str(folders.grafana / "data"),
        "GF_PATHS_LOGS": str(folders.grafana / "logs"),
        "GF_PATHS_PROVISIONING": str(folders.grafana / "provisioning"),
        "GF_SECURITY_ADMIN_PASSWORD": credentials.grafana_password.get_secret_value(),
        "GF_SECURITY_SECRET_KEY": credentials.grafana_secret_key.get_secret_value(),
        "GF_USERS_ALLOW_SIGN_UP": "false",
        "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": str(
            folders.grafana / "dashboards" / f"{FLEET}.json"
        ),
    }


def _mail(settings: Settings) -> dict[str, str]:
    """Grafana's mail server, where the settings name one."""
    if settings.smtp_host is None:
        return {}
    mail = {
        "GF_SMTP_ENABLED": "true",
        "GF_SMTP_HOST": settings.smtp_host,
        "GF_SMTP_FROM_ADDRESS": settings.smtp_from,
        "GF_SMTP_STARTTLS_POLICY": "MandatoryStartTLS" if settings.smtp_tls else "NoStartTLS",
    }
    if settings.smtp_user is not None:
        mail["GF_SMTP_USER"] = settings.smtp_user
    if settings.smtp_password is not None:
        mail["GF_SMTP_PASSWORD"] = settings.smtp_password.get_secret_value()
    return mail
