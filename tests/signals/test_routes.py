"""Who is notified, through which channel and how soon: the same by Alertmanager and by Grafana."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from grafana_foundation_sdk.models.alerting import Rule
from pydantic import SecretStr

from monitoring.settings import Settings
from monitoring.signals.alerts import alerts_of, grafana_alerting
from monitoring.signals.alerts.business_alerts import business_alerts
from monitoring.signals.alerts.delivery import CRITICAL, Delivery, Mail, Notifier, delivery_of
from monitoring.signals.alerts.grafana_alerting import INTERVAL, provisioned_groups
from monitoring.signals.alerts.prometheus_alerting import alertmanager_config
from monitoring.signals.links import Addresses
from monitoring.stack.folders import DEPLOYMENT
from monitoring.use_case import Severity, UseCase
from tests.fixtures.gateway import alertmanager_config_in, program
from tests.signals.conftest import everything
from tests.signals.programs import run

ADDRESSES = Addresses("http://tocsin.test")
ALL = Delivery(
    notifier=Notifier.ALERTMANAGER,
    webhook=SecretStr("http://hook.test"),
    slack=SecretStr("http://slack.test"),
    heartbeat=SecretStr("http://pulse.test"),
    mail=Mail("mail.test:25", "tocsin@tocsin.test", ("a@tocsin.test", "b@tocsin.test")),
)


def rules(*, paused: bool = False) -> list[dict[str, Any]]:
    groups = [
        provisioned_groups({"x": alerts_of(case)}, ADDRESSES, paused=paused)["x"]["groups"][0]
        for case in (None, everything())
    ]
    return [rule for group in groups for rule in group["rules"]]


def receiver(config: dict[str, Any], name: str) -> dict[str, Any]:
    receiver: dict[str, Any] = next(r for r in config["receivers"] if r["name"] == name)
    return receiver


@pytest.mark.parametrize(
    "delivery",
    [Delivery(), ALL, replace(ALL, slack=None, heartbeat=None, mail=None)],
    ids=["silent", "all", "webhook"],
)
def test_alertmanager_accepts_its_configuration(delivery: Delivery, tmp_path: Path) -> None:
    path = alertmanager_config_in(tmp_path, delivery)
    assert "SUCCESS" in run(program("amtool"), "check-config", path)


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["severity=critical", "use_case=fraud"], "team"),
        (["severity=warning", "use_case=fraud"], "team"),
        (["severity=none"], "heartbeat"),
    ],
)
def test_alertmanager_routes_by_severity(labels: list[str], receiver: str, tmp_path: Path) -> None:
    path = alertmanager_config_in(tmp_path, ALL)
    answer = run(program("amtool"), "config", "routes", "test", f"--config.file={path}", *labels)
    assert answer.splitlines()[0] == receiver


def test_only_channels_that_are_set_are_there() -> None:
    team = receiver(alertmanager_config(ALL), "team")
    assert set(team) == {"name", "webhook_configs", "slack_configs", "email_configs"}
    hook = receiver(alertmanager_config(replace(ALL, slack=None, mail=None)), "team")
    assert set(hook) == {"name", "webhook_configs"}


def test_only_one_of_the_two_notifies() -> None:
    by_grafana = replace(ALL, notifier=Notifier.GRAFANA)
    assert set(receiver(alertmanager_config(by_grafana), "team")) == {"name"}
    assert len(grafana_alerting.contact_points(by_grafana)["contactPoints"]) == 2
    assert grafana_alerting.contact_points(ALL)["contactPoints"] == []
    assert grafana_alerting.policies(ALL)["policies"][0]["receiver"] == "grafana-default-email"


def test_both_have_the_same_routes_at_the_same_pace() -> None:
    manager = alertmanager_config(ALL)["route"]
    grafana = grafana_alerting.policies(replace(ALL, notifier=Notifier.GRAFANA))["policies"][0]
    for pace in ("group_wait", "group_interval", "repeat_interval", "group_by"):
        assert manager[pace] == grafana[pace]
    blind, *routes = grafana["routes"]  # Alertmanager is told by Prometheus alone
    assert blind["object_matchers"] == [["alertname", "=", "DatasourceError"]]
    for mine, theirs in zip(manager["routes"], routes, strict=True):
        (matcher,) = theirs["object_matchers"]
        assert mine["matchers"] == [f'{matcher[0]}="{matcher[2]}"']
        assert mine["repeat_interval"] == theirs["repeat_interval"]


def test_a_warning_is_told_within_minutes_and_then_once_a_day() -> None:
    route = alertmanager_config(ALL)["route"]
    assert (route["group_by"], route["repeat_interval"]) == (["use_case"], "1d")
    assert (route["group_wait"], route["group_interval"]) == ("1m", "5m")


def test_a_restart_of_prometheus_is_no_message_and_its_end_is_one_of_all_rules() -> None:
    policy = grafana_alerting.policies(replace(ALL, notifier=Notifier.GRAFANA))["policies"][0]
    blind = policy["routes"][0]
    assert (blind["group_by"], blind["group_wait"]) == (["alertname"], "2m")


def test_a_critical_figure_is_told_within_a_minute_however_its_push_falls() -> None:
    # What joins the first of a group waits for the group's next turn, and comes together.
    assert CRITICAL.interval <= timedelta(minutes=2)
    turn = CRITICAL.wait.total_seconds()
    shipped = yaml.safe_load((DEPLOYMENT / "prometheus.yml").read_text(encoding="utf-8"))["global"]
    scrape, rules = (_seconds(shipped[f"{what}_interval"]) for what in ("scrape", "evaluation"))
    assert scrape + rules + turn <= 50
    assert scrape + _seconds(INTERVAL) + turn <= 50
    held = {alert.hold for alert in business_alerts(everything())}
    assert held == {timedelta(0)}


def _seconds(text: str) -> int:
    return int(text.removesuffix("s"))


def test_without_a_heartbeat_the_watchdog_is_muted() -> None:
    quiet = replace(ALL, notifier=Notifier.GRAFANA, heartbeat=None)
    watchdog = grafana_alerting.policies(quiet)["policies"][0]["routes"][1]
    timings = [timing["name"] for timing in grafana_alerting.mute_timings()["muteTimes"]]
    assert watchdog["mute_time_intervals"] == timings


@pytest.mark.parametrize(
    "delivery",
    [Delivery(notifier=Notifier.GRAFANA), ALL],
    ids=["no channel", "alertmanager notifies"],
)
def test_where_grafana_tells_no_one_it_does_not_try_to(delivery: Delivery) -> None:
    routes = grafana_alerting.policies(delivery)["policies"][0]["routes"]
    matched = {route["object_matchers"][0][2] for route in routes}
    assert matched == {"DatasourceError", *(alert["labels"]["severity"] for alert in rules())}
    assert all(route["mute_time_intervals"] == ["always"] for route in routes)


def test_where_grafana_notifies_no_alarm_is_muted() -> None:
    routes = grafana_alerting.policies(replace(ALL, notifier=Notifier.GRAFANA))["policies"][0]
    assert all("mute_time_intervals" not in route for route in routes["routes"])


def test_every_rule_is_there_in_both_forms_under_an_identity_of_its_own() -> None:
    alerts = [alert for case in (None, everything()) for alert in alerts_of(case)]
    written = rules()
    assert [rule["labels"]["alert"] for rule in written] == [alert.name for alert in alerts]
    assert len({rule["uid"] for rule in written}) == len(written)
    assert len({rule["title"] for rule in written}) == len(written)
    assert all(len(rule["uid"]) <= 40 and len(rule["title"]) <= 190 for rule in written)


def test_both_forms_compare_the_same_value_with_the_same_limit() -> None:
    alerts = [alert for case in (None, everything()) for alert in alerts_of(case)]
    for alert, rule in zip(alerts, rules(), strict=True):
        models = {query["refId"]: query["model"] for query in rule["data"]}
        (condition,) = models["C"]["conditions"]
        evaluator = condition["evaluator"]
        sign = {"lt": "<", "gt": ">"}[evaluator["type"]]
        (limit,) = evaluator["params"]
        compared = f"{alert.value} {sign} {limit:g}"
        assert " ".join((alert.value, *alert.guards)) in models["A"]["expr"]
        assert alert.condition == " ".join((compared, *alert.guards))
        assert (models["B"]["expression"], models["C"]["expression"]) == ("A", "B")


def test_no_result_repeats_a_label_that_its_rule_sets() -> None:
    for rule in rules():
        own = [name for name in rule["labels"] if name not in ("alert", "severity")]
        measured = [query["model"]["expr"] for query in rule["data"] if query["refId"] in "AD"]
        if own:
            assert all(q.startswith(f"max without ({', '.join(own)}) (") for q in measured)


def test_no_data_is_left_to_the_absence_alert_and_errors_are_alerts() -> None:
    states = {rule["labels"]["alert"]: rule["noDataState"] for rule in rules()}
    assert states.pop("Watchdog") == "Alerting"
    assert set(states.values()) == {"OK"}
    assert {rule["execErrState"] for rule in rules()} == {"Error"}


def test_templates_are_safe_where_there_is_no_value() -> None:
    for rule in rules():
        for text in rule["annotations"].values():
            for used in re.finditer(r"\$values\.(\w)", text):
                guards = f"{{{{ with $values.{used[1]} }}}}", f"and $values.{used[1]} (ge "
                assert any(guard in text for guard in guards)
                letters = {query["refId"] for query in rule["data"]}
                assert used[1] in letters, rule["title"]


def test_grafana_s_rules_only_stand_there_where_alertmanager_notifies() -> None:
    assert {rule["isPaused"] for rule in rules(paused=True)} == {True}
    assert {rule["isPaused"] for rule in rules()} == {False}


def test_the_sdk_reads_back_the_rules_it_wrote() -> None:
    for rule in rules():
        read = Rule.from_json({**rule, "folderUID": "", "orgID": 1, "ruleGroup": ""})
        assert (read.title, read.uid, read.condition) == (rule["title"], rule["uid"], "C")
        assert len(read.data) == len(rule["data"])


def test_settings_say_who_notifies_and_where_links_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_NOTIFIER", "alertmanager")
    monkeypatch.setenv("TOCSIN_SMTP_HOST", "mail.test:25")
    monkeypatch.setenv("TOCSIN_SMTP_TO", "a@tocsin.test, b@tocsin.test")
    monkeypatch.setenv("TOCSIN_GRAFANA_URL", "http://grafana.test/")
    delivery = delivery_of(Settings())
    assert delivery.notifier is Notifier.ALERTMANAGER
    assert delivery.mail is not None
    assert delivery.mail.to == ("a@tocsin.test", "b@tocsin.test")
    low = next(a for a in alerts_of(everything()) if a.name == "RecallLow")
    board = "http://grafana.test/d/tocsin-everything?viewPanel=3"
    assert delivery.addresses.panel(low.link, low.use_case) == board


def test_every_alert_on_a_figure_says_what_it_means_in_money(fraud: UseCase) -> None:
    from monitoring.signals.alerts.business_alerts import business_alerts

    assert all(alert.money is not None for alert in business_alerts(fraud))
    assert {alert.severity for alert in business_alerts(fraud)} == set(Severity)


def test_an_estimate_of_an_earlier_window_is_not_quoted_as_money_at_stake() -> None:
    from monitoring.signals.alerts.business_alerts import business_alerts

    quoted = {alert.name: alert.money for alert in business_alerts(everything())}
    for name in ("DriftScoreHigh", "QuarantinedHigh"):
        money = quoted[name]
        assert money is not None
        assert money.words.startswith("estimated cost")
        assert "last_over_time" not in money.query
