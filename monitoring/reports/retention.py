"""Retention of reports: the newest of each kind stay, and those that firing alerts cite."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

import requests

from monitoring.errors import InputError
from monitoring.reports.entry import ReportKind, report_name
from monitoring.reports.pages import INDEX
from monitoring.secrecy import SignIn
from monitoring.stored_files import StoredPath, files_in, is_file, remove

_TIMEOUT = 10

_OF_A_REPORT = (".html", ".json")

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class FiringAlert:
    """An alert that fires, as far as it speaks of reports.

    Attributes
    ----------
    use_case
        None for an alert that concerns all of them.
    since
        When its condition became true.
    report_url
        Its link: to a report, or to the list of a use case's reports.
    """

    use_case: str | None
    since: datetime
    report_url: str


def keep_newest(
    folder: StoredPath, keep: int, cited: frozenset[str] = frozenset()
) -> tuple[str, ...]:
    """Remove all but the newest reports of each kind from a use case's folder.

    A report is gone from the lists before it is gone itself, so that a run that is killed
    half-way leaves no link to nothing; the next run removes the rest.

    Parameters
    ----------
    folder
        The folder of one use case.
    keep
        How many of each kind stay.
    cited
        Names of reports (`drift_20260131T060000Z.html`) that stay whatever their age, because a
        firing alert links to them: see `cited_reports`. They do not count among the `keep`.

    Returns
    -------
    Names of the removed reports, oldest first.

    Raises
    ------
    InputError
        `keep` is below 1.
    """
    if keep < 1:
        msg = f"keep at least one report of each kind, not {keep}"
        raise InputError(msg)
    removed = [
        name
        for kind in ReportKind
        for name in _report_names(folder, kind)[:-keep]
        if name not in cited
    ]
    for name in removed:
        remove(folder / f"{PurePosixPath(name).stem}.json")
        remove(folder / name)
    return tuple(removed)


def cited_reports(
    folder: StoredPath, use_case: str, prometheus_url: str, sign_in: SignIn | None = None
) -> frozenset[str]:
    """Return the names of a use case's reports that firing alerts cite, for `keep_newest`.

    Prometheus is asked, which evaluates the rules whoever notifies. Where it does not answer,
    every report may be cited: all are returned, so that retention removes none this time.

    Parameters
    ----------
    folder
        The folder of the use case's reports.
    sign_in
        Where Prometheus asks for basic authentication.
    """
    try:
        alerts = firing_alerts(prometheus_url, sign_in)
    except requests.RequestException as error:
        _log.warning(
            "no report of %s is removed: firing alerts may link to them, and Prometheus at %s does "
            "not answer: %s",
            use_case,
            prometheus_url,
            error,
        )
        return frozenset(name for kind in ReportKind for name in _report_names(folder, kind))
    return cited_by(alerts, folder, use_case)


def cited_by(alerts: Sequence[FiringAlert], folder: StoredPath, use_case: str) -> frozenset[str]:
    """Return the names of a use case's reports that `alerts` cite.

    An alert that links to one report cites that one. One that links to the list of reports cites,
    of each kind, the newest that was there when it began to fire: they explain why it fires.
    """
    cited: set[str] = set()
    for alert in alerts:
        path = PurePosixPath(unquote(urlsplit(alert.report_url).path))
        if use_case not in {alert.use_case, path.parent.name}:
            continue
        if path.name.endswith(".html") and path.name != INDEX and is_file(folder / path.name):
            cited.add(path.name)
            continue
        for kind in ReportKind:
            # Names sort as the ends of their windows do.
            latest = f"{report_name(kind, alert.since)}.html"
            there = [name for name in _report_names(folder, kind) if name <= latest]
            cited |= set(there[-1:])
    return frozenset(cited)


def firing_alerts(prometheus_url: str, sign_in: SignIn | None = None) -> tuple[FiringAlert, ...]:
    """Ask Prometheus for the alerts that fire and link to reports.

    Raises
    ------
    requests.RequestException
        It does not answer, or something else answers in its place.
    """
    answer = requests.get(
        f"{prometheus_url.rstrip('/')}/api/v1/alerts",
        auth=None if sign_in is None else sign_in.pair,
        timeout=_TIMEOUT,
    )
    answer.raise_for_status()
    return tuple(
        FiringAlert(
            use_case=alert["labels"].get("use_case"),
            since=datetime.fromisoformat(alert["activeAt"]).astimezone(UTC),
            report_url=alert["annotations"]["report_url"],
        )
        for alert in answer.json()["data"]["alerts"]
        if alert["state"] == "firing" and "report_url" in alert["annotations"]
    )


def _report_names(folder: StoredPath, kind: ReportKind) -> list[str]:
    """Return the names of the reports of a kind, oldest first."""
    # Names carry the time in a form that sorts as time does. A report and its entry are looked
    # for each by itself: either may have been left alone by a run that was killed.
    found = files_in(folder, f"{kind}_*")
    return sorted({f"{path.stem}.html" for path in found if path.name.endswith(_OF_A_REPORT)})
