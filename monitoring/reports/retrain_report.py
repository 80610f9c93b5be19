"""The report of one retrain, as a page and as Markdown: what it chose, and its figures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from monitoring.reports.entry import RETRAIN, TIME, retrain_reports
from monitoring.reports.pages import page, templates
from monitoring.rows.window import utc
from monitoring.stored_files import StoredPath, remove, write
from monitoring.use_case import UseCase
from monitoring.wording import moment


@dataclass(frozen=True)
class RetrainFacts:
    """One retrain that reached the gate.

    Attributes
    ----------
    as_of
        The moment from which it looked; it names the files.
    sentences
        Why it ran, what it learned from, what was chosen, and what the gate said.
    figures
        Of the candidate that was chosen, by their names in MLflow; shares, from 0 to 1.
    """

    case: UseCase
    as_of: datetime
    candidate: str
    version: str
    sentences: tuple[str, ...]
    figures: Mapping[str, float]

    @property
    def title(self) -> str:
        """Heading of the report."""
        return f"{self.case.title}: retrain of {moment(self.as_of)}"

    @property
    def table(self) -> tuple[tuple[str, str], ...]:
        """Rows of the table of figures: name, and value to four digits."""
        return tuple((name, f"{value:.4f}") for name, value in sorted(self.figures.items()))


def write_retrain_report(facts: RetrainFacts, folder: StoredPath) -> tuple[StoredPath, StoredPath]:
    """Write a retrain's report, and remove the oldest beyond `report.keep`.

    Parameters
    ----------
    folder
        The reports folder, with one folder per use case in it.

    Returns
    -------
    Paths of the Markdown and of the page.
    """
    own = folder / facts.case.name
    stem = f"{RETRAIN}{utc(facts.as_of):{TIME}}"
    markdown, html = own / f"{stem}.md", own / f"{stem}.html"
    text = templates("monitoring.reports", html=False).get_template("retrain.md.j2")
    write(markdown, text.render(facts=facts))
    write(html, page("retrain", facts=facts))
    for old, _ in retrain_reports(own)[facts.case.report.keep :]:
        remove(own / old)
        remove(own / f"{PurePosixPath(old).stem}.md")
    return markdown, html
