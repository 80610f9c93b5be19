"""The catalogue: names that Prometheus likes, none twice, each one used, nothing else used."""

import re
import subprocess

import pytest
import requests

from monitoring.signals import (
    Pipeline,
    PushGroup,
    catalogue,
    class_metrics,
    hidden_metrics,
    performance_metrics,
    publish,
)
from monitoring.signals.alerts import alerts_of
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
from monitoring.signals.dashboards.panel import Board
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.links import Addresses
from monitoring.signals.metric import USE_CASE, Metric
from monitoring.signals.pipelines import GROUP_LABEL
from monitoring.signals.promql import FOREIGN
from monitoring.use_case import UseCase
from tests.fixtures.gateway import program
from tests.signals.conftest import everything, with_classes
from tests.signals.test_pushgateway import one_of_each

_SERIES = re.compile(r"\b([a-zA-Z_:][\w:]*)(?=\{)|\b(tocsin_\w+|ALERTS|up)\b")
ADDRESSES = Addresses("http://tocsin.test")


def boards(*cases: UseCase) -> list[Board]:
    return [*(case_board(case, ADDRESSES) for case in cases), fleet_board(), health_board()]


def names_in(expr: str) -> set[str]:
    return {first or second for first, second in _SERIES.findall(expr)}


def in_panels() -> set[str]:
    return {
        name
        for board in boards(everything(), with_classes())
        for panel in board.panels
        for query in panel.queries
        for name in names_in(query.expr)
    }


def in_alerts() -> set[str]:
    return {
        name
        for case in (None, everything())
        for alert in alerts_of(case)
        for expr in (alert.condition, alert.money.query if alert.money else "")
        for name in names_in(expr)
    }


def test_every_metric_is_on_a_panel_or_in_an_alert() -> None:
    assert {m.name for m in CATALOGUE} - in_panels() - in_alerts() == set()


def test_every_name_on_a_panel_or_in_an_alert_is_in_the_catalogue() -> None:
    strange = (in_panels() | in_alerts()) - {m.name for m in CATALOGUE} - set(FOREIGN)
    assert strange == set()


def test_every_declared_metric_is_in_the_catalogue_once() -> None:
    declared = [
        value
        for module in (performance_metrics, hidden_metrics, class_metrics, catalogue)
        for name, value in vars(module).items()
        if isinstance(value, Metric)
    ]
    assert set(CATALOGUE) == set(declared)
    assert len(CATALOGUE) == len(set(CATALOGUE))


def test_no_two_metrics_share_a_name_or_a_key() -> None:
    assert len({m.name for m in CATALOGUE}) == len(CATALOGUE)
    assert len({m.key for m in CATALOGUE}) == len(CATALOGUE)


def test_no_metric_has_a_label_of_the_group_it_is_pushed_in() -> None:
    of_groups = {"job", "instance", USE_CASE, GROUP_LABEL}
    assert {m.name for m in CATALOGUE if of_groups & set(m.labels)} == set()


def test_every_pipeline_has_its_parts() -> None:
    assert {part for p in Pipeline for part in (p.attempt, p.success, p.notification)} < set(
        PushGroup
    )


def test_prometheus_likes_the_names(pushgateway: str) -> None:
    publish(one_of_each(), use_case="names", group=PushGroup.REPORT, url=pushgateway)
    text = requests.get(f"{pushgateway}/metrics", timeout=5).text
    own = [line for line in text.splitlines() if "tocsin_" in line]
    done = subprocess.run(
        [program("promtool"), "check", "metrics"],
        input="\n".join([*own, ""]),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""


@pytest.mark.parametrize("metric", CATALOGUE, ids=lambda metric: metric.key)
def test_a_metric_says_what_it_is(metric: object) -> None:
    assert metric.title  # type: ignore[attr-defined]
    assert metric.help.endswith(".")  # type: ignore[attr-defined]
