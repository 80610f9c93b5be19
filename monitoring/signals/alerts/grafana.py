"""Grafana-managed rules: the same alerts, in the shape that file provisioning reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from grafana_foundation_sdk.builders import alerting, expr, prometheus
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.alerting import RelativeTimeRange

from monitoring.signals.alerts.addresses import Addresses
from monitoring.signals.alerts.alert import Alert
from monitoring.signals.alerts.form import GrafanaForm
from monitoring.signals.alerts.words import labels, texts
from monitoring.signals.dashboards.datasource import DATASOURCE
from monitoring.signals.promql import duration
from monitoring.signals.thresholds import Side

FOLDER = "Tocsin"
INTERVAL = "20s"
"""How often a rule is run: with a scrape before it and a message after it, within a minute."""

EXPRESSION = "__expr__"

# What the HTTP API wants in a rule, and a provisioning file has around it or not at all.
_NOT_IN_FILES = ("folderUID", "orgID", "ruleGroup")
_LAST_TEN_MINUTES = RelativeTimeRange(from_val=600, to=0)


def provisioned_group(
    name: str, alerts: Sequence[Alert], addresses: Addresses, *, paused: bool
) -> dict[str, Any]:
    """Return the provisioning file of one group of rules.

    Parameters
    ----------
    paused
        Whether the rules only stand there, because someone else notifies.
    """
    rules = [_rule(alert, addresses, paused=paused) for alert in alerts]
    group = {"orgId": 1, "name": name, "folder": FOLDER, "interval": INTERVAL, "rules": rules}
    return {"apiVersion": 1, "groups": [group]}


def _rule(alert: Alert, addresses: Addresses, *, paused: bool) -> dict[str, Any]:
    rule = (
        alerting.Rule(f"{alert.title} ({alert.loudness})"[:190])
        .uid(alert.uid)
        .condition("C")
        .for_val(duration(alert.hold))
        # Absence has a rule of its own; the watchdog's absence is what it is there to tell.
        .no_data_state("OK" if alert.severity else "Alerting")
        .exec_err_state("Error")
        .is_paused(paused)
        # Grafana's own alertname is the title.
        .labels({"alert": alert.name, **labels(alert)})
        .annotations(_annotations(alert, addresses))
    )
    for query in _queries(alert):
        rule = rule.with_query(query)
    built: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(rule.build()))
    return {key: value for key, value in built.items() if key not in _NOT_IN_FILES}


def _annotations(alert: Alert, addresses: Addresses) -> dict[str, str]:
    return texts(alert, GrafanaForm(), addresses) | {
        "__dashboardUid__": alert.link.board,
        "__panelId__": str(int(alert.link.panel)),
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
    if alert.money is not None:
        money = f"{alert.money.query} {GrafanaForm.UNKNOWN_MONEY}"
        queries += [_measured("D", _without_own_labels(alert, money)), _last("E", of="D")]
    return queries


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
