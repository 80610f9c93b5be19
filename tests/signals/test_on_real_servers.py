"""From a push to a person: every query answered, every alert delivered and taken back."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from monitoring.performance.types import Ratio
from monitoring.signals import Part, Pipeline, publish, publish_attempt, publish_success
from monitoring.signals.alerts.addresses import Addresses
from monitoring.signals.alerts.declared import alerts_of
from monitoring.signals.alerts.grafana import provisioned_group
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.dashboards.case import case_board
from monitoring.signals.dashboards.fleet import fleet_board
from monitoring.signals.dashboards.health import health_board
from monitoring.signals.dashboards.panel import NO_DATA, Panel
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case
from tests.signals.conftest import everything
from tests.signals.figures import card, estimate, feature, pushed, report_samples, verdict
from tests.signals.watched import Watched, until, watching

ADDRESSES = Addresses("http://tocsin.test")


@pytest.fixture(scope="module")
def watched(fraud: UseCase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The stack, after a retrain and a report of the fraud model that went well."""
    with watching(tmp_path_factory.mktemp("watched"), fraud) as stack:
        for part in (Part.MODEL, Part.RETRAIN, Part.REPORT):
            publish(pushed()[part], use_case="fraud", part=part, url=stack.pushgateway)
        for pipeline in Pipeline:
            now = datetime.now(UTC)
            publish_attempt("fraud", pipeline, now, url=stack.pushgateway)
            publish_success("fraud", pipeline, now, url=stack.pushgateway)
        until(lambda: stack.query("max_feature_drift"))
        until(lambda: stack.query('ALERTS{alertname="Watchdog"}'))
        yield stack


def test_every_metric_of_the_catalogue_is_scraped_with_its_use_case(watched: Watched) -> None:
    found = {
        series["metric"]["__name__"]
        for series in watched.query('{__name__=~"tocsin_.+",use_case="fraud",job="tocsin"}')
    }
    assert found == {metric.name for metric in CATALOGUE}


def test_the_brief_s_eleven_names_are_there(watched: Watched) -> None:
    names = {
        "test_fraud_f1",
        "test_fraud_precision",
        "test_fraud_recall",
        "fraud_detection_rate",
        "frauds_detected_count",
        "frauds_missed_count",
        "false_alarm_rate",
        "false_alarms_count",
        "drift_score",
        "n_drifted_features",
        "max_feature_drift",
    }
    values = {name: watched.query(name) for name in names}
    assert {name for name, found in values.items() if len(found) != 1} == set()
    assert float(values["frauds_missed_count"][0]["value"][1]) == 4
    assert float(values["fraud_detection_rate"][0]["value"][1]) == 0.9


def panels() -> list[Panel]:
    boards = (
        case_board(find_use_case("fraud"), ADDRESSES),
        fleet_board(),
        health_board(),
    )
    return [panel for board in boards for panel in board.panels]


@pytest.mark.parametrize("panel", panels(), ids=lambda panel: panel.title)
def test_no_panel_is_empty(panel: Panel, watched: Watched) -> None:
    empty = [query.expr for query in panel.queries if not watched.query(query.expr)]
    meant_to_be = [query.expr for query in panel.queries] if panel.nothing != NO_DATA else []
    assert empty == meant_to_be


def test_marks_of_promotions_have_their_time(watched: Watched, fraud: UseCase) -> None:
    (mark,) = case_board(fraud, ADDRESSES).marks
    (found,) = watched.query(mark.expr)
    assert found["metric"] == {"version": "3"}


def test_every_alert_s_queries_are_understood_and_none_fires(
    watched: Watched, fraud: UseCase
) -> None:
    for alert in alerts_of(fraud):
        watched.query(alert.guarded_value)
        assert watched.query(alert.condition) == [], alert.name
        if alert.money is not None:
            assert len(watched.query(alert.money.query)) == 1, alert.name


def test_money_that_is_not_known_leaves_no_rule_of_grafana_without_data(
    watched: Watched, fraud: UseCase
) -> None:
    never_seen = everything()
    for case, known in ((fraud, True), (never_seen, False)):
        group = provisioned_group("x", alerts_of(case), ADDRESSES, paused=False)["groups"][0]
        money = [q["model"]["expr"] for r in group["rules"] for q in r["data"] if q["refId"] == "D"]
        assert money
        for expr in money:
            (found,) = watched.query(expr)
            assert (float(found["value"][1]) >= 0) is known


def test_a_critical_alert_reaches_webhook_and_mailbox_with_every_link_and_is_taken_back(
    watched: Watched,
) -> None:
    recall = Ratio(0.45, 0.3, 0.6)
    low = report_samples(realised=card(recall=recall), estimated=estimate(recall=recall))
    publish(low, use_case="fraud", part=Part.REPORT, url=watched.pushgateway)
    alert = until(lambda: watched.told.latest("RecallLow", "firing"))
    assert alert["labels"]["severity"] == "critical"
    assert alert["labels"]["use_case"] == "fraud"
    assert alert["annotations"] == {
        "summary": "Card fraud: recall below 0.6",
        "description": "The model caught 0.45 of all frauds in the newest mature window.",
        "value": "0.45 (alarm below 0.6)",
        "money": "400 EUR lost to missed frauds",
        "dashboard_url": "http://tocsin.test/watch/fraud#panel-3",
        "report_url": "http://tocsin.test/reports/fraud/index.html",
        "runbook_url": "http://tocsin.test/runbook#recalllow",
    }
    mail = until(lambda: next(iter(watched.told.mails), None))
    assert mail["Subject"] == "critical: Card fraud: recall below 0.6"
    assert mail["To"] == "team@tocsin.test"

    publish(report_samples(), use_case="fraud", part=Part.REPORT, url=watched.pushgateway)
    until(lambda: watched.told.latest("RecallLow", "resolved"))


def test_a_warning_reaches_the_webhook_and_is_taken_back(watched: Watched) -> None:
    moved = feature("V1", drifted=True, effect=0.4)
    calm = tuple(feature(f"V{i}") for i in range(2, 7))
    drifted = report_samples(drift=verdict(moved, *calm))
    publish(drifted, use_case="fraud", part=Part.REPORT, url=watched.pushgateway)
    alert = until(lambda: watched.told.latest("DriftScoreHigh", "firing"))
    assert alert["labels"]["severity"] == "warning"
    assert alert["annotations"]["value"] == "0.17 (alarm above 0.1)"

    publish(report_samples(), use_case="fraud", part=Part.REPORT, url=watched.pushgateway)
    until(lambda: watched.told.latest("DriftScoreHigh", "resolved"))


def test_the_watchdog_fires_and_nobody_hears_it(watched: Watched) -> None:
    (barking,) = watched.query('ALERTS{alertname="Watchdog",alertstate="firing"}')
    assert barking["metric"]["severity"] == "none"
    assert watched.told.latest("Watchdog", "firing") is None
