"""How Grafana draws the declared dashboards, with grafana-foundation-sdk."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    LineInterpolation,
    TooltipDisplayMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    GridPos,
    Threshold,
    ThresholdsMode,
    VariableOption,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.signals.dashboards.panel import (
    THIS,
    Annotation,
    Board,
    Column,
    Display,
    Limit,
    LineStyle,
    PageLink,
    Panel,
    Query,
    Scale,
    Variable,
)
from monitoring.signals.promql import DATASOURCE
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity


def provisioned_datasource() -> dict[str, Any]:
    """Return the provisioning file of the datasource; its address comes from the environment."""
    return {
        "apiVersion": 1,
        "datasources": [
            {
                "name": "Prometheus",
                "uid": DATASOURCE,
                "type": "prometheus",
                "access": "proxy",
                "url": "$TOCSIN_PROMETHEUS_URL",
                "isDefault": True,
                "editable": False,
                # Prometheus has the same rules: Grafana would list each of them twice.
                "jsonData": {"httpMethod": "POST", "timeInterval": "15s", "manageAlerts": False},
            }
        ],
    }


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
        # A pushed figure holds until the next one: a slope between two values would be invented.
        .line_interpolation(LineInterpolation.STEP_AFTER)
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
            overrides = [DynamicConfigValue(id_val=i, value=v) for i, v in properties.items()]
            drawn = drawn.override_by_name(query.name, overrides)
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
        LineStyle.LOW: edge,
        LineStyle.HIGH: edge | {"custom.fillBelowTo": low_edge, "custom.fillOpacity": 12},
    }
    own = {"color": {"mode": "fixed", "fixedColor": query.colour}} if query.colour else {}
    return looks[query.look] | own


_NARROWEST = 90
"""Pixels of a column: on a phone the rest is one swipe away, not gone."""

_DECIMALS = {Scale.RATIO: 1, Scale.SUM: 0, Scale.AGE: 1}


def drawn_table(panel: Panel) -> table.Panel:
    """Return a table with the declared columns, in their order, and no others."""
    drawn = table.Panel().show_header(show_header=True).min_width(_NARROWEST)
    if len(panel.queries) > 1:
        drawn = drawn.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    drawn = drawn.with_transformation(_organised(panel))
    for column in panel.columns:
        drawn = drawn.override_by_name(column.title, _properties(column))
    by = [column for column in panel.columns if column.worst_first]
    return drawn.sort_by(
        [common.TableSortByFieldState().display_name(c.title).desc(desc=True) for c in by]
    )


def _organised(panel: Panel) -> DataTransformerConfig:
    alone = len(panel.queries) == 1
    values = {
        query.name: "Value" if alone else f"Value #{chr(ord('A') + number)}"
        for number, query in enumerate(panel.queries)
    }
    fields = [values.get(column.source, column.source) for column in panel.columns]
    hidden = {field for field in ("Time", *values.values()) if field not in fields}
    options = {
        "excludeByName": dict.fromkeys(sorted(hidden), True),
        "indexByName": {field: place for place, field in enumerate(fields)},
        "renameByName": {f: c.title for f, c in zip(fields, panel.columns, strict=True)},
    }
    return DataTransformerConfig(id_val="organize", options=options)


def _properties(column: Column) -> list[DynamicConfigValue]:
    properties: dict[str, Any] = {"unit": str(column.scale)}
    if column.width is not None:
        properties["custom.width"] = column.width
    if column.scale in _DECIMALS:
        properties["decimals"] = _DECIMALS[Scale(column.scale)]
    if column.limits:
        properties["thresholds"] = number_steps(column.limits).build()
        properties["custom.displayMode"] = "color-text"
    if column.calm:
        calm = {text: {"color": GOOD, "index": n} for n, text in enumerate(column.calm)}
        properties["mappings"] = [{"type": "value", "options": calm}]
        properties["color"] = {"mode": "fixed", "fixedColor": WARNING}
        properties["custom.displayMode"] = "color-text"
    if column.opens:
        url = column.opens.url.replace(THIS, "${__value.text}")
        properties["links"] = [{"title": column.opens.title, "url": url}]
    return [DynamicConfigValue(id_val=name, value=value) for name, value in properties.items()]


_COLUMNS = 24
_ROW_IDS = 1000
"""Rows have ids of their own, far above those of panels."""

_SOURCE = DataSourceRef(type_val="prometheus", uid=DATASOURCE)


def plain(text: str) -> str:
    """Return text in which a dashboard finds no variable; Grafana knows no way to quote one."""
    return text.replace("$", "\N{FULLWIDTH DOLLAR SIGN}")


def plain_markdown(text: str) -> str:
    """Return a description in which a dashboard finds no variable, link, picture or tag."""
    return plain(text).replace("[", r"\[").replace("<", "&lt;")


def _inert(board: Board) -> Board:
    """Return a board whose words mean nothing to Grafana."""
    return replace(
        board,
        title=plain(board.title),
        description=plain_markdown(board.description),
        sections=tuple(
            replace(section, panels=tuple(map(_inert_panel, section.panels)))
            for section in board.sections
        ),
    )


def _inert_panel(panel: Panel) -> Panel:
    return replace(
        panel,
        title=plain(panel.title),
        description=plain_markdown(panel.description),
        queries=tuple(replace(query, name=plain(query.name)) for query in panel.queries),
        columns=tuple(replace(column, title=plain(column.title)) for column in panel.columns),
    )


def dashboard_json(board: Board) -> str:
    """Return a dashboard as Grafana's file provider reads it."""
    board = _inert(board)
    drawn = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["tocsin"])
        .timezone("browser")
        .readonly()
        .time(board.since, "now")
        .refresh("1m")
        .links([_link(link) for link in board.links])
        .annotations([_mark(mark) for mark in board.marks])
        .variables([_variable(choice) for choice in board.choices])
    )
    top = 0
    for number, section in enumerate(board.sections):
        row = dashboard.Row(section.title).id(_ROW_IDS + number)
        drawn = drawn.with_row(row.grid_pos(GridPos(h=1, w=_COLUMNS, x=0, y=top)))
        top += 1
        for panel, x, y in _laid_out(section.panels, top):
            drawn = drawn.with_panel(_panel(panel).grid_pos(_place(panel, x, y)))
            top = max(top, y + panel.height)
    built = json.loads(JSONEncoder().encode(drawn.build()))
    of_panels = (link for panel in built["panels"] for link in panel.get("links", ()))
    for shown in (*built["links"], *built["annotations"]["list"], *of_panels):
        # The SDK would hide them in a menu.
        shown.pop("placement", None)
    return json.dumps(built, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def provider(folder: str) -> dict[str, Any]:
    """Return the provisioning file that makes Grafana read the dashboards in `folder`."""
    read = {
        "name": "tocsin",
        "orgId": 1,
        "folder": "Tocsin",
        "type": "file",
        "disableDeletion": False,
        "allowUiUpdates": False,
        "options": {"path": folder},
    }
    return {"apiVersion": 1, "providers": [read]}


def _laid_out(panels: tuple[Panel, ...], top: int) -> list[tuple[Panel, int, int]]:
    """Return each panel with its column and line: left to right, then further down."""
    placed: list[tuple[Panel, int, int]] = []
    x, y, height = 0, top, 0
    for panel in panels:
        if x + panel.width > _COLUMNS:
            x, y, height = 0, y + height, 0
        placed.append((panel, x, y))
        x, height = x + panel.width, max(height, panel.height)
    return placed


def _place(panel: Panel, x: int, y: int) -> GridPos:
    return GridPos(h=panel.height, w=panel.width, x=x, y=y)


def _panel(panel: Panel) -> Any:
    draw: dict[Display, Callable[[Panel], Any]] = {
        Display.STAT: _stat,
        Display.LINES: drawn_lines,
        Display.BARS: _bars,
        Display.TABLE: drawn_table,
    }
    drawn = (
        draw[panel.display](panel)
        .id(int(panel.id))
        .title(panel.title)
        .description(panel.description)
        .datasource(_SOURCE)
        .unit(str(panel.scale))
        .no_value(panel.nothing)
        .links([_link(link) for link in panel.links])
    )
    for number, query in enumerate(panel.queries):
        target = prom.Dataquery().ref_id(chr(ord("A") + number)).datasource(_SOURCE)
        target = target.expr(query.chosen or query.expr).legend_format(query.name)
        target = target.range() if panel.display is Display.LINES else target.instant()
        if panel.display is Display.TABLE:
            target = target.format(PromQueryFormat.TABLE)
        drawn = drawn.with_target(target)
    return drawn


def _stat(panel: Panel) -> Any:
    size = common.VizTextDisplayOptions().title_size(14).value_size(36)
    shared = panel.limits if len(panel.queries) == 1 else ()
    drawn = (
        stat.Panel()
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .text(size)
        .text_mode(_text_mode(panel))
        .thresholds(number_steps(shared))
    )
    if panel.scale in (Scale.RATIO, Scale.AGE):
        drawn = drawn.decimals(1)
    elif panel.scale.startswith("suffix:"):
        drawn = drawn.decimals(0)
    for query in panel.queries:
        if query.limits and not shared:
            steps = number_steps(query.limits).build()
            own = DynamicConfigValue(id_val="thresholds", value=steps)
            drawn = drawn.override_by_name(query.name, [own])
    return drawn


def _text_mode(panel: Panel) -> BigValueTextMode:
    """Return whether names are written: those that come from labels, however few series there are.

    Left to itself, Grafana writes no name beside a single number.
    """
    named = any("{{" in query.name for query in panel.queries)
    return BigValueTextMode.VALUE_AND_NAME if named else BigValueTextMode.AUTO


def _bars(_: Panel) -> Any:
    drawn = bargauge.Panel().orientation(VizOrientation.HORIZONTAL).thresholds(number_steps(()))
    return drawn.decimals(3).min(0)


def _link(link: PageLink) -> Any:
    return dashboard.DashboardLink(link.title).type(DashboardLinkType.LINK).url(link.url)


def _variable(choice: Variable) -> Any:
    options = [
        VariableOption(text=option, value=option, selected=option == choice.default)
        for option in choice.options
    ]
    return (
        dashboard.CustomVariable(choice.name)
        .label(choice.title)
        .values(",".join(choice.options))
        .options(options)
        .current(VariableOption(text=choice.default, value=choice.default, selected=True))
    )


def _mark(mark: Annotation) -> Any:
    return (
        dashboard.AnnotationQuery()
        .name(mark.name)
        .datasource(_SOURCE)
        .enable(enable=True)
        .icon_color(mark.colour)
        # Grafana reads the values as milliseconds, and draws what was before at the left edge.
        .expr(f"(1000 * {mark.expr}) >= $__from")
        .use_value_for_time(use_value_for_time=True)
        .step("60s")
        .title_format(mark.text)
    )
