"""Grafana: declared dashboards, drawn with grafana-foundation-sdk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, stat, table, timeseries
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
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
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.signals.dashboards.datasource import DATASOURCE
from monitoring.signals.dashboards.panel import Board, BoardLink, Display, Mark, Panel
from monitoring.signals.metric import USE_CASE
from monitoring.signals.thresholds import BusinessThreshold, Side
from monitoring.use_case import Severity

_COLUMNS = 24
_ROW_IDS = 1000
"""Rows have ids of their own, far above those of panels."""

_GOOD, _PLAIN = "green", "text"
_COLOURS = {Severity.WARNING: "orange", Severity.CRITICAL: "red"}
_SOURCE = DataSourceRef(type_val="prometheus", uid=DATASOURCE)


def dashboard_json(board: Board) -> str:
    """Return a dashboard as Grafana's file provider reads it."""
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
    for shown in (*built["links"], *built["annotations"]["list"]):
        # The SDK would hide them in a menu.
        del shown["placement"]
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
        Display.LINES: _lines,
        Display.BARS: _bars,
        Display.TABLE: _table,
    }
    drawn = (
        draw[panel.display](panel)
        .id(int(panel.id))
        .title(panel.title)
        .description(panel.description)
        .datasource(_SOURCE)
        .unit(str(panel.scale))
        .no_value("no data")
    )
    for number, query in enumerate(panel.queries):
        target = prom.Dataquery().ref_id(chr(ord("A") + number)).datasource(_SOURCE)
        target = target.expr(query.expr).legend_format(query.name)
        target = target.range() if panel.display is Display.LINES else target.instant()
        if panel.display is Display.TABLE:
            target = target.format(PromQueryFormat.TABLE)
        drawn = drawn.with_target(target)
    return drawn


def _stat(panel: Panel) -> Any:
    drawn = (
        stat.Panel()
        .color_mode(BigValueColorMode.VALUE)
        .graph_mode(BigValueGraphMode.NONE)
        .thresholds(_thresholds((), otherwise=_PLAIN))
    )
    for query in panel.queries:
        if query.lines:
            own = DynamicConfigValue(id_val="thresholds", value=_thresholds(query.lines).build())
            drawn = drawn.override_by_name(query.name, [own])
    return drawn


def _lines(panel: Panel) -> Any:
    legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    drawn = (
        timeseries.Panel()
        .legend(legend.placement(LegendPlacement.BOTTOM))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        # A pushed figure holds until the next one: a slope between two would be made up.
        .line_interpolation(LineInterpolation.STEP_AFTER)
    )
    if panel.lines:
        style = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        drawn = drawn.thresholds_style(style).thresholds(_thresholds(panel.lines))
    return drawn


def _bars(_: Panel) -> Any:
    plain = _thresholds((), otherwise=_PLAIN)
    return bargauge.Panel().orientation(VizOrientation.HORIZONTAL).thresholds(plain)


def _table(panel: Panel) -> Any:
    drawn = table.Panel().show_header(show_header=True)
    if len(panel.queries) == 1:
        return drawn.with_transformation(_organised({"Time": True, "Value": True}, {}))
    letters = [chr(ord("A") + number) for number in range(len(panel.queries))]
    names = {f"Value #{a}": q.name for a, q in zip(letters, panel.queries, strict=True)}
    drawn = drawn.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    drawn = drawn.with_transformation(_organised({"Time": True}, names))
    first = panel.queries[0].name
    drawn = drawn.sort_by([common.TableSortByFieldState().display_name(first).desc(desc=True)])
    link = {"title": "Open its dashboard", "url": "/d/tocsin-${__value.text}"}
    return drawn.override_by_name(USE_CASE, [DynamicConfigValue(id_val="links", value=[link])])


def _organised(hidden: dict[str, bool], names: dict[str, str]) -> DataTransformerConfig:
    options = {"excludeByName": hidden, "renameByName": names, "indexByName": {}}
    return DataTransformerConfig(id_val="organize", options=options)


def _thresholds(lines: tuple[BusinessThreshold, ...], otherwise: str = _GOOD) -> Any:
    """Return Grafana's steps: each holds from its value upwards, the first from below all."""
    ordered = sorted(lines, key=lambda line: line.value)
    if ordered and ordered[0].side is Side.BELOW:
        colours = [_COLOURS[line.severity] for line in ordered] + [otherwise]
    else:
        colours = [otherwise] + [_COLOURS[line.severity] for line in ordered]
    values = [None, *(line.value for line in ordered)]
    steps = [Threshold(value=v, color=c) for v, c in zip(values, colours, strict=True)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)


def _link(link: BoardLink) -> Any:
    return dashboard.DashboardLink(link.title).type(DashboardLinkType.LINK).url(link.url)


def _mark(mark: Mark) -> Any:
    return (
        dashboard.AnnotationQuery()
        .name(mark.name)
        .datasource(_SOURCE)
        .enable(enable=True)
        .icon_color("blue")
        # Grafana reads the values as milliseconds.
        .expr(f"1000 * {mark.expr}")
        .use_value_for_time(use_value_for_time=True)
        .step("60s")
        .title_format(mark.text)
    )
