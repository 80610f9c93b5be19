"""Site: what the server may show, and nothing else of the settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monitoring.settings import Settings
from monitoring.signals.links import Addresses

LOOPBACK_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Place:
    """Another server that people open.

    Attributes
    ----------
    holds
        What they find there.
    """

    name: str
    url: str
    holds: str


@dataclass(frozen=True)
class Site:
    """What the server shows. It holds no secret, so that no page can show one.

    Attributes
    ----------
    reports
        Folder of the reports.
    use_cases
        Folder of use-case files beside the shipped ones.
    addresses
        Where people open this server, and Grafana.
    prometheus, mlflow
        Where people open them; None if they can't.
    """

    reports: Path
    use_cases: Path | None
    addresses: Addresses
    places: tuple[Place, ...] = ()
    prometheus: str | None = None
    mlflow: str | None = None

    @property
    def host(self) -> str | None:
        """Name under which people open this server."""
        return urlsplit(self.addresses.public).hostname


def site_of(settings: Settings) -> Site:
    """Return what the surroundings let the server show."""
    known = (
        ("Grafana", settings.grafana_url, "dashboards and alerts"),
        ("MLflow", settings.public_mlflow_url, "models and the runs that made them"),
        ("Airflow", settings.public_airflow_url, "runs of reports and retrains, step by step"),
        ("Prometheus", settings.public_prometheus_url, "metrics, rules and what fires"),
    )
    return Site(
        reports=settings.reports,
        use_cases=settings.use_cases,
        addresses=Addresses(settings.public_url, settings.grafana_url),
        places=tuple(Place(name, url, holds) for name, url, holds in known if url is not None),
        prometheus=settings.public_prometheus_url,
        mlflow=settings.public_mlflow_url,
    )
