"""Environment settings: folders, addresses and ports, typed, read once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from monitoring.default_ports import DEFAULT_PORTS
from monitoring.errors import TocsinError
from monitoring.field_types import Share, wrong_fields
from monitoring.secrecy import SignIn, masked, secrets_of_address, secrets_of_url
from monitoring.setting_types import (
    BucketPrefix,
    DatabaseUrl,
    Folder,
    MailServer,
    Port,
    RemoteFolder,
    SecretUrl,
    ServerUrl,
    StoredFolder,
    TrackingUrl,
    UseCaseNames,
)
from monitoring.stored_files import RemotePath, StoredPath

_OTHER_IS_WRONG = "default factory uses validated data"
"""What pydantic says of a default that it did not make, for another field is not valid."""


class SettingsError(TocsinError, ValueError):
    """Environment variables hold what is not allowed; the message names each and what is."""


def _below_state(name: str) -> Callable[[dict[str, Any]], StoredPath]:
    """Return the default of a folder: below `state_url` if that is set, else below `state`."""

    def place(known: dict[str, Any]) -> StoredPath:
        url: RemotePath | None = known.get("state_url")
        # `state` is missing where it is not valid, which is an error of its own.
        return known.get("state", Path()) / name if url is None else url / name

    return place


def _reports_of(known: dict[str, Any]) -> StoredPath:
    url: RemotePath | None = known.get("state_url")
    return Path("reports") if url is None else url / "reports"


class _FromEnvironment(BaseSettings):
    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            # Not its cause: that shows what was given, a password too.
            raise SettingsError(self._invalid(error)) from None

    @classmethod
    def _invalid(cls, error: ValidationError) -> str:
        prefix = cls.model_config["env_prefix"]
        lines = ["invalid settings in the environment"]
        for line in wrong_fields(error, "(all of them)"):
            name, _, problem = line.partition(":")
            if _OTHER_IS_WRONG in problem:
                continue
            if name not in cls.model_fields:
                lines.append(problem.strip())
                continue
            # What was given in an address's place may be anything, a password too.
            stored = "RemotePath" in repr(cls.model_fields[name].annotation)
            secret = stored or cls.is_secret(name) or name.endswith("_url")
            shown = problem.partition(" (given: ")[0] if secret else problem
            lines.append(f"{prefix}{name.upper()}:{shown}")
        return "\n  ".join(lines)

    @classmethod
    def is_secret(cls, name: str) -> bool:
        """Whether the field called `name` holds what may be shown to nobody."""
        field = cls.model_fields.get(name)
        return field is not None and "SecretStr" in repr(field.annotation)


class Ports(_FromEnvironment):
    """The loopback ports of the local stack, each by ``TOCSIN_PORT_<NAME>``."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_PORT_", env_ignore_empty=True, frozen=True)

    airflow: Port = Field(DEFAULT_PORTS["airflow"], description="Airflow: runs, logs, DAGs.")
    mlflow: Port = Field(DEFAULT_PORTS["mlflow"], description="MLflow: models and their runs.")
    prometheus: Port = Field(
        DEFAULT_PORTS["prometheus"], description="Prometheus: metrics and alerting rules."
    )
    pushgateway: Port = Field(
        DEFAULT_PORTS["pushgateway"], description="The Pushgateway: what runs have pushed."
    )
    alertmanager: Port = Field(
        DEFAULT_PORTS["alertmanager"], description="Alertmanager, where there is no Grafana."
    )
    relay: Port = Field(
        DEFAULT_PORTS["relay"],
        description="The relay, by which Alertmanager's messages reach the channels.",
    )
    receiver: Port = Field(
        DEFAULT_PORTS["receiver"], description="The demo's receiver of messages."
    )
    grafana: Port = Field(DEFAULT_PORTS["grafana"], description="Grafana, where it is installed.")
    serve: Port = Field(
        DEFAULT_PORTS["serve"], description="`tocsin serve`: the API and all pages."
    )


class Settings(_FromEnvironment):
    """Everything that differs between a laptop, a container and a test; ``TOCSIN_<FIELD>``."""

    model_config = SettingsConfigDict(env_prefix="TOCSIN_", env_ignore_empty=True, frozen=True)

    data: StoredFolder = Field(
        Path("data"), description="Where sources are read from: a folder, or `s3://BUCKET/PREFIX`."
    )
    state: Folder = Field(Path(".tocsin"), description="State of the local stack; never committed.")
    state_url: RemoteFolder | None = Field(
        None,
        description="`s3://BUCKET/PREFIX`, below which `archives`, `reports` and `artifacts` lie "
        "then; locks, databases, run folders and backups stay in `state`.",
    )
    reports: StoredFolder = Field(
        default_factory=_reports_of,
        description="Where reports are written: a folder, or a URL of its own.",
    )
    archives: StoredFolder = Field(
        default_factory=_below_state("archives"),
        description="Where the Parquet archives of consumed rows lie: a folder, or a URL.",
    )
    artifacts: StoredFolder = Field(
        default_factory=_below_state("artifacts"),
        description="Where models lie, where MLflow runs without a server: a folder, or a URL.",
    )
    bucket_prefix: BucketPrefix | None = Field(
        None,
        description="`s3://NAME-`, with which the names of use cases' own buckets begin; their "
        "files stay in folders if unset.",
    )
    use_cases: Folder | None = Field(
        None, description="A folder of use-case files beside the shipped ones."
    )
    active: UseCaseNames | None = Field(
        None,
        description="Names of the use cases that have DAGs, boards, rules and pages, separated by "
        "commas; all if unset. The others are there for commands and the API alone.",
    )
    database_url: DatabaseUrl | None = Field(
        None, description="SQLAlchemy URL of the production store; SQLite under `state` if unset."
    )
    mlflow_url: TrackingUrl | None = Field(
        None, description="Tracking server; SQLite and files under `state` if unset."
    )
    pushgateway_url: ServerUrl | None = Field(
        None, description="Where metrics are pushed; nothing is pushed if unset."
    )
    pushgateway_user: str | None = Field(
        None, description="User at the Pushgateway (basic authentication); none if unset."
    )
    pushgateway_password: SecretStr | None = Field(None, description="Password of that user.")
    airflow_url: ServerUrl | None = Field(
        None,
        description="Airflow's API server, where the demo starts runs and pages see how they went.",
    )
    airflow_password: SecretStr | None = Field(
        None, description="Password of the Airflow user `admin`."
    )
    airflow_viewer_password: SecretStr | None = Field(
        None,
        description="Password of the Airflow user `viewer`, by whom pages and the DAG "
        "`status_<use case>` look at runs.",
    )
    webhook_url: SecretUrl | None = Field(
        None,
        description="Where alerts and notifications of runs are posted; only logged if unset.",
    )
    slack_url: SecretUrl | None = Field(
        None,
        description="Slack's incoming webhook; alerts are posted there too if set, and "
        "notifications of runs where a use case's `notify` names it.",
    )
    heartbeat_url: SecretUrl | None = Field(
        None, description="Where the watchdog posts every few minutes: a dead man's switch."
    )
    smtp_host: MailServer | None = Field(
        None,
        description="Mail server, host:port; alerts are mailed if this and `smtp_to` are set, and "
        "notifications of runs where a use case's `notify` names `mail`.",
    )
    smtp_tls: bool = Field(True, description="Whether the mail server must speak TLS.")
    smtp_from: str = Field("tocsin@localhost.localdomain", description="Sender of mails.")
    smtp_to: str | None = Field(None, description="Recipients of mails, separated by commas.")
    smtp_user: str | None = Field(None, description="User at the mail server; none if unset.")
    smtp_password: SecretStr | None = Field(None, description="Password of that user.")
    notifier: Literal["grafana", "alertmanager"] = Field(
        "grafana",
        description="Which of the two sends notifications; the other one only shows alerts.",
    )
    prometheus_url: ServerUrl = Field(
        "http://127.0.0.1:9090", description="Where Grafana and the status pages read metrics."
    )
    prometheus_user: str | None = Field(
        None,
        description="User at that Prometheus, for retention and backfill; none if unset.",
    )
    prometheus_password: SecretStr | None = Field(None, description="Password of that user.")
    grafana_url: ServerUrl | None = Field(
        None, description="Where people open Grafana; alerts link to the status pages if unset."
    )
    public_url: ServerUrl = Field(
        "http://127.0.0.1:8000", description="Where people open reports and the runbook."
    )
    public_mlflow_url: ServerUrl | None = Field(
        None,
        description="Where people open MLflow; links to models lead there if set.",
    )
    public_airflow_url: ServerUrl | None = Field(
        None, description="Where people open Airflow; links to runs lead there if set."
    )
    public_prometheus_url: ServerUrl | None = Field(
        None, description="Where people open Prometheus; links to queries lead there if set."
    )
    hold_back: Share = Field(
        0,
        description="Share of a source that no retrain learns from, so that `tocsin replay` and "
        "`tocsin backfill` have rows which the champion has never seen: the newest, or by a random "
        "split some that are drawn by their ids. The demo sets 0.2; for models that serve, 0.",
    )
    deal_rows: bool = Field(
        False,
        description="For demonstrations, where the split is by time: real rows are dealt out at "
        "random over their own times, so that nothing drifts but what a replay plants.",
    )
    front: Literal["models", "run_status"] = Field(
        "models",
        description="What the front page shows: all models at a glance, or how the newest "
        "retrains went.",
    )
    serve_rate: float = Field(
        1000, gt=0, description="Requests that one client of the API may make in a second."
    )
    serve_url: ServerUrl | None = Field(
        None,
        description="The API that retrains tell of new versions, where a use case sets "
        "`serve.reload`; it finds them by itself if unset.",
    )
    serve_key: SecretStr | None = Field(
        None, description="A key of that API, of the scope admin; not needed on loopback."
    )
    retry_seconds: int = Field(
        60, ge=0, description="Time before Airflow tries a failed task again; it tries twice."
    )
    grafana_home: Folder | None = Field(
        None,
        description="Grafana's folder, with `bin` and `public`; found on PATH if unset.",
    )

    @model_validator(mode="after")
    def _whole_sign_ins(self) -> Self:
        for server in ("pushgateway", "prometheus"):
            given = {getattr(self, f"{server}_{part}") is None for part in ("user", "password")}
            if len(given) > 1:
                both = " and ".join(f"TOCSIN_{server.upper()}_{it}" for it in ("USER", "PASSWORD"))
                msg = f"set both {both}, or neither"
                raise ValueError(msg)
        return self

    @property
    def active_use_cases(self) -> frozenset[str] | None:
        """Names of the active use cases; None where all are."""
        return None if self.active is None else frozenset(map(str.strip, self.active.split(",")))

    @property
    def store_url(self) -> str:
        """SQLAlchemy URL of the production store, password included: never log it."""
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.state / 'production.db'}"

    @property
    def tracking_url(self) -> str:
        """MLflow tracking URI, a database's password included: never log it."""
        if self.mlflow_url is not None:
            return self.mlflow_url.get_secret_value()
        return f"sqlite:///{self.state / 'mlflow.db'}"

    @property
    def pushgateway_sign_in(self) -> SignIn | None:
        """How to sign in at the Pushgateway."""
        return _sign_in(self.pushgateway_user, self.pushgateway_password)

    @property
    def prometheus_sign_in(self) -> SignIn | None:
        """How to sign in at Prometheus."""
        return _sign_in(self.prometheus_user, self.prometheus_password)

    @property
    def secrets(self) -> frozenset[str]:
        """Every secret in plain text, in each form in which a library may write it."""
        return frozenset(filter(None, self._secrets()))

    def _secrets(self) -> Iterator[str]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if not isinstance(value, SecretStr):
                continue
            plain = value.get_secret_value()
            if name in {"database_url", "mlflow_url"}:
                yield from secrets_of_url(plain)
            elif name.endswith("_url"):
                yield from secrets_of_address(plain)
            else:
                yield plain

    @property
    def backups(self) -> Path:
        """Folder of the champions' copies."""
        return self.state / "backups"

    @property
    def runs(self) -> Path:
        """Folder in which the steps of a run exchange their results."""
        return self.state / "runs"


def _sign_in(user: str | None, password: SecretStr | None) -> SignIn | None:
    return None if user is None or password is None else SignIn(user, password)


OF_LIBRARIES = (
    "MLFLOW_TRACKING_PASSWORD",
    "MLFLOW_TRACKING_TOKEN",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
)
"""Secrets that libraries read from the environment themselves."""


def secrets() -> frozenset[str]:
    """Return every secret that this process was given, in plain text."""
    of_libraries = (os.environ.get(name) for name in OF_LIBRARIES)
    return settings().secrets | frozenset(filter(None, of_libraries))


def redacted(text: str) -> str:
    """Return `text` without the secrets that this process was given.

    Errors and logs of libraries pass through here before anybody reads them.
    """
    try:
        return masked(text, secrets())
    except SettingsError:  # nothing was given that could be used, so nothing could be written
        return text


@cache
def settings() -> Settings:
    """Return the process's settings, read from the environment once.

    Raises
    ------
    SettingsError
        A variable holds what is not allowed.
    """
    return Settings()
