"""Alerts in the form of Prometheus and Alertmanager: rules and routing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from monitoring.rows.rows import Role
from monitoring.signals.alerts import message_template
from monitoring.signals.alerts.alert import Alert, labels
from monitoring.signals.alerts.alert_text import PrometheusForm, literal, texts
from monitoring.signals.alerts.delivery import (
    HEARTBEAT,
    Delivery,
    Mail,
    Notifier,
    Pace,
)
from monitoring.signals.links import Addresses
from monitoring.signals.metric import USE_CASE
from monitoring.signals.promql import duration, series
from monitoring.signals.short_names import NamedMetric, declared_by
from monitoring.use_case import Severity, UseCase


def alert_group(name: str, alerts: Sequence[Alert], addresses: Addresses) -> dict[str, Any]:
    """Return one group of a rules file."""
    return {"name": name, "rules": [_rule(alert, addresses) for alert in alerts]}


def recording_group(cases: Sequence[UseCase]) -> dict[str, Any]:
    """Return the recording rules that give metrics their short names.

    A short name that every use case declares is recorded for all; another one for those alone
    that declare it.

    Raises
    ------
    ShortNameError
        A use case's short name stands for no metric.
    """
    rules = [
        {"record": named.name, "expr": _recorded(named, () if len(by) == len(cases) else by)}
        for named, by in declared_by(cases).items()
    ]
    return {"name": "short_names", "rules": rules}


def _rule(alert: Alert, addresses: Addresses) -> dict[str, Any]:
    rule: dict[str, Any] = {"alert": alert.name, "expr": alert.condition}
    if alert.hold:
        rule["for"] = duration(alert.hold)
    return rule | {
        "labels": labels(alert),
        "annotations": texts(alert, PrometheusForm(), addresses),
    }


def _recorded(named: NamedMetric, only_of: Sequence[UseCase]) -> str:
    names = "|".join(case.name for case in only_of)
    case = {USE_CASE: f"~{names}" if len(only_of) > 1 else names} if only_of else {}
    role = {"role": Role.CHAMPION.value} if "role" in named.metric.labels else {}
    stage = {} if named.stage is None else {"stage": named.stage.value}
    return f"max by ({USE_CASE}) ({series(named.metric.name, **case, **stage, **role)})"


TEAM, NOBODY, PULSE = "team", "nobody", "heartbeat"

TEMPLATES = "messages.tmpl"
"""Name of the file of templates, beside the configuration."""

_MAIL_SUBJECT = (
    '{{ if match "^[ -~]*$" .CommonAnnotations.summary }}'
    f"{message_template.call(message_template.TITLE)}"
    '{{ else }}{{ .CommonLabels.severity }}: {{ printf "%.60s" .CommonAnnotations.summary }}'
    "{{ end }}"
)
"""Alertmanager writes it on one line, in which a letter that is not ASCII takes up to 15
characters; of a line above 998 mail servers refuse the message, and nobody is told."""


def alertmanager_config(delivery: Delivery) -> dict[str, Any]:
    """Return the configuration; it holds the channels' secrets: write it for the owner alone."""
    pulse = _pulse(delivery)
    return {
        "templates": [TEMPLATES],
        "route": {
            "receiver": TEAM,
            "group_by": [USE_CASE],
            **_pace(delivery.warning),
            "routes": [
                {
                    "matchers": ['severity="none"'],
                    "receiver": PULSE if pulse else NOBODY,
                    **_pace(HEARTBEAT),
                },
                {
                    "matchers": [f'severity="{Severity.CRITICAL}"'],
                    "receiver": TEAM,
                    **_pace(delivery.critical),
                },
            ],
        },
        "receivers": [{"name": TEAM, **_channels(delivery)}, {"name": NOBODY}, *pulse],
    }


def _pace(pace: Pace) -> dict[str, str]:
    return {
        "group_wait": duration(pace.wait),
        "group_interval": duration(pace.interval),
        "repeat_interval": duration(pace.repeat),
    }


def _channels(delivery: Delivery) -> dict[str, Any]:
    channels: dict[str, Any] = {}
    if delivery.notifier is not Notifier.ALERTMANAGER:
        return channels
    if delivery.webhook is not None:
        channels["webhook_configs"] = [
            {"url": delivery.webhook.get_secret_value(), "send_resolved": True}
        ]
    if delivery.slack is not None:
        channels["slack_configs"] = [
            {
                "api_url": delivery.slack.get_secret_value(),
                "send_resolved": True,
                "title": message_template.call(message_template.SLACK_TITLE),
                "text": message_template.call(message_template.SLACK_TEXT),
            }
        ]
    if delivery.mail is not None:
        channels["email_configs"] = [_mail(delivery.mail)]
    return channels


def _mail(mail: Mail) -> dict[str, Any]:
    config: dict[str, Any] = {
        "to": literal(", ".join(mail.to)),
        "from": literal(mail.sender),
        "smarthost": mail.host,
        "require_tls": mail.tls,
        "send_resolved": True,
        "headers": {"Subject": _MAIL_SUBJECT},
        "text": message_template.call(message_template.TEXT),
        "html": message_template.call(message_template.HTML),
    }
    if mail.user is not None:
        config["auth_username"] = mail.user
    if mail.password is not None:
        config["auth_password"] = mail.password.get_secret_value()
    return config


def _pulse(delivery: Delivery) -> list[dict[str, Any]]:
    if delivery.notifier is not Notifier.ALERTMANAGER or delivery.heartbeat is None:
        return []
    url = delivery.heartbeat.get_secret_value()
    return [{"name": PULSE, "webhook_configs": [{"url": url, "send_resolved": False}]}]
