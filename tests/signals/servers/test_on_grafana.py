"""On a real Grafana: provisioned without errors, every query answered, every alert notified."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from monitoring.performance.intervals import Ratio
from monitoring.settings import Settings
from monitoring.signals import PushGroup, publish
from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.delivery import Delivery, Mail, Notifier, Pace
from monitoring.signals.alerts.grafana_alerting import INTERVAL
from monitoring.signals.dashboards.panel import NO_DATA
from monitoring.signals.dashboards.use_case_board import case_board
from monitoring.signals.generated_files import grafana_files
from monitoring.signals.links import FLEET, HEALTH, Addresses, CasePanel
from tests.fixtures.eventually import eventually
from tests.fixtures.grafana import Grafana, running_grafana
from tests.signals.drawn import panels_in
from tests.signals.figures import card, estimate, report_samples
from tests.signals.servers.watched import Received, Watched, listening

pytestmark = pytest.mark.grafana

CAUGHT = "The model caught 18 of 40 frauds (45%, limit 60%) in the newest mature window."
SHORTEST = Pace(timedelta(seconds=1), timedelta(seconds=10), timedelta(hours=1))


@pytest.fixture(scope="module")
def received_and_grafana(
    grafana_command: tuple[str, ...], watched: Watched, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Received, Grafana]]:
    """Grafana over the watched Prometheus, and what it sends."""
    folder = tmp_path_factory.mktemp("grafana")
    with listening() as (received, webhook, mailbox):
        environment = Settings(
            prometheus_url=watched.prometheus,
            webhook_url=SecretStr(webhook),
            smtp_host=mailbox,
            smtp_tls=False,
        )
        delivery = Delivery(
            notifier=Notifier.GRAFANA,
            addresses=Addresses("http://tocsin.test", "http://grafana.test"),
            webhook=SecretStr(webhook),
            mail=Mail(mailbox, "tocsin@tocsin.test", ("team@tocsin.test",), tls=False),
            critical=SHORTEST,
            warning=SHORTEST,
        )
        boards = str(folder / "grafana" / "dashboards")
        files = grafana_files(watched.cases, delivery, dashboards=boards)
        quick = {
            path: text.replace(f"interval: {INTERVAL}", "interval: 10s")
            for path, text in files.items()
        }
        with running_grafana(grafana_command, folder, quick, environment) as grafana:
            yield received, grafana


@pytest.fixture
def grafana(received_and_grafana: tuple[Received, Grafana]) -> Grafana:
    """The running Grafana."""
    return received_and_grafana[1]


@pytest.fixture
def received(received_and_grafana: tuple[Received, Grafana]) -> Received:
    """What Grafana sends."""
    return received_and_grafana[0]


@pytest.fixture
def boards(grafana: Grafana, watched: Watched) -> list[dict[str, Any]]:
    """Every dashboard, once all are loaded."""
    uids = {f"tocsin-{case.name}" for case in watched.cases} | {FLEET, HEALTH}

    def loaded() -> bool:
        return {board["uid"] for board in grafana.get("/api/search?type=dash-db")} == uids

    eventually(loaded)
    return [grafana.get(f"/api/dashboards/uid/{uid}")["dashboard"] for uid in sorted(uids)]


def rules(grafana: Grafana) -> dict[str, dict[str, Any]]:
    groups = grafana.get("/api/prometheus/grafana/api/v1/rules")["data"]["groups"]
    return {rule["name"]: rule for group in groups for rule in group["rules"]}


def test_everything_is_provisioned_without_a_complaint(
    grafana: Grafana, boards: list[dict[str, Any]], watched: Watched
) -> None:
    declared = [alert for case in (None, *watched.cases) for alert in alerts_of(case)]
    assert len(rules(grafana)) == len(declared)
    points = grafana.get("/api/v1/provisioning/contact-points")
    assert {point["name"] for point in points} == {"email receiver", "tocsin"}
    assert len(boards) == len(watched.cases) + 2
    assert grafana.complaints() == []


def test_every_query_of_every_panel_is_answered(
    grafana: Grafana, boards: list[dict[str, Any]], watched: Watched
) -> None:
    panels = [(b, p) for b in boards for p in panels_in(b) if p["type"] != "row"]
    declared = [case_board(case, Addresses("http://tocsin.test")) for case in watched.cases]
    at_times = {
        query.expr
        for board in declared
        for panel in board.panels
        for query in panel.queries
        if query.optional
    }

    def empty() -> list[tuple[str, str, str]]:
        return [
            (board["uid"], panel["title"], target)
            for board, panel in panels
            if panel["fieldConfig"]["defaults"]["noValue"] == NO_DATA
            for target in unanswered(grafana, panel["targets"])
            if target not in at_times
        ]

    eventually(lambda: not empty())
    for _, panel in panels:
        answered = grafana.answers(panel["targets"])
        errors = {letter: a["error"] for letter, a in answered.items() if "error" in a}
        assert errors == {}, panel["title"]


def unanswered(grafana: Grafana, targets: list[dict[str, Any]]) -> list[str]:
    answered = grafana.answers(targets)
    return [
        target["expr"]
        for target in targets
        if not any(
            values
            for frame in answered[target["refId"]].get("frames", [])
            for values in frame["data"]["values"]
        )
    ]


def test_every_rule_is_evaluated_without_an_error(grafana: Grafana) -> None:
    def evaluated() -> dict[str, dict[str, Any]] | None:
        evaluated_rules = rules(grafana)
        done = all(not r["lastEvaluation"].startswith("0001") for r in evaluated_rules.values())
        return evaluated_rules if done else None

    by_name = eventually(evaluated)
    assert {name: r.get("lastError") for name, r in by_name.items() if r["health"] == "error"} == {}
    firing = {name for name, rule in by_name.items() if rule["state"] == "firing"}
    assert {name.rpartition(" (")[0] for name in firing} == {
        "Alert delivery works",
        "Tiny shop: drift score above 30%",
    }


def test_a_critical_alert_reaches_webhook_and_mailbox_with_every_link_and_is_taken_back(
    received: Received, watched: Watched
) -> None:
    recall = Ratio(0.45, 0.3, 0.6)
    low = report_samples(
        realised=card(recall=recall, detected=18), estimated=estimate(recall=recall)
    )
    publish(low, use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    try:
        alert = eventually(lambda: received.latest("RecallLow", "firing"))
    finally:
        publish(report_samples(), use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    assert alert["labels"]["severity"] == "critical"
    annotations = {k: v for k, v in alert["annotations"].items() if not k.startswith("__")}
    assert annotations == {
        "summary": "Card fraud: recall below 60%",
        "description": CAUGHT,
        "value": "45% (limit 60%)",
        "money": "EUR 400 lost to missed frauds",
        "dashboard_url": "http://grafana.test/d/tocsin-fraud?viewPanel=3",
        "report_url": "http://tocsin.test/reports/fraud/index.html",
        "runbook_url": "http://tocsin.test/runbook#recalllow",
    }
    assert "/d/tocsin-fraud" in alert["dashboardURL"]
    assert f"viewPanel={CasePanel.ALERTS:d}" in alert["panelURL"]
    mail = eventually(lambda: received.mail("critical: Card fraud: recall below 60%"))
    assert mail["To"] == "team@tocsin.test"
    assert CAUGHT in mail.as_string().replace("=\n", "")
    post = next(one for one in received.posts if alert in one["alerts"])
    assert post["title"] == "critical: Card fraud: recall below 60%"
    assert post["message"].splitlines()[1:3] == [CAUGHT, "EUR 400 lost to missed frauds"]
    eventually(lambda: received.latest("RecallLow", "resolved"))


def test_the_watchdog_barks_and_nobody_is_notified(grafana: Grafana, received: Received) -> None:
    def barking() -> list[dict[str, Any]]:
        alerts = grafana.get("/api/alertmanager/grafana/api/v2/alerts")
        return [alert for alert in alerts if alert["labels"].get("alert") == "Watchdog"]

    (alert,) = eventually(barking)
    assert alert["labels"]["severity"] == "none"
    assert not [a for a in received.alerts if a["labels"].get("alert") == "Watchdog"]
