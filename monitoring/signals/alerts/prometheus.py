"""Rules files of Prometheus: the alerts, and the brief's names as recording rules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitoring.rows.role import Role
from monitoring.signals.alerts.addresses import Addresses
from monitoring.signals.alerts.alert import Alert
from monitoring.signals.alerts.form import PrometheusForm
from monitoring.signals.alerts.words import labels, texts
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.metric import USE_CASE, BriefName, Metric
from monitoring.signals.promql import duration, series
from monitoring.use_case import UseCase

FRAUD = "fraud"
"""The use case that the brief's names which say fraud belong to."""


def alert_group(name: str, alerts: Sequence[Alert], addresses: Addresses) -> dict[str, Any]:
    """Return one group of a rules file."""
    return {"name": name, "rules": [_rule(alert, addresses) for alert in alerts]}


def recording_group(cases: Sequence[UseCase]) -> dict[str, Any]:
    """Return the recording rules that give the brief's names to the catalogue's metrics."""
    fraud = any(case.name == FRAUD for case in cases)
    rules = [
        {"record": brief.name, "expr": _recorded(metric, brief)}
        for metric in CATALOGUE
        for brief in metric.brief
        if fraud or not brief.fraud_only
    ]
    return {"name": "brief", "rules": rules}


def _rule(alert: Alert, addresses: Addresses) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": alert.name, "expr": alert.condition}
    if alert.hold:
        rule["for"] = duration(alert.hold)
    return rule | {
        "labels": labels(alert),
        "annotations": texts(alert, PrometheusForm(), addresses),
    }


def _recorded(metric: Metric, brief: BriefName) -> str:
    case = {USE_CASE: FRAUD} if brief.fraud_only else {}
    role = {"role": Role.CHAMPION.value} if "role" in metric.labels else {}
    stage = {} if brief.stage is None else {"stage": brief.stage.value}
    return f"max by ({USE_CASE}) ({series(metric.name, **case, **stage, **role)})"
