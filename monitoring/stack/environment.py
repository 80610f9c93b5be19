"""The environment variables that the local stack's components run with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pydantic import SecretStr

from monitoring.settings import Ports, Settings
from monitoring.stack.credentials import Credentials
from monitoring.stack.folders import CHECKOUT, Folders
from monitoring.stack.ports import LOOPBACK
from monitoring.stack.programs import grafana_server

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
            "prometheus_url": loopback_url(ports.prometheus),
            "grafana_url": loopback_url(ports.grafana) if has_grafana else None,
            "notifier": settings.notifier if has_grafana else "alertmanager",
            "mlflow_url": loopback_url(ports.mlflow),
            "pushgateway_url": loopback_url(ports.pushgateway),
            "airflow_url": loopback_url(ports.airflow),
            "airflow_password": credentials.airflow_password,
        }
    )


def as_variables(settings: Settings) -> dict[str, str]:
    """Return the variables from which a process reads `settings` again, secrets in plain text."""
    variables = {}
    for field in type(settings).model_fields:
        value = getattr(settings, field)
        if isinstance(value, SecretStr):
            value = value.get_secret_value()
        if value is not None:
            variables[f"TOCSIN_{field.upper()}"] = str(value)
    return variables


def environment(settings: Settings, ports: Ports, credentials: Credentials) -> dict[str, str]:
    """Return the whole environment of the components: ours, and what they inherit from here."""
    folders = Folders(settings.state)
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    programs = str(Path(sys.executable).parent)
    return {
        **inherited,
        "PATH": os.pathsep.join([programs, inherited.get("PATH", os.defpath)]),
        MARK: str(folders.state),
        # Keeps the variable above where it can be read, when a process changes its title.
        "SPT_NOENV": "true",
        **NO_TELEMETRY,
        **as_variables(inside(settings, ports, credentials)),
        **_airflow(folders, ports, credentials),
        **_mlflow(),
        **_grafana(folders, ports, credentials),
        **_mail(settings),
    }


def _airflow(folders: Folders, ports: Ports, credentials: Credentials) -> dict[str, str]:
    url = loopback_url(ports.airflow)
    return {
        "AIRFLOW_HOME": str(folders.airflow),
        "AIRFLOW__CORE__DAGS_FOLDER": str(CHECKOUT / "airflow" / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "4",  # 0.4 GB less than at the default of 32
        "AIRFLOW__CORE__FERNET_KEY": credentials.fernet_key.get_secret_value(),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": "admin:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folders.airflow_passwords),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{url}/execution/",
        "AIRFLOW__API__HOST": LOOPBACK,
        "AIRFLOW__API__PORT": str(ports.airflow),
        "AIRFLOW__API__BASE_URL": url,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API__SECRET_KEY": credentials.api_secret_key.get_secret_value(),
        "AIRFLOW__API_AUTH__JWT_SECRET": credentials.jwt_secret.get_secret_value(),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{folders.airflow / 'airflow.db'}",
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": "1",
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",  # a new DAG file is seen within this
    }


def _mlflow() -> dict[str, str]:
    return {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}  # eight idle processes of 205 MB


def _grafana(folders: Folders, ports: Ports, credentials: Credentials) -> dict[str, str]:
    return {
        "GF_SERVER_HTTP_ADDR": LOOPBACK,
        "GF_SERVER_HTTP_PORT": str(ports.grafana),
        "GF_PATHS_DATA": str(folders.grafana / "data"),
        "GF_PATHS_LOGS": str(folders.grafana / "logs"),
        "GF_PATHS_PROVISIONING": str(folders.grafana / "provisioning"),
        "GF_SECURITY_ADMIN_PASSWORD": credentials.grafana_password.get_secret_value(),
        "GF_SECURITY_SECRET_KEY": credentials.grafana_secret_key.get_secret_value(),
        "GF_USERS_ALLOW_SIGN_UP": "false",
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
