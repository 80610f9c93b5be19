"""Grafana's contact points, policies and mute timings, as file provisioning reads them.

Secrets stay in the environment: Grafana itself puts them where `$NAME` stands.
"""

from __future__ import annotations

from typing import Any

from monitoring.signals.alerts.delivery import HEARTBEAT, Delivery, Notifier, Pace
from monitoring.signals.metric import USE_CASE
from monitoring.signals.promql import duration
from monitoring.use_case import Severity

TEAM, PULSE = "tocsin", "tocsin-heartbeat"
SHOWN_ONLY = "grafana-default-email"
"""Grafana's own contact point: it sends nothing until someone gives Grafana a mail server."""
ALWAYS = "always"


def contact_points(delivery: Delivery) -> dict[str, Any]:
    """Return the provisioning file of the channels that are set."""
    points = []
    if delivery.notifier is Notifier.GRAFANA:
        points = [
            {"orgId": 1, "name": name, "receivers": receivers}
            for name, receivers in ((TEAM, _team(delivery)), (PULSE, _pulse(delivery)))
            if receivers
        ]
    return {"apiVersion": 1, "contactPoints": points}


def policies(delivery: Delivery) -> dict[str, Any]:
    """Return the provisioning file of the routes: the same as Alertmanager's.

    Where no one is told, every severity has a muted route: Grafana's own contact point would
    log an error for each alert, and the root route can't be muted.
    """
    notifies = delivery.notifier is Notifier.GRAFANA
    told = notifies and delivery.has_channel
    team = TEAM if told else SHOWN_ONLY
    muted: dict[str, Any] = {"receiver": team, "mute_time_intervals": [ALWAYS]}
    pulse = {"receiver": PULSE} if notifies and delivery.heartbeat is not None else muted
    alarm = {"receiver": team} if told else muted
    routes = [
        _route("none") | pulse | _pace(HEARTBEAT),
        _route(Severity.CRITICAL.value) | alarm | _pace(delivery.critical),
    ]
    if not told:
        routes.append(_route(Severity.WARNING.value) | alarm | _pace(delivery.warning))
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


def _team(delivery: Delivery) -> list[dict[str, Any]]:
    receivers: list[dict[str, Any]] = []
    if delivery.webhook is not None:
        receivers.append(_receiver("webhook", {"url": "$TOCSIN_WEBHOOK_URL"}))
    if delivery.slack is not None:
        receivers.append(_receiver("slack", {"url": "$TOCSIN_SLACK_URL"}))
    if delivery.mail is not None:
        addresses = ";".join(delivery.mail.to)
        receivers.append(_receiver("email", {"addresses": addresses, "singleEmail": True}))
    return receivers


def _pulse(delivery: Delivery) -> list[dict[str, Any]]:
    if delivery.heartbeat is None:
        return []
    url = {"url": "$TOCSIN_HEARTBEAT_URL"}
    return [{"uid": PULSE, "type": "webhook", "settings": url, "disableResolveMessage": True}]


def _receiver(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"uid": f"{TEAM}-{kind}", "type": kind, "settings": settings}
