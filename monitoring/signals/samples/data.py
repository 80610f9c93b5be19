"""Samples of windows and of the rows that the schema check set aside."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from monitoring.signals.about import About
from monitoring.signals.catalogue import LABEL_PROBLEMS, QUARANTINED, WINDOW_END, WINDOW_ROWS
from monitoring.signals.sample import Sample, known
from monitoring.store.counting import LabelProblems

NO_REASON = "none"
"""The reason under which a window without quarantined rows reports its 0."""


def window_samples(of: About, rows: int, end: datetime | None) -> tuple[Sample, ...]:
    """Return how many rows a window has and, where its times are known, when it ends."""
    moment = None if end is None else end.timestamp()
    return (*known(WINDOW_ROWS, rows, of=of.value), *known(WINDOW_END, moment, of=of.value))


def label_problem_samples(problems: LabelProblems) -> tuple[Sample, ...]:
    """Return the labels that could not be taken as they are, by problem."""
    return (
        *known(LABEL_PROBLEMS, problems.unknown, problem="unknown id"),
        *known(LABEL_PROBLEMS, problems.conflicting, problem="contradiction"),
    )


def quarantine_samples(rows_by_reason: Mapping[str, int]) -> tuple[Sample, ...]:
    """Return the rows set aside by reason; a 0 where every row passed the check."""
    if not rows_by_reason:
        return known(QUARANTINED, 0, reason=NO_REASON)
    return tuple(
        Sample(QUARANTINED, rows, {"reason": reason})
        for reason, rows in sorted(rows_by_reason.items())
    )
