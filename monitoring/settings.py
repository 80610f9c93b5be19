"""What the surroundings say: folders, addresses and ports, typed, from the environment."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

Port = Annotated[int, Field(ge=1, le=65535)]
# Airflow tasks run in folders of their own, so every folder is made absolute once.
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().resolve())]


class Ports(BaseSettings):
    """The loopback ports of the local stack, each by ``TOCSIN_PORT_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_PORT_", frozen=True)

    airflow: Port = 8080
    mlflow: Port = 5000
    prometheus: Port = 9090
    pushgateway: Port = 9091
    alertmanager: Port = 9093
    grafana: Port = 3000
    serve: Port = 8000


class Settings(BaseSettings):
    """Everything that differs between a laptop, a container and a test; ``TOCSIN_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_", frozen=True)

    data: Folder = Field(Path("data"), description="Where sources are read from.")
    reports: Folder = Field(Path("reports"), description="Where Evidently reports are written.")
    state: Folder = Field(
        Path(".tocsin"), description="Everything the local stack keeps; never committed."
    )
    use_cases: Folder | None = Field(
        None, description="A folder of use-case files beside the shipped ones."
    )
    database_url: SecretStr | None = Field(
        None, description="SQLAlchemy URL of the production store; SQLite under `state` if unset."
    )
    mlflow_url: str | None = Field(
        None, description="Tracking server; SQLite and files under `state` if unset."
    )
    pushgateway_url: str | None = Field(
        None, description="Where metrics are pushed; nothing is pushed if unset."
    )
    airflow_url: str | None = Field(
        None, description="Airflow's API server, where the demo starts runs."
    )
    airflow_password: SecretStr | None = Field(
        None, description="Password of the Airflow user `admin`, for the same."
    )
    webhook_url: SecretStr | None = Field(
        None, description="Where alerts and DAG notifications are posted; only logged if unset."
    )
    slack_url: SecretStr | None = Field(
        None, description="Slack's incoming webhook; alerts are posted there too if set."
    )
    heartbeat_url: SecretStr | None = Field(
        None, description="Where the watchdog posts every few minutes: a dead man's switch."
    )
    smtp_host: str | None = Field(
        None, description="Mail server, host:port; alerts are mailed if this and `smtp_to` are set."
    )
    smtp_tls: bool = Field(True, description="Whether the mail server must speak TLS.")
    smtp_from: str = Field("tocsin@localhost.localdomain", description="Sender of alert mails.")
    smtp_to: str | None = Field(None, description="Receivers of alert mails, comma between them.")
    smtp_user: str | None = Field(None, description="User at the mail server; none if unset.")
    smtp_password: SecretStr | None = Field(None, description="Their password.")
    notifier: Literal["grafana", "alertmanager"] = Field(
        "grafana", description="Which of the two notifies; the other one only shows."
    )
    prometheus_url: str = Field(
        "http://127.0.0.1:9090", description="Where Grafana and the status pages read metrics."
    )
    grafana_url: str | None = Field(
        None, description="Where people open Grafana; alerts link to the status pages if unset."
    )
    public_url: str = Field(
        "http://127.0.0.1:8000", description="Where people open reports and the runbook."
    )
    public_mlflow_url: str | None = Field(
        None,
        description="Where people open MLflow; links to models lead there if set.",
    )
    public_airflow_url: str | None = Field(None, description="The same of Airflow.")
    public_prometheus_url: str | None = Field(None, description="The same of Prometheus.")
    retry_seconds: int = Field(
        60, ge=0, description="Time before Airflow tries a failed task again; it tries twice."
    )
    grafana_home: Folder | None = Field(
        None, description="A Grafana's own folder, with `bin` and `public`; else it is on PATH."
    )

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the production store, password included: never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state / 'production.db'}"

    @property
    def tracking_url(self) -> str:
        """MLflow tracking URI."""
        return self.mlflow_url or f"sqlite:///{self.state / 'mlflow.db'}"

    @property
    def archives(self) -> Path:
        """Folder of the Parquet archives of consumed rows."""
        return self.state / "archives"

    @property
    def artifacts(self) -> Path:
        """Folder of the models, where MLflow runs without a server."""
        return self.state / "artifacts"

    @property
    def backups(self) -> Path:
        """Folder of the champions' copies."""
        return self.state / "backups"

    @property
    def runs(self) -> Path:
        """Folder in which every run keeps what its steps hand to each other."""
        return self.state / "runs"


@cache
def settings() -> Settings:
    """Return the process's settings, read from the environment once."""
    return Settings()
