"""Every dashboard, and what Grafana is given to draw."""

import json
from typing import Any

import pytest

from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
from monitoring.signals.dashboards.grafana_json import dashboard_json
from monitoring.signals.dashboards.panel import Board
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import Addresses
from monitoring.use_case_file import find_use_case
from tests.signals.conftest import everything, watched, with_classes

ADDRESSES = Addresses("http://tocsin.test")


BOARDS = [
    case_board(find_use_case("fraud"), ADDRESSES),
    case_board(find_use_case("student_depression"), ADDRESSES),
    case_board(everything(), ADDRESSES),
    case_board(watched(), ADDRESSES),
    case_board(with_classes(), ADDRESSES),
    fleet_board([find_use_case("fraud"), everything()]),
    health_board(),
]


each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)


def drawn(board: Board) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(dashboard_json(board))
    return content


def panels_in(content: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every panel of a dashboard's JSON, and those of collapsed rows after their row."""
    return [one for panel in content["panels"] for one in (panel, *panel.get("panels", ()))]


def panel_of(board: Board, panel: int) -> dict[str, Any]:
    return next(p for p in panels_in(drawn(board)) if p["id"] == panel)


def override_of(panel: dict[str, Any], name: str) -> dict[str, Any]:
    overrides = panel["fieldConfig"]["overrides"]
    own = next(o["properties"] for o in overrides if o["matcher"]["options"] == name)
    return {part["id"]: part["value"] for part in own}


def steps_of(board: Board, panel: int) -> list[tuple[float | None, str]]:
    steps = panel_of(board, panel)["fieldConfig"]["defaults"]["thresholds"]["steps"]
    return [(step["value"], step["color"]) for step in steps]
