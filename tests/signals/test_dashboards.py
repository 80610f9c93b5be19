"""Dashboards: the brief's panels first, in the use case's words, readable, with stable ids."""

import json
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.signals.alerts.addresses import Addresses
from monitoring.signals.alerts.declared import alerts_of
from monitoring.signals.dashboards.case import case_board
from monitoring.signals.dashboards.datasource import DATASOURCE
from monitoring.signals.dashboards.fleet import fleet_board
from monitoring.signals.dashboards.grafana import dashboard_json
from monitoring.signals.dashboards.health import health_board
from monitoring.signals.dashboards.panel import Board, Panel
from monitoring.signals.dashboards.places import CasePanel, FleetPanel, HealthPanel
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case
from tests.signals.conftest import everything

ADDRESSES = Addresses("http://tocsin.test")
BOARDS = [
    case_board(find_use_case("fraud"), ADDRESSES),
    case_board(find_use_case("student_depression"), ADDRESSES),
    case_board(everything(), ADDRESSES),
    fleet_board(),
    health_board(),
]
each_board = pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.uid)
each_panel = pytest.mark.parametrize(
    "panel", [p for board in BOARDS for p in board.panels], ids=lambda panel: panel.title
)


def drawn(board: Board) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(dashboard_json(board))
    return content


def panel_of(board: Board, panel: int) -> dict[str, Any]:
    return next(p for p in drawn(board)["panels"] if p["id"] == panel)


def test_the_brief_s_six_panels_come_first(fraud: UseCase) -> None:
    titles = [panel.title for panel in case_board(fraud, ADDRESSES).panels]
    assert titles[:6] == [
        "FRAUD detection performance",
        "Business impact",
        "Performance over time",
        "Data drift metrics",
        "Drift score over time",
        "Drifted features count",
    ]
    assert case_board(fraud, ADDRESSES).title == "Fraud monitoring"


def test_a_dashboard_speaks_its_use_case_s_words() -> None:
    board = case_board(find_use_case("student_depression"), ADDRESSES)
    assert board.title == "Depressed student monitoring"
    assert "fraud" not in dashboard_json(board).lower()


@each_panel
def test_a_panel_has_a_title_a_description_a_unit_and_named_queries(panel: Panel) -> None:
    assert panel.title
    assert panel.description.endswith(".")
    assert panel.scale
    assert panel.queries
    assert all(query.name for query in panel.queries)


@each_board
def test_panel_ids_are_those_declared_and_stay(board: Board) -> None:
    ids = [panel.id for panel in board.panels]
    declared = {"tocsin_fleet": FleetPanel, "tocsin_health": HealthPanel}.get(board.uid, CasePanel)
    assert sorted(ids) == sorted(declared)
    assert [p["id"] for p in drawn(board)["panels"] if p["type"] != "row"] == ids


@each_board
def test_panels_lie_side_by_side_within_the_grid_and_not_on_each_other(board: Board) -> None:
    places = [panel["gridPos"] for panel in drawn(board)["panels"]]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for one, other in combinations(places, 2):
        apart = (
            one["x"] + one["w"] <= other["x"]
            or other["x"] + other["w"] <= one["x"]
            or one["y"] + one["h"] <= other["y"]
            or other["y"] + other["h"] <= one["y"]
        )
        assert apart, (one, other)


@each_board
def test_the_sdk_reads_back_what_it_wrote(board: Board) -> None:
    content = drawn(board)
    read = Dashboard.from_json(content)
    assert [panel.id_val for panel in read.panels] == [p["id"] for p in content["panels"]]
    again = json.loads(JSONEncoder().encode(read))
    assert again["panels"] == content["panels"]
    assert (again["uid"], again["title"]) == (board.uid, board.title)


@each_board
def test_every_panel_reads_the_one_datasource(board: Board) -> None:
    panels = [panel for panel in drawn(board)["panels"] if panel["type"] != "row"]
    assert {p["datasource"]["uid"] for p in panels} == {DATASOURCE}
    assert {t["datasource"]["uid"] for p in panels for t in p["targets"]} == {DATASOURCE}


def test_threshold_lines_are_the_business_thresholds(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    drift = panel_of(board, CasePanel.DRIFT_OVER_TIME)["fieldConfig"]["defaults"]
    assert drift["custom"]["thresholdsStyle"]["mode"] == "dashed"
    assert drift["thresholds"]["steps"] == [
        {"color": "green", "value": None},
        {"color": "orange", "value": 0.1},
        {"color": "red", "value": 0.3},
    ]
    recall = panel_of(board, CasePanel.PERFORMANCE_OVER_TIME)["fieldConfig"]["defaults"]
    assert recall["thresholds"]["steps"] == [
        {"color": "red", "value": None},
        {"color": "orange", "value": 0.6},
        {"color": "green", "value": 0.8},
    ]


def test_a_number_is_coloured_by_its_own_threshold_and_not_by_a_neighbour_s(
    fraud: UseCase,
) -> None:
    impact = panel_of(case_board(fraud, ADDRESSES), CasePanel.IMPACT)["fieldConfig"]
    assert [step["color"] for step in impact["defaults"]["thresholds"]["steps"]] == ["text"]
    (own,) = impact["overrides"]
    assert own["matcher"]["options"] == "Frauds missed"


def test_every_alert_links_to_a_panel_that_is_there() -> None:
    there = {(board.uid, int(panel.id)) for board in BOARDS for panel in board.panels}
    for case in (None, find_use_case("fraud"), everything()):
        for alert in alerts_of(case):
            assert (alert.link.board, int(alert.link.panel)) in there, alert.name


def test_links_are_shown_and_not_hidden_in_a_menu(fraud: UseCase) -> None:
    links = drawn(case_board(fraud, ADDRESSES))["links"]
    assert [link["title"] for link in links] == [
        "All models",
        "Pipeline health",
        "Newest reports",
        "Runbook",
    ]
    assert all("placement" not in link for link in links)
    assert links[2]["url"] == "http://tocsin.test/reports/fraud/index.html"


def test_a_row_of_the_fleet_leads_to_its_dashboard() -> None:
    (override,) = panel_of(fleet_board(), FleetPanel.MODELS)["fieldConfig"]["overrides"]
    assert override["matcher"] == {"id": "byName", "options": "use_case"}
    (link,) = override["properties"][0]["value"]
    assert link["url"] == "/d/tocsin-${__value.text}"
