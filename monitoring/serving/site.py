"""What the server may show: folders, addresses and use cases, no secrets."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from monitoring.reports.entry import Entry, EntryError, ReportKind, entries
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCaseError, find_use_case, use_case_files

LOOPBACK_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Watched:
    """One use case.

    Attributes
    ----------
    case
        None where its file is not valid; `wrong` says why.
    newest
        The newest report of each kind.
    """

    name: str
    case: UseCase | None
    newest: tuple[Entry, ...] = ()
    wrong: str = ""

    def dashboard(self, addresses: Addresses) -> str:
        """Return where its dashboard is."""
        return addresses.board(self.name)


@dataclass(frozen=True)
class Place:
    """Another server to open in a browser.

    Attributes
    ----------
    holds
        What is to be seen there.
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
        Public addresses of this server and of Grafana.
    prometheus, mlflow
        Their public addresses; None if they have none.
    """

    reports: Path
    use_cases: Path | None
    addresses: Addresses
    places: tuple[Place, ...] = ()
    prometheus: str | None = None
    mlflow: str | None = None

    @property
    def host(self) -> str | None:
        """Host name of this server's public address."""
        return urlsplit(self.addresses.public).hostname


def site_of(settings: Settings) -> Site:
    """Return what the server may show under these settings."""
    known = (
        ("Grafana", settings.grafana_url, "dashboards and alerts"),
        ("MLflow", settings.public_mlflow_url, "models and their training runs"),
        ("Airflow", settings.public_airflow_url, "runs of reports and retrains, task by task"),
        ("Prometheus", settings.public_prometheus_url, "metrics, rules and firing alerts"),
    )
    return Site(
        reports=settings.reports,
        use_cases=settings.use_cases,
        addresses=Addresses(settings.public_url, settings.grafana_url),
        places=tuple(Place(name, url, holds) for name, url, holds in known if url is not None),
        prometheus=settings.public_prometheus_url,
        mlflow=settings.public_mlflow_url,
    )


def watched(site: Site) -> tuple[Watched, ...]:
    """Return every use case; one whose file or reports can't be read hides no other."""
    return tuple(_watched(site, name) for name in use_case_files(site.use_cases))


def find(site: Site, name: str) -> UseCase | None:
    """Return the use case called `name`; None where there is none that can be read."""
    try:
        return find_use_case(name, site.use_cases)
    except UseCaseError:
        return None


def newest(site: Site, use_case: str) -> tuple[Entry, ...]:
    """Return the newest report of each kind there is.

    Raises
    ------
    EntryError
        The particulars of a report can't be read.
    """
    first: dict[ReportKind, Entry] = {}
    for entry in entries(site.reports / use_case):
        first.setdefault(entry.kind, entry)
    return tuple(first[kind] for kind in ReportKind if kind in first)


def _watched(site: Site, name: str) -> Watched:
    try:
        case = find_use_case(name, site.use_cases)
    except UseCaseError as error:
        return Watched(name, None, wrong=str(error))
    try:
        return Watched(name, case, newest(site, name))
    except EntryError as error:
        return Watched(name, case, wrong=str(error))
