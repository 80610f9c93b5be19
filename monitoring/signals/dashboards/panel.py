"""Panels and dashboards as declarations, before Grafana or a status page draws them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from monitoring.signals.links import board_of, path_of
from monitoring.signals.metric import Metric, Unit
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

NO_DATA = "no data"


class Display(StrEnum):
    """How a panel draws its queries."""

    STAT = "stat"
    LINES = "timeseries"
    BARS = "bargauge"
    TABLE = "table"
    CURVE = "barchart"
    """A bar for each row of a table, in the order of its first column; the columns that follow are
    bars, or are read beside them."""

    ALERTS = "alertlist"
    """Grafana's own list of firing alerts; its query is for those who have no such list."""


class Scale(StrEnum):
    """Unit of a panel's numbers; its value is Grafana's name of it."""

    RATIO = "percentunit"
    COUNT = "locale"
    NUMBER = "none"
    AGE = "s"
    YES_NO = "bool_yes_no"
    TEXT = "string"


class LineStyle(StrEnum):
    """How a line is drawn among the others of its panel."""

    PLAIN = "plain"
    MAIN = "main"
    ESTIMATE = "estimate"
    UNJUDGED = "unjudged"
    """Of too few positives: no alert looks at it."""

    LOW = "low"
    HIGH = "high"
    """LOW and HIGH are the edges of a band; its LOW query comes before its HIGH one."""


@dataclass(frozen=True)
class Limit:
    """A value past which a number has another colour; a dashed line in a time series.

    Attributes
    ----------
    severity
        None for a value that triggers something and is not bad.
    """

    side: Side
    severity: Severity | None
    value: float

    @classmethod
    def below(cls, value: float) -> Limit:
        """Return a limit below which a number is critical."""
        return cls(Side.BELOW, Severity.CRITICAL, value)


AT_LEAST_ONE = Limit(Side.BELOW, Severity.CRITICAL, 1)
NOT_EVEN_ONE = Limit(Side.ABOVE, Severity.CRITICAL, 0)
"""Limits of counts: 0 is bad, or 1 is."""

ANY_WARNING = Limit(Side.ABOVE, Severity.WARNING, 0)


@dataclass(frozen=True)
class Query:
    """PromQL, and what its result is called.

    Attributes
    ----------
    expr
        Complete: it contains no variable.
    name
        May contain ``{{label}}``.
    limits
        Those of what it shows.
    colour
        Of its line, where the same figure is to have one colour in all panels.
    chosen
        The same PromQL with variables of the time that is shown; None where it has none.
    scale
        Where it is not the panel's.
    optional
        Whether it returns something in some situations only, beside queries that always do.
    """

    expr: str
    name: str
    limits: tuple[Limit, ...] = ()
    look: LineStyle = LineStyle.PLAIN
    colour: str | None = None
    chosen: str | None = None
    scale: str | None = None
    optional: bool = False


RANGE = "$__range"
"""In PromQL, the length of the time that is shown."""

STEP = "$__rate_interval"
"""In PromQL, a length of time that contains a sample of everything that is still scraped: at least
as long as the distance of two points."""

SHOWN = "14d"
"""The time that is shown at first: figures come every few hours, and history matters."""


@dataclass(frozen=True)
class PageLink:
    """Where a dashboard or a panel leads on."""

    title: str
    url: str


THIS = "<this>"
"""Stands for a cell's text in the address that the cell opens."""

ITS_BOARD = PageLink("Open its dashboard", path_of(board_of(THIS)))
"""Where the name of a use case leads."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    source
        A label of the queries' series, or the name of a query: its value.
    calm
        Texts that mean that all is well; others stand out.
    opens
        The page that a click on its text opens; `THIS` in the address stands for the text.
    worst_first
        Whether rows are sorted by it, the highest first; an earlier such column counts for more.
    width
        In pixels, where the other columns need the room.
    named
        What is shown instead of a text.
    """

    source: str
    title: str
    scale: str = Scale.TEXT
    limits: tuple[Limit, ...] = ()
    calm: tuple[str, ...] = ()
    opens: PageLink | None = None
    worst_first: bool = False
    width: int | None = None
    named: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Line:
    """One of a query's series, which has a title and limits of its own.

    Attributes
    ----------
    name
        What the query calls it.
    """

    name: str
    title: str
    limits: tuple[Limit, ...] = ()


_MARGIN = 0.1
"""How far beyond its limits an axis reaches, as a share of them."""

_ABOVE_ALL = 1.02
"""A line at 100% must not coincide with the upper edge, where it can't be seen."""

_LEAST_HEIGHT: dict[str, float] = {Scale.RATIO: 0.01}
"""What an axis has where all its numbers are 0, if not 1."""


@dataclass(frozen=True)
class Panel:
    """One panel.

    Attributes
    ----------
    id
        Never changes, so that links keep leading here.
    description
        What the numbers mean and which values are good.
    scale
        A `Scale`, or a currency as Grafana names one.
    width
        Of 24 columns.
    whole
        Whether the axis of a ratio reaches from 0 to 100% whatever lies there: left to itself,
        Grafana draws one up to 160% around a line that stays at 80%.
    columns
        Of a table, from left to right; nothing else is shown in it.
    nothing
        Shown where its queries return nothing.
    links
        Pages with more detail.
    lines
        Series with a title and limits of their own.
    """

    id: int
    title: str
    description: str
    display: Display
    scale: str
    queries: tuple[Query, ...]
    width: int = 12
    height: int = 8
    whole: bool = False
    columns: tuple[Column, ...] = ()
    nothing: str = NO_DATA
    links: tuple[PageLink, ...] = ()
    lines: tuple[Line, ...] = ()

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits of all its queries."""
        return tuple(dict.fromkeys(limit for query in self.queries for limit in query.limits))

    @property
    def axis(self) -> tuple[float, float]:
        """From where to where the axis of a course reaches at least; numbers beyond widen it.

        It reaches the limits wherever the numbers lie. Without limits it begins at 0, so that a
        small change looks small.
        """
        if self.whole:
            return 0, _ABOVE_ALL
        values = [limit.value for limit in self.limits]
        high_is_good = bool(values) and all(limit.side is Side.BELOW for limit in self.limits)
        low = min(values) * (1 - _MARGIN) if high_is_good else 0
        high = max(values, default=0) * (1 + _MARGIN)
        if high_is_good and self.scale == Scale.RATIO:
            high = _ABOVE_ALL
        return round(low, 6), round(high, 6) or _LEAST_HEIGHT.get(self.scale, 1)


@dataclass(frozen=True)
class Section:
    """A row of a dashboard, collapsed where it is for those who look for something."""

    title: str
    panels: tuple[Panel, ...]
    collapsed: bool = True


@dataclass(frozen=True)
class Annotation:
    """Moments that are drawn into every panel: the query's values are times, in seconds."""

    name: str
    expr: str
    text: str
    colour: str = "blue"

    def within(self, length: str) -> str:
        """Return PromQL of the moments that there were in a length of time before each point.

        Points may lie hours apart, and a mark in between must not be missed.
        """
        return f"last_over_time(({self.expr})[{length}:1m]) or {self.expr}"


@dataclass(frozen=True)
class Board:
    """One dashboard.

    Attributes
    ----------
    strip
        Panels above all rows: how things stand.
    alerts
        Labels of the alerts that it is about, as a matcher: ``{use_case="fraud"}``.
    """

    uid: str
    title: str
    description: str
    sections: tuple[Section, ...]
    strip: tuple[Panel, ...] = ()
    marks: tuple[Annotation, ...] = ()
    links: tuple[PageLink, ...] = ()
    alerts: str = ""

    @property
    def panels(self) -> tuple[Panel, ...]:
        """Every panel: those of the rows from top to bottom, then those above them."""
        of_rows = tuple(panel for section in self.sections for panel in section.panels)
        return (*of_rows, *self.strip)


_CURRENCY = "suffix:"


def currency_of(scale: str) -> str | None:
    """Return the currency of a scale of money; None for any other."""
    return scale.removeprefix(_CURRENCY) if scale.startswith(_CURRENCY) else None


def scale_of(metric: Metric, currency: str) -> str:
    """Return the scale of a metric's numbers."""
    if metric.unit is Unit.MONEY:
        return f"{_CURRENCY}{currency}"
    return {
        Unit.RATIO: Scale.RATIO,
        Unit.CHANGE: Scale.RATIO,
        Unit.FLAG: Scale.YES_NO,
    }.get(metric.unit, Scale.COUNT).value
