"""How Grafana draws each kind of panel, with grafana-foundation-sdk."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from grafana_foundation_sdk.builders import (
    barchart,
    bargauge,
    common,
    dashboard,
    stat,
    table,
    timeseries,
)
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    LineInterpolation,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.signals.dashboards.panel import (
    THIS,
    Column,
    Display,
    Limit,
    Line,
    LineStyle,
    PageLink,
    Panel,
    Query,
    Scale,
    currency_of,
)
from monitoring.signals.dashboards.queries import GREY
from monitoring.signals.promql import DATASOURCE
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity


def plain(text: str) -> str:
    """Return text in which a dashboard finds no variable; Grafana knows no way to quote one."""
    return text.replace("$", "\N{FULLWIDTH DOLLAR SIGN}")


GOOD, PLAIN, WARNING = "green", "text", "orange"
_BY_SEVERITY = {Severity.WARNING: WARNING, Severity.CRITICAL: "red", None: "blue"}


_JUST = 1e-9
"""A number at its upper limit is still good: Grafana's step begins just above it."""


def number_steps(limits: Sequence[Limit]) -> dashboard.ThresholdsConfig:
    """Return the colours of a number, as its alerts have it: bad strictly beyond a limit.

    Each of Grafana's steps holds from its value upwards.
    """
    ordered = sorted(limits, key=lambda limit: limit.value)
    colours = [_BY_SEVERITY[limit.severity] for limit in ordered]
    if ordered and ordered[0].side is Side.BELOW:
        colours = [*colours, GOOD]
    else:
        colours = [GOOD if ordered else PLAIN, *colours]
    begins = (v.value + _JUST if v.side is Side.ABOVE else v.value for v in ordered)
    return _steps([None, *begins], colours)


def line_steps(limits: Sequence[Limit]) -> dashboard.ThresholdsConfig:
    """Return the colours of dashed lines: each step has the colour of the line at its value."""
    ordered = sorted(limits, key=lambda limit: limit.value)
    colours = [PLAIN, *(_BY_SEVERITY[limit.severity] for limit in ordered)]
    return _steps([None, *(limit.value for limit in ordered)], colours)


def _steps(values: list[float | None], colours: list[str]) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=v, color=c) for v, c in zip(values, colours, strict=True)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def drawn_lines(panel: Panel) -> timeseries.Panel:
    """Return a course with its limits."""
    legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    drawn = (
        timeseries.Panel()
        .legend(legend.placement(LegendPlacement.BOTTOM))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        # Points lie so close that steps look like steps; drawn as steps, a line that has ended
        # would go on to the right edge.
        .line_interpolation(LineInterpolation.LINEAR)
    )
    if panel.limits:
        style = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        drawn = drawn.thresholds_style(style).thresholds(line_steps(panel.limits))
    low, high = panel.axis
    drawn = drawn.axis_soft_min(low).axis_soft_max(high)
    low_edge = ""
    for query in panel.queries:
        low_edge = query.name if query.look is LineStyle.LOW else low_edge
        properties = _line_style(query, low_edge)
        if properties:
            drawn = drawn.override_by_name(query.name, _values(properties))
    return drawn


def _line_style(query: Query, low_edge: str) -> dict[str, Any]:
    """Return the properties of a line; `low_edge` is the other line of its band."""
    edge = {
        "custom.lineWidth": 0,
        "custom.showPoints": "never",
        "color": {"mode": "fixed", "fixedColor": PLAIN},
        "custom.hideFrom": {"legend": True, "tooltip": False, "viz": False},
    }
    looks: dict[LineStyle, dict[str, Any]] = {
        LineStyle.PLAIN: {},
        LineStyle.MAIN: {"custom.lineWidth": 3},
        LineStyle.ESTIMATE: {"custom.lineStyle": {"fill": "dash", "dash": [6, 6]}},
        LineStyle.UNJUDGED: {"custom.hideFrom": {"legend": True, "tooltip": False, "viz": False}},
        LineStyle.LOW: edge,
        LineStyle.HIGH: edge | {"custom.fillBelowTo": low_edge, "custom.fillOpacity": 12},
    }
    own: dict[str, Any] = {}
    if query.colour:
        own["color"] = {"mode": "fixed", "fixedColor": query.colour}
    return looks[query.look] | own


_NARROWEST = 90
"""Pixels of a column: on a phone the rest is one swipe away, not gone."""

_DECIMALS = {Scale.RATIO: 1, Scale.COUNT: 0, Scale.AGE: 1}


def _decimals(scale: str) -> int | None:
    """Return how many decimals a number of a scale has; None where that depends on the number."""
    return 0 if currency_of(scale) is not None else _DECIMALS.get(Scale(scale))


def _in_currency(name: str, scale: str) -> dict[str, str]:
    """Return what says in words which money a number is."""
    currency = currency_of(scale)
    return {} if currency is None else {"displayName": plain(f"{name}, {currency}")}


def unit_of(scale: str) -> str:
    """Return Grafana's unit; that of money has no currency, or it would not part thousands."""
    return str(Scale.COUNT if currency_of(scale) is not None else scale)


def drawn_table(panel: Panel) -> table.Panel:
    """Return a table with the declared columns, in their order, and no others."""
    drawn = table.Panel().show_header(show_header=True).min_width(_NARROWEST)
    for transformation in _joined(panel):
        drawn = drawn.with_transformation(transformation)
    for column in panel.columns:
        drawn = drawn.override_by_name(column.title, _properties(column, panel.scale))
    by = [column for column in panel.columns if column.worst_first]
    return drawn.sort_by(
        [common.TableSortByFieldState().display_name(c.title).desc(desc=True) for c in by]
    )


def _joined(panel: Panel) -> list[DataTransformerConfig]:
    """Return what makes one table of the panel's queries."""
    merge = [DataTransformerConfig(id_val="merge", options={})] if len(panel.queries) > 1 else []
    return [*merge, _organised(panel)]


def _organised(panel: Panel) -> DataTransformerConfig:
    alone = len(panel.queries) == 1
    values = {
        query.name: "Value" if alone else f"Value #{chr(ord('A') + number)}"
        for number, query in enumerate(panel.queries)
    }
    fields = [values.get(column.source, column.source) for column in panel.columns]
    # Where only one of several queries has an answer, its value is called as if it were alone.
    hidden = {field for field in ("Time", "Value", *values.values()) if field not in fields}
    options = {
        "excludeByName": dict.fromkeys(sorted(hidden), True),
        "indexByName": {field: place for place, field in enumerate(fields)},
        "renameByName": {f: c.title for f, c in zip(fields, panel.columns, strict=True)},
    }
    return DataTransformerConfig(id_val="organize", options=options)


_NOTHING = "\N{EN DASH}"
"""In a cell; the words of an empty panel would stand in each."""


def _properties(column: Column, of_all: str) -> list[DynamicConfigValue]:
    properties: dict[str, Any] = {"unit": unit_of(column.scale), "noValue": _NOTHING}
    properties |= {} if column.scale == of_all else _in_currency(column.title, column.scale)
    if column.width is not None:
        properties["custom.width"] = column.width
    if (decimals := _decimals(column.scale)) is not None:
        properties["decimals"] = decimals
    if column.limits:
        properties["thresholds"] = number_steps(column.limits).build()
        properties["custom.cellOptions"] = {"type": "color-text"}
    if column.calm:
        calm = {text: {"color": GOOD, "index": n} for n, text in enumerate(column.calm)}
        properties["mappings"] = [{"type": "value", "options": calm}]
        properties["color"] = {"mode": "fixed", "fixedColor": WARNING}
        properties["custom.cellOptions"] = {"type": "color-text"}
    if column.named:
        named = {
            text: {"text": name, "index": n} for n, (text, name) in enumerate(column.named.items())
        }
        properties["mappings"] = [{"type": "value", "options": named}]
    if column.opens:
        text = "${__value.raw}" if column.named else "${__value.text}"
        url = column.opens.url.replace(THIS, text)
        properties["links"] = [{"title": column.opens.title, "url": url}]
    return _values(properties)


def _values(properties: Mapping[str, Any]) -> list[DynamicConfigValue]:
    return [DynamicConfigValue(id_val=name, value=value) for name, value in properties.items()]


_SOURCE = DataSourceRef(type_val="prometheus", uid=DATASOURCE)


def drawn_panel(panel: Panel, alerts: str) -> Any:
    """Return a panel.

    Parameters
    ----------
    alerts
        The alerts that its list is of, as a matcher of labels.
    """
    draw: dict[Display, Callable[[Panel], Any]] = {
        Display.STAT: _stat,
        Display.LINES: drawn_lines,
        Display.BARS: _bars,
        Display.TABLE: drawn_table,
        Display.CURVE: drawn_curve,
        Display.ALERTS: partial(_alert_list, alerts=alerts),
    }
    drawn = (
        draw[panel.display](panel)
        .id(int(panel.id))
        .title(panel.title)
        .description(panel.description)
        .datasource(_SOURCE)
        .unit(unit_of(panel.scale))
        .no_value(panel.nothing)
        .links([link_of(link) for link in panel.links])
    )
    for line in panel.lines:
        drawn = drawn.override_by_name(line.name, _values(_line_of(line)))
    for number, query in enumerate(panel.queries):
        target = prom.Dataquery().ref_id(chr(ord("A") + number)).datasource(_SOURCE)
        target = target.expr(query.chosen or query.expr).legend_format(query.name)
        target = target.range() if panel.display is Display.LINES else target.instant()
        if panel.display in (Display.TABLE, Display.CURVE, Display.ALERTS):
            target = target.format(PromQueryFormat.TABLE)
        drawn = drawn.with_target(target)
    return drawn


def _line_of(line: Line) -> dict[str, Any]:
    steps = {"thresholds": number_steps(line.limits).build()} if line.limits else {}
    return {"displayName": line.title} | steps


def _stat(panel: Panel) -> Any:
    size = common.VizTextDisplayOptions().title_size(14).value_size(_value_size(panel))
    shared = panel.limits if len(panel.queries) == 1 else ()
    drawn = (
        stat.Panel()
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .text(size)
        .text_mode(_text_mode(panel))
        .thresholds(number_steps(shared))
    )
    if (decimals := _decimals(panel.scale)) is not None:
        drawn = drawn.decimals(decimals)
    for query in panel.queries:
        if properties := _number_style(query, shared=bool(shared)):
            drawn = drawn.override_by_name(query.name, _values(properties))
    return drawn


def _value_size(panel: Panel) -> int:
    many = len(panel.queries) > _MANY or panel.height <= _FLAT
    if currency_of(panel.scale) is not None and panel.width <= _NARROW:  # 45,420, where 97.3% fits
        return 18 if many else 24
    return 22 if many else 36


_FLAT = 4
"""Height of a panel that has room for small numbers only."""

_NARROW = 5
"""Width of a panel in which two large numbers of six digits don't fit side by side."""

_MANY = 6
"""More numbers than fit on a phone if they are large."""


def _number_style(query: Query, *, shared: bool) -> dict[str, Any]:
    """Return the properties of one number among several.

    Parameters
    ----------
    shared
        Whether its limits are those of the whole panel.
    """
    own: dict[str, Any] = {}
    if query.limits and not shared:
        own["thresholds"] = number_steps(query.limits).build()
    if query.look is LineStyle.UNJUDGED:
        own["color"] = {"mode": "fixed", "fixedColor": query.colour}
    if query.scale is not None:
        own["unit"] = unit_of(query.scale)
        own |= _in_currency(query.name, query.scale)
        decimals = _DECIMALS_OF_NUMBERS if query.scale == Scale.NUMBER else _decimals(query.scale)
        own |= {} if decimals is None else {"decimals": decimals}
    return own


_DECIMALS_OF_NUMBERS = 2


def _text_mode(panel: Panel) -> BigValueTextMode:
    """Return whether names are written: those that come from labels, however few series there are.

    Left to itself, Grafana writes no name beside a single number.
    """
    named = any("{{" in query.name for query in panel.queries)
    return BigValueTextMode.VALUE_AND_NAME if named else BigValueTextMode.AUTO


def drawn_curve(panel: Panel) -> Any:
    """Return a bar for each row of a table: its first column below, the money of others as bars.

    Columns that are no money are read where the pointer is, and not drawn.
    """
    first, *others = panel.columns
    legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    drawn = (
        barchart.Panel()
        .x_field(first.title)
        .stacking(StackingMode.NORMAL)
        .show_value(VisibilityMode.NEVER)
        .bar_width(0.9)
        .legend(legend.placement(LegendPlacement.BOTTOM))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .axis_soft_min(0)
    )
    for transformation in _joined(panel):
        drawn = drawn.with_transformation(transformation)
    in_order = {"fields": {}, "sort": [{"field": first.title}]}
    drawn = drawn.with_transformation(DataTransformerConfig(id_val="sortBy", options=in_order))
    for column in others:
        own: dict[str, Any] = {"unit": unit_of(column.scale)}
        if currency_of(column.scale) is None:
            own["custom.hideFrom"] = {"legend": True, "tooltip": False, "viz": True}
        else:
            own["color"] = {"mode": "fixed", "fixedColor": _BARS.get(column.source, GREY)}
        drawn = drawn.override_by_name(column.title, _values(own))
    return drawn


_BARS = {"in use": "blue", "cheapest": GOOD}
"""Colours of bars that stand out, by what they are; the others are grey."""


def _alert_list(panel: Panel, alerts: str) -> Any:
    """Return Grafana's own list; the SDK has no builder of it."""
    firing = {"firing": True, "error": True, "pending": False, "noData": False, "normal": False}
    options = {
        "viewMode": "list",
        "groupMode": "default",
        "groupBy": [],
        "maxItems": 50,
        "sortOrder": _BY_IMPORTANCE,
        "dashboardAlerts": False,
        "alertName": "",
        "showInstances": False,
        "stateFilter": firing,
        "alertInstanceLabelFilter": alerts,
    }
    return dashboard.Panel().type(panel.display.value).options(options)


_BY_IMPORTANCE = 3


def _bars(_: Panel) -> Any:
    drawn = (
        bargauge.Panel().orientation(VizOrientation.HORIZONTAL).thresholds(_steps([None], ["blue"]))
    )
    return drawn.decimals(3).min(0)


def link_of(link: PageLink) -> Any:
    """Return a link to a page."""
    return dashboard.DashboardLink(link.title).type(DashboardLinkType.LINK).url(link.url)
