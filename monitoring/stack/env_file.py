"""Docker compose's `.env` file: secrets generated once, ports, and where alerts go.

``python3 -m monitoring.stack.env_file`` in the checkout writes it. Nothing but the standard library
is imported, for a host that runs containers has nothing else.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from monitoring.default_ports import DEFAULT_PORTS
from monitoring.private import write_private
from monitoring.stack.generated_secrets import fernet_key, password, signing_key
from monitoring.stack.stack_error import StackError


@dataclass(frozen=True)
class Secret:
    """One generated line of the file."""

    name: str
    what: str
    make: Callable[[], str] = password


SECRETS = (
    Secret("POSTGRES_PASSWORD", "PostgreSQL's superuser"),
    Secret("POSTGRES_AIRFLOW_PASSWORD", "PostgreSQL's role of Airflow"),
    Secret("POSTGRES_MLFLOW_PASSWORD", "PostgreSQL's role of MLflow"),
    Secret("POSTGRES_TOCSIN_PASSWORD", "PostgreSQL's role of the production store"),
    Secret("S3_ACCESS_KEY", "Object storage of the models: the key's name"),
    Secret("S3_SECRET_KEY", "Object storage of the models: the key"),
    Secret("TOCSIN_AIRFLOW_PASSWORD", "Airflow's user admin"),
    Secret("TOCSIN_AIRFLOW_VIEWER_PASSWORD", "Airflow's user viewer, who may only look"),
    Secret("AIRFLOW_JWT_SECRET", "Signs the tokens between Airflow's components", signing_key),
    Secret("AIRFLOW_API_SECRET_KEY", "Signs Airflow's sessions", signing_key),
    Secret("AIRFLOW_FERNET_KEY", "Encrypts Airflow's connections and variables", fernet_key),
    Secret("GRAFANA_PASSWORD", "Grafana's user admin"),
    Secret("GRAFANA_SECRET_KEY", "Encrypts what Grafana keeps of contact points", signing_key),
)

PUBLISHED = ("airflow", "mlflow", "prometheus", "pushgateway", "grafana", "serve")
"""The components whose ports docker compose publishes, on loopback only."""

_YOURS = "..."

DELIVERY = {
    "TOCSIN_WEBHOOK_URL": "https://chat.example.org/hook",
    "TOCSIN_SLACK_URL": "https://hooks.slack.com/services/...",
    "TOCSIN_HEARTBEAT_URL": "https://watchdog.example.org/tocsin",
    "TOCSIN_SMTP_HOST": "mail.example.org:587",
    "TOCSIN_SMTP_TLS": "true",
    "TOCSIN_SMTP_FROM": "tocsin@example.org",
    "TOCSIN_SMTP_TO": "oncall@example.org",
    "TOCSIN_SMTP_USER": "tocsin",
    "TOCSIN_SMTP_PASSWORD": _YOURS,
    "TOCSIN_PUSHGATEWAY_USER": "tocsin",
    "TOCSIN_PUSHGATEWAY_PASSWORD": _YOURS,
    "TOCSIN_PROMETHEUS_USER": "tocsin",
    "TOCSIN_PROMETHEUS_PASSWORD": _YOURS,
    "TOCSIN_FRONT": "run_status",
    "TOCSIN_PUBLIC_URL": "https://tocsin.example.org",
    "TOCSIN_GRAFANA_URL": "https://grafana.example.org",
    "TOCSIN_PUBLIC_AIRFLOW_URL": "https://airflow.example.org",
    "TOCSIN_PUBLIC_MLFLOW_URL": "https://mlflow.example.org",
    "TOCSIN_PUBLIC_PROMETHEUS_URL": "https://prometheus.example.org",
}
"""Where alerts go and how to sign in: lines to fill in, with an example of each."""

STORAGE = {
    "TOCSIN_STATE_URL": "s3://tocsin-state/prod",
    "TOCSIN_BUCKET_PREFIX": "s3://tocsin-",
    "AWS_ENDPOINT_URL_S3": "http://s3:7070",
    "AWS_ACCESS_KEY_ID": _YOURS,
    "AWS_SECRET_ACCESS_KEY": _YOURS,
    "AWS_DEFAULT_REGION": "us-east-1",
}
"""What lies on S3, if not in volumes: lines to fill in, with an example of each."""

SERVING = {"TOCSIN_SERVE_RATE": "1000", "TOCSIN_SERVE_KEY": _YOURS}
"""What clients of the API may ask for, and by what key a retrain tells it of new versions: lines
to fill in, with an example of each."""

CHOSEN = {"TOCSIN_ACTIVE": "fraud,churn"}
"""Which use cases run: lines to fill in, with an example of each."""

TRAINING = {"TOCSIN_HOLD_BACK": "0.2", "TOCSIN_DEAL_ROWS": "true"}
"""What replays and demonstrations ask of a source: lines to fill in, with an example of each."""

_OFFERED = {
    "The use cases that have DAGs, boards and alerts; all if left out": CHOSEN,
    "Where alerts go and links lead, and how to sign in; lines left out are not used": DELIVERY,
    "S3: where archives and reports lie, and use cases' own buckets; and the keys": STORAGE,
    "The API: requests a second of one client, and the key by which retrains tell it": SERVING,
    "For replays: a share of a source that no retrain learns from, and rows dealt out": TRAINING,
}
"""The lines to fill in, under their headings."""


def example() -> str:
    """Return the file `.env.example`: every line, no secret."""
    return _text({secret.name: "" for secret in SECRETS})


def variables() -> frozenset[str]:
    """Return the name of every variable that the file sets or offers."""
    secrets = {secret.name for secret in SECRETS}
    return frozenset(secrets.union(_ports(), *_OFFERED.values()))


class EnvIncompleteError(StackError):
    """The file that is there lacks what docker compose will ask for; the message names it."""


def write_env(path: Path) -> bool:
    """Write the file with fresh secrets and mode 600; one that is there is never overwritten.

    Returns
    -------
    Whether it was written.

    Raises
    ------
    EnvIncompleteError
        There is one already, and it lacks a secret.
    """
    if not path.exists():
        write_private(path, _text({secret.name: secret.make() for secret in SECRETS}))
        return True
    lacking = _lacking(path)
    if lacking:
        names = ", ".join(secret.name for secret in lacking)
        msg = (
            f"{path} was left as it is, but lacks {names}: add them, or move the file "
            "away and run this again (servers set up with its passwords keep asking for those); "
            "after an upgrade of Tocsin, `tocsin init --upgrade` adds them"
        )
        raise EnvIncompleteError(msg)
    return False


def complete_env(path: Path) -> list[str]:
    """Add fresh secrets for those that the file lacks, at its end; the rest stays as it is.

    Returns
    -------
    The names that were added.
    """
    made = {secret.name: secret.make() for secret in _lacking(path)}
    if made:
        text = path.read_text(encoding="utf-8").rstrip("\n")
        write_private(path, "\n".join([text, "", *_of_secrets(made)]) + "\n")
    return list(made)


def _lacking(path: Path) -> list[Secret]:
    lines = path.read_text(encoding="utf-8").splitlines()
    given = {name.strip() for name, _, value in (line.partition("=") for line in lines) if value}
    return [secret for secret in SECRETS if secret.name not in given]


def _ports() -> dict[str, int]:
    return {f"TOCSIN_PORT_{name.upper()}": DEFAULT_PORTS[name] for name in PUBLISHED}


def _of_secrets(values: dict[str, str]) -> list[str]:
    return [
        line
        for secret in SECRETS
        if secret.name in values
        for line in (f"# {secret.what}", f"{secret.name}={values[secret.name]}")
    ]


def _text(secrets: dict[str, str]) -> str:
    lines = [
        "# What docker-compose.yml asks for. `make env` writes this file with generated secrets;",
        "# keep it to yourself, it is never committed.",
        "",
    ]
    lines += _of_secrets(secrets)
    lines += ["", "# Ports on the loopback of this machine"]
    lines += [f"{name}={port}" for name, port in _ports().items()]
    for heading, offered in _OFFERED.items():
        lines += ["", f"# {heading}", *(f"#{name}={value}" for name, value in offered.items())]
    return "\n".join(lines) + "\n"


def said_of(path: Path, *, written: bool) -> str:
    """Return what is said of the file after `write_env`."""
    return f"{path} written" if written else f"{path} already exists: nothing changed"


if __name__ == "__main__":
    there = Path(".env")
    try:
        print(said_of(there, written=write_env(there)))  # noqa: T201 - as `tocsin env` says it
    except (OSError, EnvIncompleteError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        sys.exit(2)
