"""After a demo: everything declared is published, every panel has data, every alert can speak."""

import pytest

from monitoring.rows.rows import Role
from monitoring.signals import PushGroup, publish
from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.business_alerts import business_alerts
from monitoring.signals.alerts.grafana_alerting import provisioned_groups
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.dashboards.fleet_boards import fleet_board, health_board
from monitoring.signals.dashboards.panel import NO_DATA, Board
from monitoring.signals.dashboards.performance_panels import NO_SHADOW
from monitoring.signals.dashboards.strip import NO_ALERT
from monitoring.signals.dashboards.use_case_board import ALL_JUDGED, case_board, marks
from monitoring.signals.links import HEALTH, Addresses, CasePanel, HealthPanel
from monitoring.signals.metric import Stage
from monitoring.signals.samples import retrain_samples, scorecard_samples
from monitoring.signals.statuses import RetrainDecision
from monitoring.use_case import UseCase
from tests.fixtures.eventually import eventually
from tests.signals.conftest import everything
from tests.signals.figures import card, pushed
from tests.signals.servers.watched import ABSENT_AFTER_A_DEMO, Watched

ADDRESSES = Addresses("http://tocsin.test")
SHORT_NAMES = {
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
WITHOUT_SERIES = {
    ("RunFailed", "warning"),
    ("NotificationFailed", "warning"),
    ("FiguresAbsent", "critical"),
    ("FiguresNotJudged", "warning"),
    ("DriftScoreHigh", "warning"),
}
"""Alerts whose value has a series only where something is wrong, or not yet critical."""


@pytest.fixture(scope="module")
def shop(watched: Watched) -> UseCase:
    """The use case that the demo's own steps reported on."""
    return watched.case("shop")


@pytest.fixture(scope="module")
def boards(watched: Watched) -> tuple[Board, ...]:
    """Every dashboard."""
    return (
        *(case_board(case, ADDRESSES) for case in watched.cases),
        fleet_board(watched.cases),
        health_board(watched.cases),
    )


def test_what_runs_publish_is_the_catalogue_no_less_and_no_more(watched: Watched) -> None:
    answer = watched.query('{__name__=~"tocsin_.+",use_case="shop",job="tocsin"}')
    declared = {metric.name for metric in CATALOGUE if metric not in ABSENT_AFTER_A_DEMO}
    assert {series["metric"]["__name__"] for series in answer} == declared


def test_a_run_s_series_have_the_labels_that_the_catalogue_declares(watched: Watched) -> None:
    of_groups = {"__name__", "job", "use_case", "part", "instance"}
    answer = watched.query('{__name__=~"tocsin_.+",use_case="shop"}')
    labels = {(s["metric"]["__name__"], frozenset(s["metric"]) - of_groups) for s in answer}
    there = [metric for metric in CATALOGUE if metric not in ABSENT_AFTER_A_DEMO]
    assert labels == {(metric.name, frozenset(metric.labels)) for metric in there}


def test_the_eleven_short_names_of_fraud_are_recorded(watched: Watched) -> None:
    values = {name: watched.query(f'{name}{{use_case="fraud"}}') for name in SHORT_NAMES}
    assert {name for name, recorded in values.items() if len(recorded) != 1} == set()
    assert float(values["frauds_missed_count"][0]["value"][1]) == 4
    assert float(values["fraud_detection_rate"][0]["value"][1]) == 0.9


def test_no_panel_is_empty(boards: tuple[Board, ...], watched: Watched) -> None:
    empty = {
        (board.uid, panel.title, query.expr)
        for board in boards
        for panel in board.panels
        for query in panel.queries
        if panel.nothing == NO_DATA and not query.optional and not watched.query(query.expr)
    }
    assert {(board, title) for board, title, _ in empty} == set()


def test_panels_that_may_be_empty_say_why(boards: tuple[Board, ...], watched: Watched) -> None:
    empty = {
        (board.uid, panel.id): panel.nothing
        for board in boards
        for panel in board.panels
        if not any(watched.query(query.expr) for query in panel.queries)
    }
    assert empty == {
        ("tocsin-fraud", CasePanel.STATUS): ALL_JUDGED,
        ("tocsin-shop", CasePanel.STATUS): ALL_JUDGED,
        ("tocsin-fraud", CasePanel.ALERTS): NO_ALERT,
        (HEALTH, HealthPanel.FAILED_PUSHES): "no push was rejected",
        (HEALTH, HealthPanel.BROKEN_USE_CASES): "every file can be read",
        (HEALTH, HealthPanel.REQUESTS): "nobody asked the API",
        (HEALTH, HealthPanel.ANSWER_TIME): "nobody asked the API",
        (HEALTH, HealthPanel.REFUSED): "no request was refused",
        (HEALTH, HealthPanel.DECISIONS): "nobody asked the API",
        (HEALTH, HealthPanel.UNSEEN): "no category was new",
        (HEALTH, HealthPanel.ARM_FAILURES): "no arm failed",
        (HEALTH, HealthPanel.VERSIONS): "nobody asked the API",
        ("tocsin-shop", CasePanel.COST_OF_DRIFT): "No feature of the model drifted, or no cost "
        "could be estimated or divided",
        ("tocsin-shop", CasePanel.GATE_CHANGE): "no challenger was compared with a champion yet",
    }


def test_where_no_challenger_scores_the_table_beside_the_champion_says_so(
    watched: Watched, fraud: UseCase
) -> None:
    def models() -> set[str]:
        (panel,) = (p for p in case_board(fraud, ADDRESSES).panels if p.id == CasePanel.SHADOW)
        answer = (series for query in panel.queries for series in watched.query(query.expr))
        return {series["metric"]["role"] for series in answer}

    assert models() == {"champion", NO_SHADOW}
    shadow = scorecard_samples(card(), stage=Stage.PRODUCTION, role=Role.SHADOW, capacity=400)
    report = pushed()[PushGroup.REPORT]
    publish((*report, *shadow), use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    eventually(lambda: models() == {"champion", "shadow"})
    publish(report, use_case="fraud", group=PushGroup.REPORT, url=watched.pushgateway)
    eventually(lambda: models() == {"champion", NO_SHADOW})


def test_a_promotion_is_marked_where_it_happened(watched: Watched, shop: UseCase) -> None:
    promotions, others = marks(shop)
    (answer,) = watched.query(promotions.expr)
    assert answer["metric"] == {"version": "1"}
    assert watched.query(others.expr) == []


def test_a_retrain_that_kept_the_champion_is_marked_when_it_said_so(
    watched: Watched, fraud: UseCase
) -> None:
    _, others = marks(fraud)
    kept = retrain_samples(
        decision=RetrainDecision.KEPT_CHAMPION,
        reason="drift",
        new_labelled=0,
        waiting_for_labels=False,
    )
    publish(kept, use_case="fraud", group=PushGroup.RETRAIN, url=watched.pushgateway)
    (answer,) = eventually(lambda: watched.query(others.expr))
    publish(
        pushed()[PushGroup.RETRAIN],
        use_case="fraud",
        group=PushGroup.RETRAIN,
        url=watched.pushgateway,
    )
    assert answer["metric"] == {"decision": "kept champion", "reason": "drift"}
    assert float(answer["value"][1]) == pytest.approx(float(answer["value"][0]), abs=60)


def test_every_alert_s_value_is_there(watched: Watched, shop: UseCase) -> None:
    alerts = alerts_of(shop)
    without_series = {
        (alert.name, alert.severity_label) for alert in alerts if not watched.query(alert.value)
    }
    assert without_series == WITHOUT_SERIES


def test_exactly_the_injected_drift_fires(watched: Watched, shop: UseCase) -> None:
    firing = {
        (alert.name, alert.severity_label)
        for alert in alerts_of(shop)
        if watched.query(alert.condition)
    }
    assert firing == {("DriftScoreHigh", "critical")}


def test_good_figures_fire_nothing(watched: Watched, fraud: UseCase) -> None:
    firing = [alert for alert in alerts_of(fraud) if watched.query(alert.condition)]
    assert firing == []


def test_every_alert_on_a_figure_knows_what_it_costs(watched: Watched, shop: UseCase) -> None:
    for alert in business_alerts(shop):
        assert alert.money is not None
        assert len(watched.query(alert.money.query)) == 1, alert.name


def test_money_that_is_not_known_leaves_no_rule_of_grafana_without_data(
    watched: Watched, fraud: UseCase
) -> None:
    never_seen = everything()
    for case, known in ((fraud, True), (never_seen, False)):
        files = provisioned_groups({"x": alerts_of(case)}, ADDRESSES, paused=False)
        (group,) = files["x"]["groups"]
        money = [q["model"]["expr"] for r in group["rules"] for q in r["data"] if q["refId"] == "D"]
        assert money
        for expr in money:
            (answer,) = watched.query(expr)
            assert (float(answer["value"][1]) >= 0) is known


def test_prometheus_found_nothing_wrong_with_any_rule(watched: Watched) -> None:
    def evaluated() -> dict[str, str] | None:
        answer = watched.get("/api/v1/rules")
        rules = {
            f"{group['name']}/{rule['name']}": f"{rule['health']} {rule.get('lastError', '')}"
            for group in answer["groups"]
            for rule in group["rules"]
        }
        return None if any(health.startswith("unknown") for health in rules.values()) else rules

    health = eventually(evaluated)
    assert {name: said for name, said in health.items() if said != "ok "} == {}
    assert len(health) > len(alerts_of(None))
