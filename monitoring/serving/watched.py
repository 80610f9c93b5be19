"""Watched: the use cases and their newest reports, as the pages show them."""

from __future__ import annotations

from dataclasses import dataclass

from monitoring.reports.entry import Entry, EntryError, entries
from monitoring.reports.kind import ReportKind
from monitoring.serving.site import Site
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from monitoring.use_case_file import UseCaseError, find_use_case, use_case_files


@dataclass(frozen=True)
class Watched:
    """One use case.

    Attributes
    ----------
    case
        None where its file is wrong; `wrong` says how.
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
