"""Panels of money: thresholds and their costs, sums with their currency, windows alike."""

import re

import pytest

from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import CasePanel
from monitoring.use_case import UseCase
from tests.signals.drawn import ADDRESSES, override_of, panel_of


def test_the_cost_curve_has_a_bar_per_threshold_with_the_one_in_use_and_the_cheapest(
    fraud: UseCase,
) -> None:
    panel = panel_of(case_board(fraud, ADDRESSES), CasePanel.COST_CURVE)
    assert panel["type"] == "barchart"
    assert panel["options"]["xField"] == "threshold"
    assert panel["transformations"][-1]["options"]["sort"] == [{"field": "threshold"}]
    assert override_of(panel, "in use")["color"]["fixedColor"] == "blue"
    assert override_of(panel, "cheapest")["color"]["fixedColor"] == "green"
    assert override_of(panel, "alarms")["custom.hideFrom"]["viz"] is True


@pytest.mark.parametrize(
    ("threshold", "shown"),
    [
        ("0.22203036864973075", "0.222"),
        ("0.5", "0.5"),
        ("0.9998765", "0.999"),
        ("0.00001234567", "0.0000123"),
        ("1", "1"),
        ("0", "0"),
    ],
)
def test_a_threshold_in_a_name_has_three_digits(fraud: UseCase, threshold: str, shown: str) -> None:
    used = panel_of(case_board(fraud, ADDRESSES), CasePanel.COST_CHOICE)["targets"][0]
    (pattern,) = re.findall(r'"threshold", "(.*)"\)$', used["expr"])
    found = re.fullmatch(pattern.replace("\\\\", "\\"), threshold)
    assert found is not None
    assert found[1] == shown
    assert used["legendFormat"] == "in use, {{short}}"


def test_money_has_its_thousands_parted_and_its_currency_in_its_title(fraud: UseCase) -> None:
    board = case_board(fraud, ADDRESSES)
    over_time = panel_of(board, CasePanel.MONEY_OVER_TIME)
    assert over_time["fieldConfig"]["defaults"]["unit"] == "locale"
    assert over_time["title"] == "Money per 1,000 rows (EUR)"
    impact = panel_of(board, CasePanel.IMPACT)
    assert impact["fieldConfig"]["defaults"]["unit"] == "locale"
    assert override_of(impact, "Net saving") == {
        "unit": "locale",
        "displayName": "Net saving, EUR",
        "decimals": 0,
    }
    shadow = panel_of(board, CasePanel.SHADOW)
    assert override_of(shadow, "net saving")["displayName"] == "net saving, EUR"


def test_windows_of_unlike_length_are_compared_per_1000_rows(fraud: UseCase) -> None:
    board = {panel.id: panel for panel in case_board(fraud, ADDRESSES).panels}
    for place in (CasePanel.MONEY_OVER_TIME, CasePanel.MISSED_OVER_TIME, CasePanel.ESTIMATED_COST):
        for query in board[place].queries:
            assert query.expr.startswith("1000 * (")
            of = "estimate" if query.name.startswith("Estimated cost") else "performance"
            assert f'tocsin_window_rows{{use_case="fraud",of="{of}"}}) > 0)' in query.expr
