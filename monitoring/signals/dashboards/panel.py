"""Panel: what is drawn, said once, before Grafana or a status page draws it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitoring.signals.metric import Metric, Unit
from monitoring.signals.thresholds import BusinessThreshold


class Display(StrEnum):
    """How a panel draws its queries."""

    STAT = "stat"
    LINES = "timeseries"
    BARS = "bargauge"
    TABLE = "table"


class Scale(StrEnum):
    """What a panel's numbers are; its value is what Grafana calls it."""

    RATIO = "percentunit"
    COUNT = "short"
    AGE = "s"
    YES_NO = "bool_yes_no"


@dataclass(frozen=True)
class Query:
    """PromQL, and what its result is called.

    Attributes
    ----------
    name
        ``{{label}}`` may stand in it.
    lines
        The business thresholds of what it shows.
    """

    expr: str
    name: str
    lines: tuple[BusinessThreshold, ...] = ()


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes
    ----------
    id
        Never changes, so that links keep leading here.
    description
        What the numbers mean and what is good, for someone who never saw them.
    scale
        A `Scale`, or a currency as Grafana names one.
    width
        Of 24 columns.
    """

    id: int
    title: str
    description: str
    display: Display
    scale: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8

    @property
    def lines(self) -> tuple[BusinessThreshold, ...]:
        """The business thresholds of all its queries."""
        return tuple(dict.fromkeys(line for query in self.queries for line in query.lines))


@dataclass(frozen=True)
class Section:
    """A row of a dashboard."""

    title: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Mark:
    """Moments that are drawn into every panel: the query's values are times, in seconds."""

    name: str
    expr: str
    text: str


@dataclass(frozen=True)
class BoardLink:
    """Where a dashboard leads on."""

    title: str
    url: str


@dataclass(frozen=True)
class Board:
    """One dashboard."""

    uid: str
    title: str
    description: str
    sections: tuple[Section, ...]
    marks: tuple[Mark, ...] = ()
    links: tuple[BoardLink, ...] = ()
    since: str = "now-7d"

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel, from top to bottom."""
        return tuple(panel for section in self.sections for panel in section.panels)


def scale_of(metric: Metric, currency: str) -> str:
    """Return the scale of a metric's numbers."""
    if metric.unit is Unit.MONEY:
        return f"currency:{currency}"
    return {Unit.RATIO: Scale.RATIO, Unit.FLAG: Scale.YES_NO}.get(metric.unit, Scale.COUNT).value
