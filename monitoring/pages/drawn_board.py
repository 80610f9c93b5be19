"""A board with its numbers: what is asked of Prometheus for it, and what a page shows of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from monitoring.pages.course import Mark, marks_of
from monitoring.pages.drawn_panel import Answers, Drawn, drawn
from monitoring.signals.dashboards.panel import RANGE, STEP, Board, Display, Panel, Query
from monitoring.signals.prometheus import Prometheus, PrometheusError, Span

_POINTS = 300
"""Points of a course: more than a screen of a phone has room for."""

_FINEST = 15
"""Seconds between two points at least: figures are scraped no more often."""

_LOOKED_BACK = 300
"""Seconds that Prometheus looks back for the newest sample."""


@dataclass(frozen=True)
class View:
    """What a viewer chose.

    Attributes
    ----------
    start, end
        The time that courses are drawn over; all other figures are those of the end.
    """

    start: datetime
    end: datetime

    @property
    def seconds(self) -> int:
        """Its length."""
        return int((self.end - self.start).total_seconds())

    @property
    def span(self) -> Span:
        """The time, and how far apart its points are."""
        return Span(self.start, self.end, max(_FINEST, self.seconds // _POINTS))

    def promql(self, query: Query) -> str:
        """Return what is asked for a query over the chosen time."""
        asked = query.chosen or query.expr
        step = max(self.span.step, _LOOKED_BACK)
        return asked.replace(RANGE, f"{self.seconds}s").replace(STEP, f"{step}s")


@dataclass(frozen=True)
class DrawnSection:
    """A row of a board."""

    title: str
    panels: tuple[Drawn, ...]


@dataclass(frozen=True)
class DrawnBoard:
    """A board as a page shows it.

    Attributes
    ----------
    away
        Why no figure could be asked for; empty where they could.
    """

    board: Board
    sections: tuple[DrawnSection, ...]
    away: str = ""


def drawn_board(board: Board, prometheus: Prometheus, view: View) -> DrawnBoard:
    """Return a board with its numbers; where Prometheus does not answer, with none and why."""
    promql = {query.expr: view.promql(query) for panel in board.panels for query in panel.queries}
    courses = [panel for panel in board.panels if panel.display is Display.LINES]
    others = [panel for panel in board.panels if panel.display is not Display.LINES]
    marked = {mark.expr: mark.within(f"{view.span.step}s") for mark in board.marks}
    away, at, over = "", {}, {}
    try:
        at = prometheus.each_at(_asked(others, promql), view.end)
        over = prometheus.each_over([*_asked(courses, promql), *marked.values()], view.span)
    except PrometheusError as error:
        away = str(error)
    marks = _marks(board, {expr: over.get(asked, ()) for expr, asked in marked.items()})

    def panel(declared: Panel) -> Drawn:
        answers = over if declared.display is Display.LINES else at
        return drawn(declared, answers, promql, marks)

    strip = (("Now", board.strip),) if board.strip else ()
    rows = (*strip, *((section.title, section.panels) for section in board.sections))
    sections = (DrawnSection(title, tuple(map(panel, panels))) for title, panels in rows)
    return DrawnBoard(board, tuple(sections), away)


def _asked(panels: Sequence[Panel], promql: Mapping[str, str]) -> list[str]:
    return [promql[query.expr] for panel in panels for query in panel.queries]


def _marks(board: Board, answers: Answers) -> list[Mark]:
    """Return the moments that a board marks, in order of time."""
    marks = [
        mark
        for declared in board.marks
        for mark in marks_of(answers.get(declared.expr, ()), declared.text, declared.colour)
    ]
    return sorted(marks, key=lambda mark: mark.when)
