"""The overview's six panels come first, in the use case's words, readable, with stable ids."""

import json
from itertools import combinations

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.reports.entry import ReportKind
from monitoring.signals.alerts import alerts_of
from monitoring.signals.dashboards.fleet_boards import health_board
from monitoring.signals.dashboards.grafana_json import dashboard_json
from monitoring.signals.dashboards.panel import WINDOW, Board, Display, Panel
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import CasePanel, FleetPanel, HealthPanel
from monitoring.signals.performance_metrics import MISSED
from monitoring.signals.promql import DATASOURCE
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import Severity, UseCase
from monitoring.use_case_file import find_use_case
from monitoring.use_case_serving import Serve
from tests.signals.conftest import everything, with_classes
from tests.signals.drawn import (
    ADDRESSES,
    BOARDS,
    drawn,
    each_board,
    override_of,
    panel_of,
    steps_of,
)

each_panel = pytest.mark.parametrize(
    "panel", [p for board in BOARDS for p in board.panels], ids=lambda panel: panel.title
)


CLASSES = "tocsin-accidents"
"""The board of a use case of three classes."""


def test_the_six_panels_of_the_overview_come_first(fraud: UseCase) -> None:
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


def test_the_board_shows_the_arms_beside_champion_and_shadow(fraud: UseCase) -> None:
    arms = fraud.model_copy(update={"serve": Serve(shares={"challenger": 0.1, "mlp": 0.2})})
    titles = [
        {panel.id: panel for panel in case_board(case, ADDRESSES).panels}[CasePanel.SHADOW].title
        for case in (fraud, arms)
    ]
    assert titles == ["Champion and shadow", "Champion, shadow and arms"]


def test_the_board_shows_each_class_of_champion_and_arms_where_arms_are_declared() -> None:
    case = with_classes()
    arms = case.model_copy(update={"serve": Serve(shares={"challenger": 0.1, "mlp": 0.2})})
    panels = {panel.id: panel for panel in case_board(arms, ADDRESSES).panels}
    assert CasePanel.ARM_CLASSES not in {panel.id for panel in case_board(case, ADDRESSES).panels}
    queries = panels[CasePanel.ARM_CLASSES].queries
    assert all('role=~"champion|arm .+"' in query.expr for query in queries)
    assert all("by (role, class)" in query.expr for query in queries)


def test_a_dashboard_speaks_its_use_case_s_words() -> None:
    board = case_board(find_use_case("student_depression"), ADDRESSES)
    assert board.title == "Student depression monitoring"
    assert "fraud" not in dashboard_json(board).lower()


def test_no_two_dashboards_share_a_title_even_where_use_cases_share_their_words() -> None:
    titles = [board.title for board in BOARDS]
    assert everything().words == find_use_case("fraud").words
    assert len(set(titles)) == len(titles)


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
    # The panels of classes, of blocking and of arms are only on the boards of those that have some.
    of_classes = range(CasePanel.CLASSES, CasePanel.ACCURACY + 1)
    of_blocking = range(CasePanel.HIDDEN_TRUTH, CasePanel.CONTROL_COST + 1)
    absent = {CasePanel.ARM_CLASSES} | (set() if board.uid == CLASSES else set(of_classes))
    absent |= set() if board.uid == "tocsin-everything" else set(of_blocking)
    assert sorted(ids) == sorted(set(declared) - (absent if declared is CasePanel else set()))
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


def test_a_low_number_is_red_where_a_low_line_is(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.PERFORMANCE)
    assert override_of(panel, "Recall")["thresholds"]["steps"] == [
        {"color": "red", "value": None},
        {"color": "orange", "value": 0.6},
        {"color": "green", "value": 0.8},
    ]


def test_a_single_number_that_is_called_by_its_label_is_named() -> None:
    assert panel_of(health_board(), HealthPanel.UP)["options"]["textMode"] == "value_and_name"


@each_board
def test_what_was_pushed_a_minute_ago_is_seen(board: Board) -> None:
    # Over a week the points of a panel lie a quarter of an hour apart.
    assert drawn(board)["time"] == {"from": "now-24h", "to": "now"}


def test_figures_of_the_test_rows_are_not_among_those_of_production(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    with_test_rows = [
        panel.id for panel in board.panels for query in panel.queries if '"test"' in query.expr
    ]
    assert set(with_test_rows) == {CasePanel.TEST_FIGURES}
    first = {panel.id for panel in board.sections[0].panels}
    assert {CasePanel.STATUS, CasePanel.WINDOW_AGE} <= first
    assert CasePanel.TEST_FIGURES not in first


def test_bad_is_red(fraud: UseCase) -> None:
    case, health = case_board(fraud, ADDRESSES), health_board()
    bad_from_one = [
        (case, CasePanel.BROKEN),
        (case, CasePanel.WAITING),
        (health, HealthPanel.FAILED),
    ]
    for board, place in bad_from_one:
        (_, none), (above, any_) = steps_of(board, place)
        assert (none, any_) == ("green", "red")
        assert above is not None
        assert 0 < above < 1
    assert steps_of(health, HealthPanel.UP) == [(None, "red"), (1, "green")]


def test_a_number_at_its_upper_limit_is_as_good_as_its_alert_says(fraud: UseCase) -> None:
    (limit,) = (
        t.value
        for t in business_thresholds(fraud)
        if t.metric is MISSED and t.severity is Severity.WARNING
    )
    missed = override_of(panel_of(case_board(fraud, ADDRESSES), CasePanel.IMPACT), "Frauds missed")
    steps = {step["color"]: step["value"] for step in missed["thresholds"]["steps"]}
    assert limit < steps["orange"] < limit + 1


def test_a_status_that_is_not_well_stands_out(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.STATUS)
    status = override_of(panel, "status")
    assert status["color"]["fixedColor"] == "orange"
    assert set(status["mappings"][0]["options"]) == {
        "tested",
        "set aside",
        "judged",
        "delivered",
        "no channel",
    }


@each_board
def test_a_table_shows_its_declared_columns_and_nothing_else(board: Board) -> None:
    for panel in board.panels:
        if panel.display is not Display.TABLE:
            continue
        written = panel_of(board, panel.id)
        organised = written["transformations"][-1]["options"]
        titles = [column.title for column in panel.columns]
        in_order = sorted(organised["indexByName"], key=organised["indexByName"].get)
        assert [organised["renameByName"][field] for field in in_order] == titles
        several = {f"Value #{chr(ord('A') + number)}" for number in range(len(panel.queries))}
        values = several if len(several) > 1 else {"Value"}
        assert values | {"Time"} <= set(organised["excludeByName"]) | set(in_order)
        assert all(override_of(written, title)["unit"] for title in titles)


def test_a_panel_says_what_is_not_declared_where_nothing_can_come(fraud: UseCase) -> None:
    iris = find_use_case("iris")
    bare = iris.model_copy(update={"costs": iris.costs.model_copy(update={"matrix": {}})})
    for case, panel, said in (
        (fraud, CasePanel.CAPACITY, "no data"),
        (iris, CasePanel.CAPACITY, "costs.reviews_per_day is not declared"),
        (iris, CasePanel.CLASS_COST, "no data"),
        (bare, CasePanel.CLASS_COST, "costs.matrix is not declared"),
    ):
        written = panel_of(case_board(case, ADDRESSES), panel)
        assert written["fieldConfig"]["defaults"]["noValue"] == said


def test_the_cost_curve_is_a_table_by_threshold_the_highest_first(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.COST_CURVE)
    assert panel["options"]["sortBy"] == [{"displayName": "threshold", "desc": True}]
    assert override_of(panel, "cost")["unit"] == "suffix:EUR"


def test_the_reason_of_a_retrain_has_the_room_that_the_decision_leaves(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.DECISION)
    assert override_of(panel, "decision")["custom.width"] == 150
    assert "custom.width" not in override_of(panel, "reason")


def test_a_version_is_no_duration(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.MODEL)
    assert override_of(panel, "version")["unit"] == "string"
    assert override_of(panel, "serving for")["unit"] == "s"


def test_what_a_challenger_costs_comes_before_how_sure_that_is(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.GATE_CHANGE)
    # Of value, low and high.
    assert panel["options"]["sortBy"] == [{"displayName": "bound", "desc": True}]


def test_money_is_written_with_its_currency_behind_it(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.MONEY)
    assert panel["fieldConfig"]["defaults"]["unit"] == "suffix:EUR"


def test_a_promotion_before_the_time_shown_is_not_drawn_at_its_edge(fraud: UseCase) -> None:
    mark = drawn(case_board(fraud, ADDRESSES))["annotations"]["list"][-1]
    assert mark["expr"].endswith(">= $__from")


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
        "Drift report",
        "Performance report",
        "Quality report",
        "All reports",
        "Models in MLflow",
        "Runbook",
    ]
    assert all("placement" not in link for link in links)


def test_a_dashboard_leads_to_the_newest_report_of_each_kind(fraud: UseCase) -> None:
    addresses = {link.url for link in case_board(fraud, ADDRESSES).links}
    assert {f"http://tocsin.test/newest/fraud/{kind}" for kind in ReportKind} < addresses
    assert "http://tocsin.test/reports/fraud/index.html" in addresses


def test_a_version_leads_to_where_mlflow_keeps_it(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    (link,) = override_of(panel_of(board, CasePanel.MODEL), "version")["links"]
    assert link["url"] == "http://tocsin.test/models/fraud/${__value.text}"
    assert "http://tocsin.test/models/fraud" in {link.url for link in board.links}


@each_board
def test_how_far_to_look_back_is_chosen_at_the_top(board: Board) -> None:
    chosen = [query for panel in board.panels for query in panel.queries if query.chosen]
    if not chosen:
        assert board.choices == ()
        return
    (variable,) = drawn(board)["templating"]["list"]
    assert (variable["type"], variable["name"]) == ("custom", WINDOW.name)
    assert [o["value"] for o in variable["options"] if o["selected"]] == [WINDOW.default]
    for query in chosen:
        assert query.chosen is not None
        assert "$window" not in query.expr
        assert query.chosen.replace("$window", WINDOW.default) == query.expr


def test_a_figure_s_worst_is_its_lowest_where_high_is_good(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    panel = next(p for p in board.panels if p.id == CasePanel.FIGURES_OVER_WINDOW)
    worst = next(query.expr for query in panel.queries if query.name == "worst")
    recall, drift = worst.split(" or ")[0], worst
    assert recall.startswith("label_replace(max(min_over_time((tocsin_recall_ratio{")
    assert 'tocsin_positives_rows{use_case="fraud"' in recall
    assert f">= {fraud.min_positives})[7d:5m])" in recall
    assert "max_over_time(tocsin_drift_score_ratio" in drift
