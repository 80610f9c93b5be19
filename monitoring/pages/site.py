"""What the server may show: folders, addresses and use cases, no secrets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from monitoring.errors import TocsinError
from monitoring.reports.entry import Entries, Entry, ReportKind, entries
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.signals.use_case_fit import check_fit, fitting
from monitoring.stored_files import StorageError, StoredPath
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCases, all_use_cases, find_use_case

LOOPBACK_NAMES = ("127.0.0.1", "localhost")


@dataclass(frozen=True)
class Watched:
    """One use case.

    Attributes
    ----------
    case
        None where its file is not valid.
    newest
        The newest report of each kind.
    wrong
        What can't be read: its file, or the particulars of some of its reports.
    """

    name: str
    case: UseCase | None
    newest: tuple[Entry, ...] = ()
    wrong: tuple[TocsinError, ...] = ()

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
        Folder of the reports, here or on S3.
    use_cases
        Folder of use-case files beside the shipped ones.
    active
        Names of those that are shown; None where all are.
    addresses
        Public addresses of this server, of Grafana and of Airflow.
    prometheus, mlflow
        Their public addresses; None if they have none.
    front
        What the front page shows: see `Settings.front`.
    """

    reports: StoredPath
    use_cases: Path | None
    addresses: Addresses
    active: frozenset[str] | None = None
    places: tuple[Place, ...] = ()
    prometheus: str | None = None
    mlflow: str | None = None
    front: Literal["models", "run_status"] = "models"

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
        active=settings.active_use_cases,
        addresses=Addresses(settings.public_url, settings.grafana_url, settings.public_airflow_url),
        places=tuple(Place(name, url, holds) for name, url, holds in known if url is not None),
        prometheus=settings.public_prometheus_url,
        mlflow=settings.public_mlflow_url,
        front=settings.front,
    )


def use_cases(site: Site) -> UseCases:
    """Return every use case that can be shown, and which can't be read; no report is looked at.

    Raises
    ------
    UseCaseError
        The folder of use-case files can't be read.
    """
    return fitting(all_use_cases(site.use_cases, site.active))


def watched(site: Site) -> tuple[Watched, ...]:
    """Return every use case; one whose file or reports can't be read hides no other.

    Raises
    ------
    UseCaseError
        The folder of use-case files can't be read.
    """
    cases = use_cases(site)
    found = {name: Watched(name, None, wrong=(error,)) for name, error in cases.broken.items()}
    away: StorageError | None = None
    for case in cases.valid:
        try:
            # Asked once: what can't be reached takes its time to be given up.
            reports = entries(site.reports / case.name) if away is None else Entries()
        except StorageError as error:
            away, reports = error, Entries()
        wrong = reports.damaged if away is None else (away,)
        found[case.name] = Watched(case.name, case, _newest(reports.readable), wrong)
    return tuple(found[name] for name in sorted(found))


def find(site: Site, name: str) -> UseCase | None:
    """Return the use case called `name`; None where there is none that can be shown."""
    try:
        case = find_use_case(name, site.use_cases)
        check_fit(case)
    except TocsinError:
        return None
    return case


def newest(site: Site, use_case: str) -> tuple[Entry, ...]:
    """Return the newest report of each kind there is."""
    return _newest(entries(site.reports / use_case).readable)


def _newest(reports: Iterable[Entry]) -> tuple[Entry, ...]:
    first: dict[ReportKind, Entry] = {}
    for entry in reports:
        first.setdefault(entry.kind, entry)
    return tuple(first[kind] for kind in ReportKind if kind in first)
