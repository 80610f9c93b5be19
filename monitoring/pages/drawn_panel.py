"""Panels with their numbers: what Grafana draws, as plain pages show it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.pages.course import figure_of
from monitoring.pages.shown_numbers import shown
from monitoring.signals.dashboards.panel import THIS, Column, Display, Limit, Line, LineStyle, Panel
from monitoring.signals.links import FLEET, HEALTH, path_of
from monitoring.signals.prometheus import Series
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

Answers = Mapping[str, tuple[Series, ...]]
"""What queries gave, by their PromQL."""

GOOD, UNJUDGED = "good", "quiet"


@dataclass(frozen=True)
class Cell:
    """A text with its colour, if any, and where it leads.

    Colours are ``good``, ``warning``, ``critical``, and ``quiet`` for what is not judged.
    """

    text: str
    colour: str = ""
    opens: str = ""


@dataclass(frozen=True)
class Named:
    """A number with its name.

    Attributes
    ----------
    share
        Of the largest one beside it: the length of its bar.
    """

    name: str
    number: Cell
    share: float = 0


@dataclass(frozen=True)
class Table:
    """Rows of cells under their titles."""

    titles: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Drawn:
    """A panel as a page shows it: of the numbers, bars, table and figure at most one is there.

    Attributes
    ----------
    figure
        Data and layout as Plotly takes them.
    nothing
        Why there is nothing to be seen; empty where there is something.
    """

    panel: Panel
    numbers: tuple[Named, ...] = ()
    bars: tuple[Named, ...] = ()
    table: Table | None = None
    figure: Mapping[str, Any] | None = None
    nothing: str = ""


def drawn(panel: Panel, answers: Answers, promql: Mapping[str, str], marks: Sequence[Any]) -> Drawn:
    """Return a panel with its numbers.

    Parameters
    ----------
    promql
        What was asked for each query, by its declared PromQL.
    marks
        Moments to be drawn into a course, with their words.
    """
    found = [(query, answers.get(promql[query.expr], ())) for query in panel.queries]
    if not any(series for _, series in found):
        return Drawn(panel, nothing=panel.nothing)
    if panel.display is Display.LINES:
        return Drawn(panel, figure=figure_of(panel, found, marks))
    if panel.display in (Display.TABLE, Display.CURVE, Display.ALERTS):
        return Drawn(panel, table=_table(panel, [series for _, series in found]))
    numbers = tuple(_numbers(panel, found))
    if panel.display is Display.STAT:
        return Drawn(panel, numbers=numbers)
    return Drawn(panel, bars=numbers)


def colour_of(value: float, limits: Sequence[Limit]) -> str:
    """Return the colour of a number: bad strictly beyond a limit, as its alerts have it."""
    if not limits or math.isnan(value):
        return ""
    passed = {
        limit.severity
        for limit in limits
        if (value < limit.value if limit.side is Side.BELOW else value > limit.value)
    }
    for severity in (Severity.CRITICAL, Severity.WARNING):
        if severity in passed:
            return severity.value
    return "" if passed else GOOD


def _numbers(panel: Panel, found: Sequence[tuple[Any, Sequence[Series]]]) -> Iterator[Named]:
    values = [abs(one.newest) for _, series in found for one in series]
    largest = max((value for value in values if math.isfinite(value)), default=0) or 1
    own = {line.name: line for line in panel.lines}
    for query, series in found:
        of_all = query.limits or (panel.limits if len(panel.queries) == 1 else ())
        for one in sorted(series, key=lambda one: -one.newest):
            name = one.named(query.name) or panel.title
            line = own.get(name, Line(name, name))
            colour = colour_of(one.newest, line.limits or of_all)
            colour = UNJUDGED if query.look is LineStyle.UNJUDGED else colour
            text = Cell(shown(one.newest, query.scale or panel.scale), colour)
            yield Named(line.title, text, abs(one.newest) / largest)


def _table(panel: Panel, found: Sequence[Sequence[Series]]) -> Table:
    """Return the declared columns; what queries gave for equal labels is one row."""
    rows: list[dict[str, Any]] = []
    for query, series in zip(panel.queries, found, strict=True):
        for one in series:
            record = {**one.labels, query.name: one.newest}
            mine = next((row for row in rows if _fit(row, record, query.name)), None)
            if mine is None:
                rows.append(record)
            else:
                mine.update(record)
    worst = [column.source for column in panel.columns if column.worst_first]
    rows.sort(key=lambda row: [_rank(row.get(source)) for source in worst], reverse=True)
    return Table(
        tuple(column.title for column in panel.columns),
        tuple(tuple(_cell(row, column) for column in panel.columns) for row in rows),
    )


def _fit(row: Mapping[str, Any], record: Mapping[str, Any], value: str) -> bool:
    """Whether a row may hold a record too: what both have is the same."""
    return value not in row and all(row[name] == record[name] for name in row.keys() & record)


def _rank(value: Any) -> tuple[bool, float]:
    """Return where a value stands among others: missing ones come last."""
    try:
        return (True, float(value))
    except (TypeError, ValueError):
        return (False, 0)


def _cell(row: Mapping[str, Any], column: Column) -> Cell:
    value = row.get(column.source)
    if value is None:
        return Cell("")
    if isinstance(value, float):
        return Cell(shown(value, column.scale), colour_of(value, column.limits))
    colour = ("good" if value in column.calm else "warning") if column.calm else ""
    opens = "" if column.opens is None else column.opens.url.replace(THIS, value)
    return Cell(column.named.get(value, value), colour, page_of(opens))


def page_of(url: str) -> str:
    """Return the page that stands for a board's address in Grafana; other addresses as they are.

    Relative to the page of all models.
    """
    if url in {path_of(FLEET), path_of(HEALTH)}:
        return "watch"
    board = re.fullmatch(r"/d/tocsin-(\w+)", url)
    return f"watch/{board[1]}" if board else url
