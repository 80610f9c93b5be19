"""HTML pages: a report around Evidently's document, and the lists of reports."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from itertools import groupby

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from monitoring import wording
from monitoring.errors import InputError
from monitoring.reports.entry import Entry, ReportKind, entries, retrain_reports
from monitoring.reports.header import Header
from monitoring.stored_files import StoredPath, folders_in, write
from monitoring.use_case import UseCase

INDEX = "index.html"


@dataclass(frozen=True)
class ListedWindow:
    """The reports on one window, as the list shows them."""

    window: str
    particulars: str
    reports: tuple[Entry, ...]


@cache
def templates(package: str, *, html: bool = True) -> Environment:
    """Return the templates of a package, which may include those of reports: the style, say.

    Pages escape whatever they are given that is not marked as HTML; Markdown has a filter for it.
    """
    environment = Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("monitoring.reports")]),
        autoescape=html,  # noqa: S701  # nosec B701 # off for Markdown alone
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = wording.moment
    environment.filters["markdown"] = _escaped
    return environment


def _escaped(text: str) -> str:
    """Return text that Markdown shows as it is: on one line, no mark-up, no HTML."""
    line = " ".join(wording.printable(text).split())
    return re.sub(r"([\\`*_\[\]#|<>~&])", r"\\\1", line)


def page(template: str, **values: object) -> str:
    """Return the page that `template` makes of `values`."""
    return templates("monitoring.reports").get_template(f"{template}.html.j2").render(**values)


def report_page(head: Header, case: UseCase, drawings: str | None, undrawn: str) -> str:
    """Return a report: its header above Evidently's document, or above the reason why not.

    The header stands in the document itself. A text panel of Evidently's own would be read only
    after 4 MB of script, and cut off on a phone.

    Raises
    ------
    InputError
        Evidently's document is not of the shape it had when this was written.
    """
    title = Markup("<title>{}</title>").format(head.title)
    top = page("header", head=head, case=case, undrawn=undrawn)
    if drawings is None:
        safe = Markup(top)  # noqa: S704  # nosec B704 # escaped where it was made
        return page("undrawn", title=title, top=safe)
    for mark, addition in (("<head>", title), ("<body>", top)):
        if drawings.count(mark) != 1:
            msg = f"Evidently's document holds {mark} {drawings.count(mark)} times, not once"
            raise InputError(msg)
        drawings = drawings.replace(mark, f"{mark}\n{addition}")
    return drawings.lstrip()


def write_index(folder: StoredPath, case: UseCase) -> StoredPath:
    """Write the list of a use case's reports, and the list of use cases above it.

    Parameters
    ----------
    folder
        The reports folder, with one folder per use case in it.

    Returns
    -------
    The path of the use case's list.
    """
    path = folder / case.name / INDEX
    write(path, use_case_page(folder, case))
    write(folder / INDEX, all_page(folder))
    return path


def use_case_page(folder: StoredPath, case: UseCase) -> str:
    """Return the list of a use case's reports in `folder`, damaged ones by their error."""
    found = entries(folder / case.name)
    windows = list(_windows(found.readable))
    return page(
        "use_case",
        case=case,
        windows=windows,
        retrains=retrain_reports(folder / case.name),
        damaged=found.damaged,
    )


def all_page(folder: StoredPath) -> str:
    """Return the list of the use cases that have reports in `folder`."""
    found = [entries(own) for own in folders_in(folder)]
    return page(
        "all",
        newest=[each.readable[0] for each in found if each.readable],
        damaged=[error for each in found for error in each.damaged],
    )


def _windows(listed: Iterable[Entry]) -> Iterable[ListedWindow]:
    for window, group in groupby(listed, key=lambda entry: entry.window):
        reports = tuple(sorted(group, key=lambda entry: list(ReportKind).index(entry.kind)))
        rows = [entry.rows for entry in reports if entry.rows_window == window][:1]
        parts = [wording.several(number, "row") for number in rows]
        parts += [f"model {version}" for version in sorted({e.model_version for e in reports})]
        parts += ["synthetic data"] if any(entry.synthetic for entry in reports) else []
        yield ListedWindow(str(window), ", ".join(parts), reports)
