"""From a push to a notification: every alert delivered with all its links, and resolved."""

from monitoring.performance.intervals import Ratio
from monitoring.signals import PushGroup, publish
from tests.fixtures.eventually import eventually
from tests.signals.figures import card, estimate, feature, report_samples, verdict
from tests.signals.servers.watched import Watched


def test_a_critical_alert_reaches_webhook_and_mailbox_with_every_link_and_is_taken_back(
    watched: Watched,
) -> None:
    recall = Ratio(0.45, 0.3, 0.6)
    low = report_samples(realised=card(recall=recall), estimated=estimate(recall=recall))
    publish(low, use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    alert = eventually(lambda: watched.received.latest("RecallLow", "firing"))
    assert alert["labels"]["severity"] == "critical"
    assert alert["labels"]["use_case"] == "fraud"
    assert alert["annotations"] == {
        "summary": "Card fraud: recall below 0.6",
        "description": "The model caught 0.45 of all frauds in the newest mature window.",
        "value": "0.45 (fires below 0.6)",
        "money": "400 EUR lost to missed frauds",
        "dashboard_url": "http://tocsin.test/watch/fraud#panel-3",
        "report_url": "http://tocsin.test/reports/fraud/index.html",
        "runbook_url": "http://tocsin.test/runbook#recalllow",
    }
    mail = eventually(lambda: watched.received.mail("critical: Card fraud: recall below 0.6"))
    assert mail["To"] == "team@tocsin.test"

    publish(report_samples(), use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    eventually(lambda: watched.received.latest("RecallLow", "resolved"))


def test_a_warning_reaches_the_webhook_and_is_taken_back(watched: Watched) -> None:
    moved = feature("V1", drifted=True, effect=0.4)
    calm = tuple(feature(f"V{i}") for i in range(2, 7))
    drifted = report_samples(drift=verdict(moved, *calm))
    publish(drifted, use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    alert = eventually(lambda: watched.received.latest("DriftScoreHigh", "firing"))
    assert alert["labels"]["severity"] == "warning"
    assert alert["annotations"]["value"] == "0.17 (fires above 0.1)"

    publish(report_samples(), use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    eventually(lambda: watched.received.latest("DriftScoreHigh", "resolved"))


def test_the_watchdog_fires_and_nobody_is_notified(watched: Watched) -> None:
    barking = eventually(lambda: watched.query('ALERTS{alertname="Watchdog",alertstate="firing"}'))
    assert [alert["metric"]["severity"] for alert in barking] == ["none"]
    assert not [a for a in watched.received.alerts if a["labels"]["alertname"] == "Watchdog"]
