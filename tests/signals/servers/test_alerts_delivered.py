"""From a push to a notification: every alert delivered with all its links, and resolved."""

from monitoring.performance.intervals import Ratio
from monitoring.signals import PushGroup, publish
from tests.fixtures.eventually import eventually
from tests.fixtures.mailbox import parts_of
from tests.signals.figures import card, estimate, feature, report_samples, verdict
from tests.signals.servers.watched import Watched

CAUGHT = "The model caught 18 of 40 frauds (45%, limit 60%) in the newest mature window."


def test_a_critical_alert_reaches_webhook_and_mailbox_with_every_link_and_is_taken_back(
    watched: Watched,
) -> None:
    recall = Ratio(0.45, 0.3, 0.6)
    low = report_samples(
        realised=card(recall=recall, detected=18), estimated=estimate(recall=recall)
    )
    publish(low, use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    alert = eventually(lambda: watched.received.latest("RecallLow", "firing"))
    assert alert["labels"]["severity"] == "critical"
    assert alert["labels"]["use_case"] == "fraud"
    assert alert["annotations"] == {
        "summary": "Card fraud: recall below 60%",
        "description": CAUGHT,
        "value": "45% (limit 60%)",
        "money": "EUR 400 lost to missed frauds",
        "dashboard_url": "http://tocsin.test/watch/fraud#panel-3",
        "report_url": "http://tocsin.test/reports/fraud/index.html",
        "runbook_url": "http://tocsin.test/runbook#recalllow",
    }
    mail = eventually(lambda: watched.received.mail("critical: Card fraud: recall below 60%"))
    assert mail["To"] == "team@tocsin.test"
    plain, page = parts_of(mail)
    assert plain.splitlines()[:3] == [
        "Card fraud: recall below 60%",
        CAUGHT,
        "EUR 400 lost to missed frauds",
    ]
    assert "http://tocsin.test/runbook#recalllow" in page

    publish(report_samples(), use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    eventually(lambda: watched.received.latest("RecallLow", "resolved"))


def test_a_warning_reaches_the_webhook_and_is_taken_back(watched: Watched) -> None:
    one = feature("V1", drifted=True, effect=0.4)
    calm = tuple(feature(f"V{i}") for i in range(2, 7))
    drifted = report_samples(drift=verdict(one, *calm))
    publish(drifted, use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    alert = eventually(lambda: watched.received.latest("DriftScoreHigh", "firing"))
    assert alert["labels"]["severity"] == "warning"
    moved = "1 of 6 features (16.67%, limit 10%)"
    assert alert["annotations"]["description"] == f"No longer distributed as in training: {moved}."

    publish(report_samples(), use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    eventually(lambda: watched.received.latest("DriftScoreHigh", "resolved"))


def test_the_watchdog_fires_and_nobody_is_notified(watched: Watched) -> None:
    barking = eventually(lambda: watched.query('ALERTS{alertname="Watchdog",alertstate="firing"}'))
    assert [alert["metric"]["severity"] for alert in barking] == ["none"]
    assert not [a for a in watched.received.alerts if a["labels"]["alertname"] == "Watchdog"]
