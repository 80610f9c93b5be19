"""The fleet's table counts what is wrong, and a model of which nothing is known yet is in it."""

from collections.abc import Mapping
from pathlib import Path

import yaml

from monitoring.signals.dashboards.fleet_boards import fleet_board
from monitoring.signals.links import FleetPanel
from monitoring.use_case import Thresholds, UseCase
from tests.fixtures.gateway import program
from tests.signals.drawn import override_of, panel_of
from tests.signals.programs import run

FIRING = 'alertstate="firing",use_case="shop"'
SUCCESS = 'tocsin_last_success_timestamp_seconds{use_case="shop",pipeline="report"}'
CALM_SUCCESS = SUCCESS.replace("shop", "calm")


def expression(column: str) -> str:
    (panel,) = (panel for panel in fleet_board().panels if panel.id == FleetPanel.MODELS)
    return next(query.expr for query in panel.queries if query.name == column)


def check(column: str, series: list[str], counts: Mapping[str, int], folder: Path) -> None:
    """Let Prometheus itself say what the column shows while the series are there."""
    expected = [
        {"labels": f'{{use_case="{case}"}}', "value": count} for case, count in counts.items()
    ]
    asked = {"expr": expression(column), "eval_time": "1m", "exp_samples": expected}
    test = {
        "interval": "1m",
        "input_series": [{"series": name, "values": "1 1 1"} for name in series],
        "promql_expr_test": [asked],
    }
    path = folder / "test.yml"
    path.write_text(yaml.safe_dump({"rule_files": [], "tests": [test]}), encoding="utf-8")
    run(program("promtool"), "test", "rules", path)


def test_an_alert_counts_once_however_many_figures_it_names(tmp_path: Path) -> None:
    absent = 'ALERTS{alertname="FiguresAbsent",severity="critical",figure="%s",' + FIRING + "}"
    recall = 'ALERTS{alertname="RecallLow",severity="critical",' + FIRING + "}"
    of_all = 'ALERTS{alertname="PushgatewayDown",severity="critical",alertstate="firing"}'
    series = [of_all, *(absent % figure for figure in "abc"), recall, SUCCESS, CALM_SUCCESS]
    check("critical", series, {"shop": 2, "calm": 0}, tmp_path)
    check("warnings", series, {"shop": 0, "calm": 0}, tmp_path)


def test_a_model_that_never_ran_has_no_warnings_rather_than_none_known(tmp_path: Path) -> None:
    absent = 'ALERTS{alertname="FiguresAbsent",severity="critical",' + FIRING + "}"
    check("warnings", [absent, CALM_SUCCESS], {"shop": 0, "calm": 0}, tmp_path)


def test_a_row_of_the_fleet_leads_to_its_dashboard() -> None:
    panel = panel_of(fleet_board(), FleetPanel.MODELS)
    (link,) = override_of(panel, "model")["links"]
    assert link["url"] == "/d/tocsin-${__value.text}"


def test_the_fleet_s_worst_model_is_the_one_with_most_critical_alarms() -> None:
    panel = panel_of(fleet_board(), FleetPanel.MODELS)
    assert panel["options"]["sortBy"] == [
        {"displayName": "critical", "desc": True},
        {"displayName": "warnings", "desc": True},
    ]
    assert override_of(panel, "recall")["unit"] == "percentunit"
    colours = {
        title: override_of(panel, title)["thresholds"]["steps"][1]["color"]
        for title in ("critical", "warnings")
    }
    assert colours == {"critical": "red", "warnings": "orange"}


def test_models_are_called_by_their_titles_and_coloured_by_their_own_limits(
    fraud: UseCase,
) -> None:
    strict = fraud.model_copy(
        update={
            "name": "strict",
            "title": "Strict shop",
            "thresholds": Thresholds.model_validate({"recall": {"below": {"critical": 0.9}}}),
        }
    )
    board = fleet_board([fraud, strict])
    recall = panel_of(board, FleetPanel.RECALL_NOW)
    drawn = {name: override_of(recall, name) for name in ("fraud", "strict")}
    assert {name: own["displayName"] for name, own in drawn.items()} == {
        "fraud": "Card fraud",
        "strict": "Strict shop",
    }
    assert [step["value"] for step in drawn["fraud"]["thresholds"]["steps"]] == [None, 0.6, 0.8]
    assert [step["value"] for step in drawn["strict"]["thresholds"]["steps"]] == [None, 0.9]
    model = override_of(panel_of(board, FleetPanel.MODELS), "model")
    assert model["mappings"][0]["options"]["strict"]["text"] == "Strict shop"
    assert model["links"][0]["url"] == "/d/tocsin-${__value.raw}"


def test_the_fleet_knows_money_estimates_and_versions() -> None:
    (panel,) = (panel for panel in fleet_board().panels if panel.id == FleetPanel.MODELS)
    titles = {column.title for column in panel.columns}
    assert {"net saving", "est. recall", "version"} <= titles
