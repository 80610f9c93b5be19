"""The declared dashboards as Grafana reads them from files, and where it finds them."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.common import (
    DataSourceRef,
)
from grafana_foundation_sdk.models.dashboard import (
    GridPos,
)

from monitoring.signals.dashboards.grafana_panels import drawn_panel, link_of, plain
from monitoring.signals.dashboards.panel import (
    SHOWN,
    Annotation,
    Board,
    Display,
    Panel,
    currency_of,
)
from monitoring.signals.promql import DATASOURCE


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


_COLUMNS = 24
_ROW_IDS = 1000
"""Rows have ids of their own, far above those of panels."""


def plain_markdown(text: str) -> str:
    """Return a description in which a dashboard finds no variable, link, picture or tag."""
    return plain(text).replace("[", r"\[").replace("<", "&lt;")


def _inert(board: Board) -> Board:
    """Return a board whose words mean nothing to Grafana."""
    return replace(
        board,
        title=plain(board.title),
        description=plain_markdown(board.description),
        strip=tuple(map(_inert_panel, board.strip)),
        sections=tuple(
            replace(section, panels=tuple(map(_inert_panel, section.panels)))
            for section in board.sections
        ),
    )


def _inert_panel(panel: Panel) -> Panel:
    currency = currency_of(panel.scale)
    return replace(
        panel,
        title=plain(panel.title if currency is None else f"{panel.title} ({currency})"),
        description=plain_markdown(panel.description),
        queries=tuple(replace(query, name=plain(query.name)) for query in panel.queries),
        columns=tuple(
            replace(
                column,
                title=plain(column.title),
                named={text: plain(name) for text, name in column.named.items()},
            )
            for column in panel.columns
        ),
        lines=tuple(replace(line, title=plain(line.title)) for line in panel.lines),
    )


def dashboard_json(board: Board, *, own_alerts: bool = True) -> str:
    """Return a dashboard as Grafana's file provider reads it.

    Parameters
    ----------
    own_alerts
        Whether Grafana evaluates the alerts itself, and can list them; else its lists are tables
        of what Prometheus evaluates.
    """
    board = _inert(board)
    drawn = (
        dashboard.Dashboard(board.title)
        .uid(board.uid)
        .description(board.description)
        .tags(["tocsin"])
        .timezone("browser")
        .readonly()
        .time(f"now-{SHOWN}", "now")
        .refresh("1m")
        .links([link_of(link) for link in board.links])
        .annotations([_mark(mark) for mark in board.marks])
    )
    built = json.loads(JSONEncoder().encode(drawn.build()))
    built["panels"] = _encoded(_panels(board, own_alerts=own_alerts))
    of_panels = (link for panel in _all(built["panels"]) for link in panel.get("links", ()))
    for shown in (*built["links"], *built["annotations"]["list"], *of_panels):
        # The SDK would hide them in a menu.
        shown.pop("placement", None)
    return json.dumps(built, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def _panels(board: Board, *, own_alerts: bool) -> list[Any]:
    """Return rows and panels: first those of the rows, then the strip, which lies above them."""

    def placed(panels: tuple[Panel, ...], top: int) -> tuple[list[Any], int]:
        drawn, bottom = [], top
        for panel, x, y in _laid_out(panels, top):
            shown = panel if own_alerts else _without_own_alerts(panel)
            drawn.append(drawn_panel(shown, board.alerts).grid_pos(_place(panel, x, y)))
            bottom = max(bottom, y + panel.height)
        return drawn, bottom

    strip, top = placed(board.strip, 0)
    rows: list[Any] = []
    for number, section in enumerate(board.sections):
        row = dashboard.Row(section.title).id(_ROW_IDS + number).collapsed(section.collapsed)
        row = row.grid_pos(GridPos(h=1, w=_COLUMNS, x=0, y=top))
        panels, bottom = placed(section.panels, top + 1)
        if section.collapsed:
            for panel in panels:
                row = row.with_panel(panel)
            rows.append(row)
            top += 1
        else:
            rows += [row, *panels]
            top = bottom
    return [*rows, *strip]


def _without_own_alerts(panel: Panel) -> Panel:
    is_list = panel.display is Display.ALERTS
    return replace(panel, display=Display.TABLE) if is_list else panel


def _encoded(panels: list[Any]) -> list[dict[str, Any]]:
    built: list[dict[str, Any]] = json.loads(JSONEncoder().encode([p.build() for p in panels]))
    return built


def _all(panels: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for panel in panels for one in (panel, *panel.get("panels", ()))]


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


def _mark(mark: Annotation) -> Any:
    return (
        dashboard.AnnotationQuery()
        .name(mark.name)
        .datasource(DataSourceRef(type_val="prometheus", uid=DATASOURCE))
        .enable(enable=True)
        .icon_color(mark.colour)
        # Grafana reads the values as milliseconds, and draws what was before at the left edge.
        .expr(f"(1000 * ({mark.within('$__interval')})) >= $__from")
        .use_value_for_time(use_value_for_time=True)
        .step("60s")
        .title_format(mark.text)
    )
