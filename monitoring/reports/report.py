"""Writing a report: Evidently's drawings of a sample below the published figures, one file."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from monitoring.reports.entry import Entry, ReportKind
from monitoring.reports.facts import LABEL, SCORE, ReportFacts
from monitoring.stored_files import StoredPath, write

if TYPE_CHECKING:
    from monitoring.reports.header import Findings
    from monitoring.reports.report_sample import ReportSample


def write_report(kind: ReportKind, facts: ReportFacts, folder: StoredPath) -> StoredPath:
    """Write `<folder>/<use case>/<kind>_<end of window, UTC>.html`, its entry beside it.

    Written again, it takes the place of the file that was there. A column that cannot be drawn
    is named in the report; where nothing can be drawn, the report says why.

    Parameters
    ----------
    folder
        The reports folder, with one folder per use case in it.

    Returns
    -------
    The report's path.
    """
    from monitoring.reports.header import find, header
    from monitoring.reports.pages import report_page

    findings = find(kind, facts)
    sample, drawings, undrawn = _draw(kind, facts)
    head = header(kind, facts, sample, findings)
    entry = _entry(kind, facts, sample, findings)
    path = folder / facts.case.name / entry.html
    write(path, report_page(head, facts.case, drawings, undrawn))
    entry.write(path.parent)
    return path


def _draw(kind: ReportKind, facts: ReportFacts) -> tuple[ReportSample, str | None, str]:
    """Return what was drawn on, the drawings, and if there are none the reason."""
    if kind is ReportKind.PERFORMANCE:
        return _draw_performance(facts)
    from monitoring.reports.drawings import drawn_without_culprits
    from monitoring.reports.report_sample import draw_features

    sample = draw_features(facts)
    if not sample.rows_current or not sample.rows_reference:
        side = "window" if not sample.rows_current else "reference"
        return sample, None, f"Nothing to draw: no rows in the {side}."
    sample, drawings = drawn_without_culprits(sample, _drawer(kind, facts))
    return sample, drawings, "" if drawings else "Nothing to draw: every column was set aside."


def _drawer(kind: ReportKind, facts: ReportFacts) -> Callable[[ReportSample], str]:
    if kind is ReportKind.DRIFT:
        from monitoring.reports.drawings import draw_drift

        return lambda sample: draw_drift(sample, facts.verdict)
    from monitoring.reports.drawings import draw_quality

    return draw_quality


def _draw_performance(facts: ReportFacts) -> tuple[ReportSample, str | None, str]:
    from monitoring.reports.report_sample import draw_labelled

    sample = draw_labelled(facts)
    many = facts.case.words.positives
    for side, words in ((sample.current, "window"), (sample.reference, "reference")):
        if SCORE not in side:
            return sample, None, f"Nothing to draw: the rows of the {words} have no scores."
        if not len(side):
            return (
                sample,
                None,
                f"Nothing to draw: no row of the {words} has both a score and a label.",
            )
        if side[LABEL].nunique() == 1:
            which = f"all are {many}" if side[LABEL].iloc[0] else f"none are {many}"
            return sample, None, f"Nothing to draw: of the rows drawn from the {words}, {which}."
    from monitoring.reports.drawings import draw_performance

    return sample, draw_performance(sample, facts.threshold, facts.case.words.positive), ""


def _entry(kind: ReportKind, facts: ReportFacts, sample: ReportSample, findings: Findings) -> Entry:
    return Entry(
        use_case=facts.case.name,
        use_case_title=facts.case.title,
        kind=kind,
        window_start=facts.window.start,
        window_end=facts.window.end,
        rows_start=facts.rows_window.start,
        rows_end=facts.rows_window.end,
        as_of=facts.as_of,
        rows=facts.all_rows,
        rows_reference=sample.rows_reference,
        rows_current=sample.rows_current,
        sampled_reference=len(sample.reference),
        sampled_current=len(sample.current),
        set_aside={entry.column: entry.reason for entry in sample.set_aside},
        sentence=findings.sentence,
        drifted=findings.drifted,
        verdict_id=facts.verdict.id if facts.verdict else None,
        model_version=facts.model_version,
        synthetic=facts.synthetic,
    )
