"""The pages that list reports, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from monitoring.atomic_write import atomic_write
from monitoring.reports import words
from monitoring.reports.entry import Entry, entries
from monitoring.reports.kind import ReportKind
from monitoring.use_case import UseCase

INDEX = "index.html"


@dataclass(frozen=True)
class ListedWindow:
    """The reports on one window, as the list shows them."""

    window: str
    particulars: str
    reports: tuple[Entry, ...]


def write_index(folder: Path, case: UseCase) -> Path:
    """Write the list of a use case's reports, and the list of use cases above it.

    Parameters
    ----------
    folder
        Where the reports of all use cases are kept.

    Returns
    -------
    The path of the use case's list.

    Raises
    ------
    EntryError
        The particulars of a report cannot be read.
    """
    path = folder / case.name / INDEX
    atomic_write(path, use_case_page(folder, case))
    atomic_write(folder / INDEX, all_page(folder))
    return path


def use_case_page(folder: Path, case: UseCase) -> str:
    """Return the list of a use case's reports in `folder`.

    Raises
    ------
    EntryError
        The particulars of a report cannot be read.
    """
    from monitoring.reports.pages import page

    return page("use_case", case=case, windows=list(_windows(entries(folder / case.name))))


def all_page(folder: Path) -> str:
    """Return the list of the use cases that have reports in `folder`.

    Raises
    ------
    EntryError
        The particulars of a report cannot be read.
    """
    from monitoring.reports.pages import page

    newest = [found[0] for found in map(entries, _folders(folder)) if found]
    return page("all", newest=newest)


def _folders(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir())


def _windows(found: Iterable[Entry]) -> Iterable[ListedWindow]:
    for window, group in groupby(found, key=lambda entry: entry.window):
        reports = tuple(sorted(group, key=lambda entry: list(ReportKind).index(entry.kind)))
        rows = [entry.rows for entry in reports if entry.rows_window == window][:1]
        parts = [words.several(number, "row") for number in rows]
        parts += [f"model {version}" for version in sorted({e.model_version for e in reports})]
        parts += ["synthetic data"] if any(entry.synthetic for entry in reports) else []
        yield ListedWindow(str(window), ", ".join(parts), reports)
