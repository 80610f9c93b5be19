"""Alerts in the form of Grafana: managed rules, contact points and policies."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from grafana_foundation_sdk.builders import alerting, expr, prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.alerting import RelativeTimeRange

from monitoring.signals.alerts import message_template
from monitoring.signals.alerts.alert import Alert, labels
from monitoring.signals.alerts.alert_text import GrafanaForm, texts
from monitoring.signals.alerts.delivery import (
    HEARTBEAT,
    Delivery,
    Notifier,
    Pace,
)
from monitoring.signals.links import Addresses
from monitoring.signals.metric import USE_CASE
from monitoring.signals.promql import DATASOURCE, duration
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

FOLDER = "Tocsin"
INTERVAL = "20s"
"""How often a rule is run: with a scrape before it and a message after it, within a minute."""

EXPRESSION = "__expr__"

# What the HTTP API wants in a rule, and a provisioning file has around it or not at all.
_NOT_IN_FILES = ("folderUID", "orgID", "ruleGroup")
_LAST_TEN_MINUTES = RelativeTimeRange(from_val=600, to=0)


_LONGEST_TITLE = 190
"""In bytes."""


def unexpanded(text: str) -> str:
    """Return a value of a provisioning file in which Grafana expands no variable and no file."""
    return text.replace("$", "$$")


def provisioned_groups(
    groups: Mapping[str, Sequence[Alert]], addresses: Addresses, *, paused: bool
) -> dict[str, dict[str, Any]]:
    """Return the provisioning file of each group of rules, by the group's name.

    Parameters
    ----------
    groups
        All of them: they share a folder.
    paused
        Whether the rules are not evaluated, because Alertmanager notifies.
    """
    titles = _titles(list(chain.from_iterable(groups.values())))
    return {
        name: _group(name, [_rule(a, titles[a.uid], addresses, paused=paused) for a in alerts])
        for name, alerts in groups.items()
    }


def _group(name: str, rules: list[dict[str, Any]]) -> dict[str, Any]:
    group = {"orgId": 1, "name": name, "folder": FOLDER, "interval": INTERVAL, "rules": rules}
    return {"apiVersion": 1, "groups": [group]}


def _titles(alerts: Sequence[Alert]) -> dict[str, str]:
    """Return the title of each rule by its uid; no two in a folder may have the same.

    A title that is too long, or that another rule has too, ends in what tells its rule from all
    others: two use cases may have one title, and one of any length.
    """
    titles = {alert.uid: f"{alert.title} ({alert.severity_label})" for alert in alerts}
    # Some databases that Grafana runs on compare without regard to case.
    count = Counter(title.casefold() for title in titles.values())
    apart = [
        alert
        for alert in alerts
        if count[titles[alert.uid].casefold()] > 1
        or len(titles[alert.uid].encode()) > _LONGEST_TITLE
    ]
    return titles | {alert.uid: _disambiguated(alert) for alert in apart}


def _disambiguated(alert: Alert) -> str:
    identity = (alert.severity_label, alert.name, alert.use_case or "", *alert.labels.values())
    end = f" ({', '.join(filter(None, identity))})"
    room = _LONGEST_TITLE - len(end.encode())
    return f"{alert.title.encode()[:room].decode(errors='ignore')}{end}"


def _rule(alert: Alert, title: str, addresses: Addresses, *, paused: bool) -> dict[str, Any]:
    rule = (
        alerting.Rule(title)
        .uid(alert.uid)
        .condition("C")
        .for_val(duration(alert.hold))
        # Absence has a rule of its own; the watchdog exists to be missed.
        .no_data_state("OK" if alert.severity else "Alerting")
        .exec_err_state("Error")
        .is_paused(paused)
        # Grafana's own alertname is the title.
        .labels({k: unexpanded(v) for k, v in {"alert": alert.name, **labels(alert)}.items()})
        .annotations(_annotations(alert, addresses))
    )
    for query in _queries(alert):
        rule = rule.with_query(query)
    built: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(rule.build()))
    # Not before: the SDK counts what Grafana takes away again.
    built["title"] = unexpanded(title)
    return {key: value for key, value in built.items() if key not in _NOT_IN_FILES}


def _annotations(alert: Alert, addresses: Addresses) -> dict[str, str]:
    return texts(alert, GrafanaForm(), addresses) | {
        # Not to the panel of its figure: Grafana shows the rule's state above the panel, and where
        # the figure is absent that would be a green heart above nothing.
        "__dashboardUid__": alert.link.board,
        "__panelId__": str(int(alert.link.alert_list)),
    }


def _queries(alert: Alert) -> list[alerting.Query]:
    evaluator = "lt" if alert.side is Side.BELOW else "gt"
    past_limit = (
        expr.TypeThreshold()
        .ref_id("C")
        .expression("B")
        .conditions(
            [
                expr.ExprTypeThresholdConditions().evaluator(
                    expr.ExprTypeThresholdConditionsEvaluator()
                    .type(evaluator)
                    .params([alert.limit])
                )
            ]
        )
    )
    queries = [
        _measured("A", _without_own_labels(alert, alert.guarded_value)),
        _last("B", of="A"),
        _expression("C", past_limit),
    ]
    for asked, reduced, query in _looked_up(alert):
        known_or_less = f"({query}) {GrafanaForm.KNOWN_OR_LESS}"
        found = _measured(asked, _without_own_labels(alert, known_or_less))
        queries += [found, _last(reduced, of=asked)]
    return queries


def _looked_up(alert: Alert) -> Iterator[tuple[str, str, str]]:
    """Yield what a rule asks beside its value: the letters of query and result, and the query."""
    if alert.money is not None:
        yield "D", GrafanaForm.MONEY, alert.money.query
    if alert.counts is not None:
        yield "F", GrafanaForm.PART, alert.counts.part
        yield "H", GrafanaForm.WHOLE, alert.counts.whole


def _without_own_labels(alert: Alert, query: str) -> str:
    """Return a query less the labels that the rule itself sets.

    Grafana keeps the rule's, and warns of each of the others whenever it evaluates the rule.
    """
    own = sorted(name for name in labels(alert) if name != "severity")
    return f"max without ({', '.join(own)}) ({query})" if own else query


def _measured(letter: str, query: str) -> alerting.Query:
    model = prometheus.Dataquery().expr(query).instant().ref_id(letter)
    return (
        alerting.Query(letter)
        .datasource_uid(DATASOURCE)
        .relative_time_range(_LAST_TEN_MINUTES)
        .model(model)
    )


def _last(letter: str, *, of: str) -> alerting.Query:
    return _expression(letter, expr.TypeReduce().ref_id(letter).expression(of).reducer("last"))


def _expression(letter: str, model: Any) -> alerting.Query:
    return (
        alerting.Query(letter)
        .datasource_uid(EXPRESSION)
        .relative_time_range(_LAST_TEN_MINUTES)
        .model(model)
    )


TEAM, PULSE = "tocsin", "tocsin-heartbeat"
_UIDS = (*(f"{TEAM}-{kind}" for kind in ("webhook", "slack", "email")), PULSE)
"""Of every channel that may be set up."""
SHOWN_ONLY = "grafana-default-email"
"""Grafana's own contact point: it sends nothing unless Grafana is given a mail server."""
ALWAYS = "always"


_UID = re.compile(r"^ *-? *uid: (tocsin-[0-9a-f]{24})$", re.MULTILINE)


def rules_in(files: Iterable[str]) -> frozenset[str]:
    """Return the uids of the rules that provisioning files provision or delete."""
    return frozenset(chain.from_iterable(_UID.findall(text) for text in files))


def deleted_rules(uids: Iterable[str]) -> dict[str, Any]:
    """Return the provisioning file that takes rules away: one that leaves its file goes on firing.

    Parameters
    ----------
    uids
        Of every rule that there was and is no longer; Grafana may not have read it for years.
    """
    return {"apiVersion": 1, "deleteRules": [{"orgId": 1, "uid": uid} for uid in sorted(uids)]}


def contact_points(delivery: Delivery) -> dict[str, Any]:
    """Return the provisioning file of the channels that are set."""
    points: list[dict[str, Any]] = []
    if delivery.notifier is Notifier.GRAFANA:
        points = [
            {"orgId": 1, "name": name, "receivers": receivers}
            for name, receivers in ((TEAM, _team(delivery)), (PULSE, _pulse(delivery)))
            if receivers
        ]
    there = {receiver["uid"] for point in points for receiver in point["receivers"]}
    gone = [{"orgId": 1, "uid": uid} for uid in _UIDS if uid not in there]
    return {"apiVersion": 1, "contactPoints": points, "deleteContactPoints": gone}


def policies(delivery: Delivery) -> dict[str, Any]:
    """Return the provisioning file of the routes: the same as Alertmanager's.

    Where nobody is notified, every severity has a muted route: Grafana's own contact point would
    log an error for each alert, and the root route can't be muted.
    """
    notifies = delivery.notifier is Notifier.GRAFANA
    delivered = notifies and delivery.has_channel
    team = TEAM if delivered else SHOWN_ONLY
    muted: dict[str, Any] = {"receiver": team, "mute_time_intervals": [ALWAYS]}
    pulse = {"receiver": PULSE} if notifies and delivery.heartbeat is not None else muted
    receiver = {"receiver": team} if delivered else muted
    blind = {"object_matchers": [["alertname", "=", message_template.BLIND]]}
    routes = [
        {**blind, "group_by": ["alertname"]} | receiver | _pace(delivery.blindness),
        _route("none") | pulse | _pace(HEARTBEAT),
        _route(Severity.CRITICAL.value) | receiver | _pace(delivery.critical),
    ]
    if not delivered:
        routes.append(_route(Severity.WARNING.value) | receiver | _pace(delivery.warning))
    root = {"orgId": 1, "receiver": team, "group_by": [USE_CASE], **_pace(delivery.warning)}
    return {"apiVersion": 1, "policies": [{**root, "routes": routes}]}


def mute_timings() -> dict[str, Any]:
    """Return the provisioning file of the timing that keeps a route quiet."""
    always = [{"weekdays": ["sunday:saturday"]}]
    timing = {"orgId": 1, "name": ALWAYS, "time_intervals": always}
    return {"apiVersion": 1, "muteTimes": [timing]}


def _route(severity: str) -> dict[str, Any]:
    return {"object_matchers": [["severity", "=", severity]]}


def _pace(pace: Pace) -> dict[str, str]:
    # Grafana takes no group_wait of nothing.
    return {
        "group_wait": duration(pace.wait) if pace.wait else "1s",
        "group_interval": duration(pace.interval),
        "repeat_interval": duration(pace.repeat),
    }


def templates(addresses: Addresses) -> dict[str, Any]:
    """Return the provisioning file of the messages, for contact points of a team's own too."""
    text = message_template.message_templates(addresses)
    template = {"orgId": 1, "name": message_template.NAME, "template": text}
    return {"apiVersion": 1, "templates": [template]}


def _team(delivery: Delivery) -> list[dict[str, Any]]:
    title, text = map(message_template.call, (message_template.TITLE, message_template.TEXT))
    receivers: list[dict[str, Any]] = []
    if delivery.webhook is not None:
        words = {"title": title, "message": text}
        receivers.append(_receiver("webhook", {"url": "$TOCSIN_WEBHOOK_URL", **words}))
    if delivery.slack is not None:
        # Grafana's own text escapes nothing.
        words = {
            "title": message_template.call(message_template.SLACK_TITLE),
            "text": message_template.call(message_template.SLACK_TEXT),
        }
        receivers.append(_receiver("slack", {"url": "$TOCSIN_SLACK_URL", **words}))
    if delivery.mail is not None:
        to = {"addresses": unexpanded(";".join(delivery.mail.to)), "singleEmail": True}
        receivers.append(_receiver("email", {**to, "subject": title, "message": text}))
    return receivers


def _pulse(delivery: Delivery) -> list[dict[str, Any]]:
    if delivery.heartbeat is None:
        return []
    url = {"url": "$TOCSIN_HEARTBEAT_URL"}
    return [{"uid": PULSE, "type": "webhook", "settings": url, "disableResolveMessage": True}]


def _receiver(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"uid": f"{TEAM}-{kind}", "type": kind, "settings": settings}
