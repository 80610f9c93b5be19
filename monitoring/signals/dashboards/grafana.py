"""Grafana: declared dashboards, drawn with grafana-foundation-sdk."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from grafana_foundation_sdk.builders import bargauge, common, dashboard, stat
from grafana_foundation_sdk.builders import prometheus as prom
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DynamicConfigValue,
    GridPos,
    VariableOption,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from monitoring.signals.dashboards.colours import number_steps
from monitoring.signals.dashboards.datasource import DATASOURCE
from monitoring.signals.dashboards.lines import drawn_lines
from monitoring.signals.dashboards.panel import (
    Board,
    Choice,
    Display,
    Leads,
    Mark,
    Panel,
    Scale,
)
from monitoring.signals.dashboards.table import drawn_table

_COLUMNS = 24
_ROW_IDS = 1000
"""Rows have ids of their own, far above those of panels."""

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


def _link(link: Leads) -> Any:
    return dashboard.DashboardLink(link.title).type(DashboardLinkType.LINK).url(link.url)


def _variable(choice: Choice) -> Any:
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


def _mark(mark: Mark) -> Any:
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
