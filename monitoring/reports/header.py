"""What stands at the top of a report, in plain words: the published figures and their basis."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from monitoring.reports import words
from monitoring.reports.facts import ReportFacts
from monitoring.reports.findings import Findings
from monitoring.reports.kind import ReportKind
from monitoring.reports.sample import Sample


@dataclass(frozen=True)
class Header:
    """The top of a report.

    Attributes
    ----------
    alarming
        Whether `sentence` is bad news.
    notices
        What a reader must know before believing anything below.
    facts
        Name and value, one line each.
    basis
        Where the figures come from.
    """

    title: str
    sentence: str
    alarming: bool
    notices: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    findings: Findings
    basis: str
    set_aside: tuple[tuple[str, str], ...] = ()


def header(kind: ReportKind, facts: ReportFacts, sample: Sample, findings: Findings) -> Header:
    """Return the top of the report of `kind`."""
    return Header(
        title=f"{facts.case.title}: {kind.heading.lower()}",
        sentence=findings.sentence,
        alarming=bool(findings.drifted),
        notices=(*_notices(facts), *findings.notices),
        facts=tuple(_facts(facts, sample)),
        findings=findings,
        basis=_basis(kind),
        set_aside=tuple((entry.column, entry.reason) for entry in sample.set_aside),
    )


def _notices(facts: ReportFacts) -> list[str]:
    notices = []
    if facts.synthetic:
        notices.append(
            "Synthetic data: nothing here is real. It is made up to show how this works."
        )
    if facts.time_shift:
        notices.append(
            f"Data from the past: every event time was moved {_span(facts.time_shift)}, "
            "so that the last row seems to be of today."
        )
    return notices


def _span(shift: timedelta) -> str:
    way = "forward" if shift > timedelta(0) else "back"
    days, hours = divmod(abs(shift) // timedelta(hours=1), 24)
    parts = [words.several(days, "day")] if days else []
    parts += [words.several(hours, "hour")] if hours or not days else []
    return f"{way} by {' and '.join(parts)}"


def _facts(facts: ReportFacts, sample: Sample) -> list[tuple[str, str]]:
    rows = f"{words.several(len(facts.current), 'row')} in the window"
    labelled = len(facts.current.labelled)
    lines = [
        ("Window", str(facts.rows_window)),
        ("Rows", f"{rows}, {words.count(labelled)} of them labelled"),
        ("Drawn", _drawn(sample)),
        ("Model", f"version {facts.model_version}, alarm from score {facts.threshold:.4g} on"),
        ("As of", words.moment(facts.as_of)),
    ]
    if facts.mature_window is not None:
        lines.insert(1, ("Report of", f"{facts.window}; its labels have yet to come"))
    return lines


def _drawn(sample: Sample) -> str:
    sides = (
        (len(sample.current), sample.rows_current, "of the window"),
        (len(sample.reference), sample.rows_reference, "of the reference"),
    )
    parts = [
        f"all {words.several(total, 'row')} {whose}"
        if size == total
        else f"{words.count(size)} rows drawn at random from {words.count(total)} {whose}"
        for size, total, whose in sides
    ]
    return "; ".join(parts)


def _basis(kind: ReportKind) -> str:
    if kind is ReportKind.DRIFT:
        return (
            "The verdict above is the published one, made from every row of the window; alerts "
            "and retrains rest on it. A window has drifted when the share of its features that "
            "did lies strictly above the limit. The shapes below are drawn by Evidently from the "
            "sample, and each feature is flagged as the verdict says."
        )
    if kind is ReportKind.PERFORMANCE:
        return (
            "The figures above are the published ones, from the scorecard over every labelled "
            "row. The drawings below are Evidently's, from the sample: counts in them are smaller."
        )
    return (
        "Missing values above are counted over every row. The summary below is drawn by Evidently "
        "from the sample."
    )
