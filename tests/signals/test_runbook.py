"""The runbook has an entry for each alert there can be, and for nothing else."""

import re

import pytest

from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.alert import Alert
from monitoring.signals.alerts.alert_text import PrometheusForm, texts
from monitoring.signals.alerts.message_template import UNREACHABLE
from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import Addresses, anchor
from monitoring.signals.thresholds import METRICS, business_thresholds
from monitoring.use_case import Severity
from tests.signals.conftest import everything
from tests.signals.servers.watched import ROOT

RUNBOOK = (ROOT / "docs" / "how-to" / "runbook.md").read_text(encoding="utf-8")
ENTRIES = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL))
ALERTS = {alert.name: alert for case in (None, everything()) for alert in alerts_of(case)}


def test_every_metric_that_may_have_a_threshold_has_one_here() -> None:
    assert {t.metric for t in business_thresholds(everything())} == set(METRICS.values())


def test_no_alert_is_missing_and_no_entry_is_left_over() -> None:
    assert set(ENTRIES) == {*ALERTS, UNREACHABLE}


@pytest.mark.parametrize("name", ENTRIES)
def test_an_entry_says_what_it_means_and_how_to_check_fix_and_prove_it(name: str) -> None:
    order = re.findall(r"^\*\*(.+?)\.\*\*", ENTRIES[name], re.MULTILINE)
    assert order == ["Means", "Check", "Fix", "Prove"]


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_an_alert_links_to_its_own_entry(alert: Alert) -> None:
    link = texts(alert, PrometheusForm(), Addresses("https://tocsin.test/"))["runbook_url"]
    assert link == f"https://tocsin.test/runbook#{anchor(alert.name)}"


def test_links_inside_the_runbook_lead_somewhere() -> None:
    anchors = {anchor(name) for name in ENTRIES}
    assert set(re.findall(r"\]\(#(\w+)\)", RUNBOOK)) <= anchors


def test_every_panel_that_the_runbook_names_exists() -> None:
    boards = [case_board(everything(), Addresses("http://tocsin.test"))]
    boards += [fleet_board(), health_board()]
    titles = {board.title for board in boards}
    titles |= {panel.title for board in boards for panel in board.panels}
    queries = {q.name for board in boards for panel in board.panels for q in panel.queries}
    named = set(re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", RUNBOOK.replace("\n", " ")))
    assert named - titles - queries - {str(severity) for severity in Severity} == set()
