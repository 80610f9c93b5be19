"""Courses over time: their limits, axes, bands and colours."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.signals.catalogue import FEATURE_DRIFT, PROMOTED
from monitoring.signals.dashboards.fleet_boards import fleet_board
from monitoring.signals.dashboards.panel import Board, Display
from monitoring.signals.dashboards.use_case_board import case_board, marks
from monitoring.signals.history import STEP, HeldSamples, History, exposition
from monitoring.signals.links import CasePanel, FleetPanel
from monitoring.signals.metric import Sample
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.prometheus import Prometheus, Span
from monitoring.use_case import UseCase
from tests.fixtures.gateway import running_prometheus
from tests.signals.drawn import ADDRESSES, each_board, override_of, panel_of


def test_threshold_lines_are_the_business_thresholds(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    drift = panel_of(board, CasePanel.DRIFT_OVER_TIME)["fieldConfig"]["defaults"]
    assert drift["custom"]["thresholdsStyle"]["mode"] == "dashed"
    assert drift["thresholds"]["steps"] == [
        {"color": "text", "value": None},
        {"color": "orange", "value": 0.1},
        {"color": "red", "value": 0.3},
    ]
    recall = panel_of(board, CasePanel.PERFORMANCE_OVER_TIME)["fieldConfig"]["defaults"]
    assert recall["thresholds"]["steps"] == [
        {"color": "text", "value": None},
        {"color": "red", "value": 0.6},
        {"color": "orange", "value": 0.8},
    ]


@each_board
def test_an_axis_reaches_its_limits_wherever_its_numbers_lie(board: Board) -> None:
    for panel in board.panels:
        if panel.display is Display.LINES and panel.limits:
            custom = panel_of(board, panel.id)["fieldConfig"]["defaults"]["custom"]
            for limit in panel.limits:
                assert custom["axisSoftMin"] <= limit.value < custom["axisSoftMax"]


@each_board
def test_an_axis_makes_no_small_change_look_large(board: Board) -> None:
    for panel in board.panels:
        if panel.display is Display.LINES and not panel.limits:
            custom = panel_of(board, panel.id)["fieldConfig"]["defaults"]["custom"]
            assert (
                custom["axisSoftMin"] == 0 < custom["axisSoftMax"] <= (1.02 if panel.whole else 1)
            )


def test_recall_stands_out_of_a_grey_band(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.PERFORMANCE_OVER_TIME)
    high, low = override_of(panel, "Recall, 95% high"), override_of(panel, "Recall, 95% low")
    assert high["custom.fillBelowTo"] == "Recall, 95% low"
    assert high["custom.showPoints"] == low["custom.showPoints"] == "never"
    assert high["color"] == low["color"] == {"mode": "fixed", "fixedColor": "text"}
    assert override_of(panel, "Recall")["custom.lineWidth"] == 3


def test_estimates_are_dashed_and_recall_s_limits_are_not_drawn_across_precision(
    fraud: UseCase,
) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.ESTIMATED)
    assert [target["legendFormat"] for target in panel["targets"]] == [
        "Recall, estimated",
        "Precision, estimated",
        "Recall, realised",
        "Precision, realised",
        "Recall, estimated, 95% low",
        "Recall, estimated, 95% high",
    ]
    for name in ("Recall, estimated", "Precision, estimated"):
        assert override_of(panel, name)["custom.lineStyle"]["fill"] == "dash"
    assert override_of(panel, "Recall, estimated, 95% high")["custom.fillBelowTo"] == (
        "Recall, estimated, 95% low"
    )
    assert "thresholds" not in panel["fieldConfig"]["defaults"]


@pytest.mark.parametrize("place", [CasePanel.FEATURES_OVER_TIME, CasePanel.MISSING_VALUES])
def test_only_features_that_are_among_the_highest_at_the_end_are_drawn(
    place: CasePanel, fraud: UseCase
) -> None:
    panel = next(p for p in case_board(fraud, ADDRESSES).panels if p.id == place)
    (query,) = panel.queries
    whole, top = query.expr.split(" and on (feature) ")
    assert not whole.startswith("topk")
    by, selected = whole.removesuffix(")").split(" (t")
    assert top == f"topk(8, {by} (last_over_time(t{selected}[5m] @ end())))"
    # The end of what is drawn may lie up to a step after the newest sample.
    assert query.chosen == query.expr.replace("[5m]", "[$__rate_interval]")


def test_new_labelled_rows_have_a_line_where_they_start_a_retrain(fraud: UseCase) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.NEW_LABELLED)
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert steps[1:] == [{"color": "blue", "value": fraud.retrain.new_rows}]


def test_the_axis_of_a_share_does_not_depend_on_how_much_it_moves(fraud: UseCase) -> None:
    for board, place in (
        (case_board(fraud, ADDRESSES), CasePanel.DRIFT_OVER_TIME),
        (fleet_board(), FleetPanel.RECALL),
        (fleet_board(), FleetPanel.DRIFT),
    ):
        custom = panel_of(board, place)["fieldConfig"]["defaults"]["custom"]
        assert (custom["axisSoftMin"], custom["axisSoftMax"]) == (0, 1.02)


def test_a_line_at_100_percent_is_not_hidden_on_the_edge(fraud: UseCase) -> None:
    custom = panel_of(case_board(fraud, ADDRESSES), CasePanel.COVERAGE)["fieldConfig"]["defaults"]
    assert custom["custom"]["axisSoftMax"] > 1


def test_a_figure_has_one_colour_in_every_panel(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    seen = [
        (query.name.partition(",")[0], query.colour)
        for panel in board.panels
        for query in panel.queries
        if panel.display is Display.LINES and query.name.startswith(("Recall", "Precision"))
        if "95%" not in query.name and "capacity" not in query.name
    ]
    assert set(seen) == {("Recall", "blue"), ("Precision", "yellow")}
    estimated = override_of(panel_of(board, CasePanel.ESTIMATED), "Recall, estimated")
    assert estimated["color"] == {"mode": "fixed", "fixedColor": "blue"}
    assert estimated["custom.lineStyle"]["fill"] == "dash"


def test_the_most_drifted_are_drawn_though_the_end_lies_past_the_newest_sample(
    fraud: UseCase, tmp_path: Path
) -> None:
    # A day in steps of 20 minutes, whose end is a quarter of an hour past the newest sample.
    newest = int(datetime.now(UTC).timestamp()) // STEP * STEP - 3600
    moments = range(newest - 86400, newest + 1, STEP)
    drift = tuple(Sample(FEATURE_DRIFT, n / 20, {"feature": f"V{n}"}) for n in range(1, 13))
    board = case_board(fraud, ADDRESSES)
    (query,) = next(p for p in board.panels if p.id == CasePanel.FEATURES_OVER_TIME).queries
    assert query.chosen is not None
    end = datetime.fromtimestamp(newest + 900, UTC)
    span = Span(end - timedelta(days=1), end, 1200)
    with drawn_past([HeldSamples(drift, moments)], tmp_path) as prometheus:
        drawn = prometheus.over(query.chosen.replace("$__rate_interval", "1215s"), span)
    assert {one.labels["feature"] for one in drawn} == {f"V{n}" for n in range(5, 13)}


def test_a_moment_that_passed_between_two_points_is_marked(fraud: UseCase, tmp_path: Path) -> None:
    # Two promotions within one step of an hour: the series of the first is gone at every point.
    newest = int(datetime.now(UTC).timestamp()) // 3600 * 3600 - 3600
    first, second = newest - 1800, newest - 900
    held = [
        HeldSamples((Sample(PROMOTED, at, {"version": version}),), range(begin, end, STEP))
        for version, at, begin, end in (
            ("1", first, first, second),
            ("2", second, second, newest + 1),
        )
    ]
    promotions, _ = marks(fraud)
    end = datetime.fromtimestamp(newest, UTC)
    span = Span(end - timedelta(hours=6), end, 3600)
    with drawn_past(held, tmp_path) as prometheus:
        found = prometheus.over(promotions.within("3600s"), span)
    assert {(one.labels["version"], one.newest) for one in found} == {("1", first), ("2", second)}


@contextmanager
def drawn_past(held: list[HeldSamples], folder: Path) -> Iterator[Prometheus]:
    """Run a Prometheus that has held samples of card fraud."""
    (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    text = "".join(exposition(held, use_case="fraud", group=PushGroup.REPORT))
    (folder / "past.om").write_text(text, encoding="utf-8")
    with running_prometheus(folder) as url:
        History(url).load(folder / "past.om")
    with running_prometheus(folder) as url:  # a start reads blocks at once
        yield Prometheus(url)


@each_board
def test_a_line_that_has_ended_is_not_drawn_on_to_the_right_edge(board: Board) -> None:
    for panel in board.panels:
        if panel.display is Display.LINES:
            custom = panel_of(board, panel.id)["fieldConfig"]["defaults"]["custom"]
            assert custom["lineInterpolation"] == "linear"
