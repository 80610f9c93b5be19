"""The overview's six panels come first, in the use case's words, readable, with stable ids."""

import json
from itertools import chain, combinations

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from monitoring.reports.entry import ReportKind
from monitoring.signals.alerts import alerts_of
from monitoring.signals.dashboards.fleet_boards import health_board
from monitoring.signals.dashboards.grafana_json import dashboard_json
from monitoring.signals.dashboards.panel import RANGE, SHOWN, Board, Display, Panel
from monitoring.signals.dashboards.queries import GREY
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import CasePanel, FleetPanel, HealthPanel
from monitoring.signals.performance_metrics import MISSED
from monitoring.signals.promql import DATASOURCE
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import Severity, UseCase
from monitoring.use_case_file import find_use_case
from monitoring.use_case_serving import Serve
from tests.signals.conftest import everything, watched, with_classes
from tests.signals.drawn import (
    ADDRESSES,
    BOARDS,
    drawn,
    each_board,
    override_of,
    panel_of,
    panels_in,
    steps_of,
)

each_panel = pytest.mark.parametrize(
    "panel", [p for board in BOARDS for p in board.panels], ids=lambda panel: panel.title
)


OF_TRAINED = {
    CasePanel.SHADOW,
    CasePanel.DECISION,
    CasePanel.NEW_LABELLED,
    CasePanel.WAITING,
    CasePanel.HELD,
    CasePanel.GATE,
    CasePanel.GATE_CHANGE,
    CasePanel.GATE_ROWS,
    CasePanel.SERVING_SKEW,
}
"""Panels of models that Tocsin trains."""

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
    absent |= OF_TRAINED if board.uid == "tocsin-payments" else set()
    assert sorted(ids) == sorted(set(declared) - (absent if declared is CasePanel else set()))
    assert [p["id"] for p in panels_in(drawn(board)) if p["type"] != "row"] == ids


@each_board
def test_panels_lie_side_by_side_within_the_grid_and_not_on_each_other(board: Board) -> None:
    together = [drawn(board)["panels"], *(p.get("panels", []) for p in drawn(board)["panels"])]
    places = [[panel["gridPos"] for panel in panels] for panels in together]
    assert all(place["x"] + place["w"] <= 24 for those in places for place in those)
    for one, other in chain.from_iterable(combinations(those, 2) for those in places):
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
    panels = [panel for panel in panels_in(drawn(board)) if panel["type"] != "row"]
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
def test_two_weeks_are_shown_for_figures_come_every_few_hours(board: Board) -> None:
    assert drawn(board)["time"] == {"from": "now-14d", "to": "now"}


@each_board
def test_rows_after_the_first_two_are_collapsed_and_hold_their_panels(board: Board) -> None:
    content = drawn(board)["panels"]
    rows = [panel for panel in content if panel["type"] == "row"]
    assert [row.get("collapsed", False) for row in rows] == [
        number > 1 for number in range(len(rows))
    ]
    for row, section in zip(rows, board.sections, strict=True):
        within = [panel["id"] for panel in row["panels"]]
        assert within == ([p.id for p in section.panels] if section.collapsed else [])


def test_the_strip_lies_above_the_six_panels_and_says_how_things_stand(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    places = {panel["id"]: panel["gridPos"] for panel in drawn(board)["panels"]}
    assert {places[panel.id]["y"] for panel in board.strip} == {0}
    assert places[CasePanel.PERFORMANCE]["y"] == max(p.height for p in board.strip) + 1
    assert [(panel.title, len(panel.queries)) for panel in board.strip] == [
        ("Alerts", 2),
        ("Net saving", 2),
        ("Recall, realised", 3),
        ("Recall, estimated", 4),
        ("Cost, estimated", 3),
        ("Drift", 2),
        ("Champion", 1),
    ]
    assert sum(panel.width for panel in board.strip) == 24


def test_an_estimate_has_the_colours_of_recall_s_limits(fraud: UseCase) -> None:
    estimated = panel_of(case_board(fraud, ADDRESSES), CasePanel.ESTIMATE_NOW)
    steps = override_of(estimated, "recall")["thresholds"]["steps"]
    assert [step["value"] for step in steps] == [None, 0.6, 0.8]
    assert override_of(estimated, "age")["unit"] == "s"


def test_figures_of_too_few_positives_are_grey_and_have_no_colour_of_a_limit(
    fraud: UseCase,
) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.PERFORMANCE)
    judged, few = (t["expr"] for t in panel["targets"] if "Recall" in t["legendFormat"])
    limit = f'role="champion"}}) < {fraud.min_positives}'
    assert judged.endswith(limit)
    assert few.endswith(limit)
    assert " unless on (use_case) " in judged
    assert " and on (use_case) " in few
    assert override_of(panel, "Too few frauds: Recall") == {
        "color": {"mode": "fixed", "fixedColor": GREY}
    }
    over_time = panel_of(case_board(fraud, ADDRESSES), CasePanel.PERFORMANCE_OVER_TIME)
    assert override_of(over_time, "Too few frauds: Recall")["color"]["fixedColor"] == GREY
    dashed = override_of(over_time, "Recall, estimated")
    assert dashed["custom.lineStyle"]["fill"] == "dash"


def test_the_firing_alerts_are_listed_by_grafana_where_it_evaluates_them_and_else_by_a_table(
    fraud: UseCase,
) -> None:
    board = case_board(fraud, ADDRESSES)
    for own_alerts, drawn_as in ((True, "alertlist"), (False, "table")):
        content = json.loads(dashboard_json(board, own_alerts=own_alerts))
        (panel,) = (p for p in panels_in(content) if p["id"] == CasePanel.ALERTS)
        assert panel["type"] == drawn_as
    listed = panel_of(board, CasePanel.ALERTS)["options"]
    assert listed["alertInstanceLabelFilter"] == '{use_case="fraud"}'
    of_all = panel_of(health_board(), HealthPanel.ALERTS)["options"]
    assert of_all["alertInstanceLabelFilter"] == '{severity!="none"}'


def test_no_value_of_an_info_metric_is_shown(fraud: UseCase) -> None:
    for panel in case_board(fraud, ADDRESSES).panels:
        if panel.display is Display.TABLE:
            organised = panel_of(case_board(fraud, ADDRESSES), panel.id)["transformations"][-1]
            shown_field = organised["options"]["renameByName"]
            assert "Value" in {*organised["options"]["excludeByName"], *shown_field}


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
    assert panel["fieldConfig"]["defaults"]["noValue"] == "all judged"
    asked = panel["targets"][0]["expr"]
    assert 'status!~"tested|set aside|judged|delivered|no channel"' in asked
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


def test_a_promotion_before_the_time_shown_is_not_drawn_at_its_edge(fraud: UseCase) -> None:
    mark = drawn(case_board(fraud, ADDRESSES))["annotations"]["list"][-1]
    assert mark["expr"].endswith(">= $__from")
    assert "[$__interval:1m]" in mark["expr"]


def test_a_number_is_coloured_by_its_own_threshold_and_not_by_a_neighbour_s(
    fraud: UseCase,
) -> None:
    impact = panel_of(case_board(fraud, ADDRESSES), CasePanel.IMPACT)["fieldConfig"]
    assert [step["color"] for step in impact["defaults"]["thresholds"]["steps"]] == ["text"]
    own = [
        override["matcher"]["options"]
        for override in impact["overrides"]
        if "thresholds" in {part["id"] for part in override["properties"]}
    ]
    assert own == ["Frauds missed"]


def test_every_alert_links_to_a_panel_that_is_there() -> None:
    there = {(board.uid, int(panel.id)) for board in BOARDS for panel in board.panels}
    for case in (None, find_use_case("fraud"), everything()):
        for alert in alerts_of(case):
            assert (alert.link.board, int(alert.link.panel)) in there, alert.name


def test_the_board_of_a_watched_model_has_nothing_of_retrains() -> None:
    board = case_board(watched(), ADDRESSES)
    ids = {panel.id for panel in board.panels}
    assert CasePanel.MODEL in ids
    assert not ids & OF_TRAINED
    assert [mark.name for mark in board.marks] == ["Promotions"]
    said = " ".join(panel.description for panel in board.panels)
    assert "retrain starts" not in said
    alerts = alerts_of(watched())
    linked = {alert.link.panel for alert in alerts if alert.link.board == board.uid}
    assert linked <= ids
    assert not [alert for alert in alerts if alert.labels.get("pipeline") == "retrain"]
    names = {alert.name for alert in alerts}
    assert not names & {"WaitingForLabels", "ChampionTakenBack", "ServingSkew"}


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
def test_the_time_that_is_shown_is_the_one_control_of_time(board: Board) -> None:
    assert drawn(board)["templating"].get("list", []) == []
    chosen = [query for panel in board.panels for query in panel.queries if query.chosen]
    for query in chosen:
        assert query.chosen is not None
        assert "$" not in query.expr
        if RANGE in query.chosen:
            assert query.chosen.replace(RANGE, SHOWN) == query.expr


def test_a_figure_s_worst_is_its_lowest_where_high_is_good(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    panel = next(p for p in board.panels if p.id == CasePanel.FIGURES_OVER_WINDOW)
    worst = next(query.expr for query in panel.queries if query.name == "worst")
    recall, drift = worst.split(" or ")[0], worst
    assert recall.startswith("label_replace(max(min_over_time((tocsin_recall_ratio{")
    assert 'tocsin_positives_rows{use_case="fraud"' in recall
    assert f">= {fraud.min_positives})[14d:5m])" in recall
    assert "max_over_time(tocsin_drift_score_ratio" in drift
