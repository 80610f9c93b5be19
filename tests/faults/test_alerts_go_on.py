"""Prometheus, Pushgateway and Alertmanager start again while an alert fires: nobody is misled."""

import os
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from monitoring.rows.rows import Role
from monitoring.signals.alerts.delivery import CRITICAL
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.performance_metrics import POSITIVES, RECALL
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.pushgateway import publish
from monitoring.stack.components import TOLD_SAVED
from monitoring.stack.folders import Folders
from monitoring.stack.status import status
from monitoring.stack.supervisor import Supervisor
from tests.fixtures.eventually import eventually
from tests.fixtures.stack import LocalStack

pytestmark = [pytest.mark.stack, pytest.mark.faults]

CASE = "fraud"
LIVE = {"stage": Stage.PRODUCTION.value, "role": Role.CHAMPION.value}

AWAY = 12
"""Seconds for which a server that is stopped is away: a scrape and a turn of the rules."""

SILENCE = 1.5 * CRITICAL.interval.total_seconds()
"""Seconds in which what would be sent wrongly is sent: a group's next message, and some more."""


def push(stack: LocalStack, recall: float) -> None:
    samples = (Sample(RECALL, recall, LIVE), Sample(POSITIVES, 100, LIVE))
    url = f"http://127.0.0.1:{stack.ports.pushgateway}"
    publish(samples, use_case=CASE, group=PushGroup.REPORT, url=url)


def is_the_alert(labels: dict[str, str]) -> bool:
    return (labels.get("use_case"), labels.get("severity"), labels["alertname"]) == (
        CASE,
        "critical",
        "RecallLow",
    )


def told(stack: LocalStack, state: str) -> int:
    """Return how many messages have said that the alert is in a state."""
    return sum(
        is_the_alert(alert["labels"]) and alert["status"] == state
        for message in stack.webhook.received
        for alert in message.get("alerts", [])
    )


def fires(stack: LocalStack) -> bool:
    """Whether the alert fires, to Prometheus and to Alertmanager."""
    try:
        ruled = requests.get(f"http://127.0.0.1:{stack.ports.prometheus}/api/v1/alerts", timeout=5)
        kept = requests.get(f"http://127.0.0.1:{stack.ports.alertmanager}/api/v2/alerts", timeout=5)
    except requests.ConnectionError:
        return False
    if not (ruled.ok and kept.ok):
        return False
    alerts: list[Any] = ruled.json()["data"]["alerts"]
    return any(is_the_alert(one["labels"]) and one["state"] == "firing" for one in alerts) and any(
        is_the_alert(one["labels"]) for one in kept.json()
    )


@pytest.fixture(scope="module")
def firing(holding_stack: LocalStack) -> Iterator[LocalStack]:
    """Return the stack once its alert fires, and somebody was told; it ends after the tests."""
    push(holding_stack, 0.4)
    eventually(lambda: told(holding_stack, "firing"))
    time.sleep(2 * TOLD_SAVED)
    yield holding_stack
    push(holding_stack, 0.95)


def is_healthy(stack: LocalStack, server: str) -> bool:
    return any(one.healthy for one in status(stack.settings) if one.name == server)


def killed(stack: LocalStack, server: str) -> None:
    (pid,) = [one.pid for one in status(stack.settings) if one.name == server]
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    supervisor = Supervisor(Folders(stack.settings.state))
    eventually(lambda: supervisor.states()[server].pid not in (None, pid))


def stopped(stack: LocalStack, server: str) -> None:
    supervisor = Supervisor(Folders(stack.settings.state))
    supervisor.stop_component(server)
    time.sleep(AWAY)
    supervisor.start_component(server)


@pytest.mark.parametrize("server", ["prometheus", "pushgateway", "alertmanager"])
def test_an_alert_outlasts_its_servers_and_is_not_told_again(
    firing: LocalStack, server: str
) -> None:
    before = told(firing, "firing"), told(firing, "resolved")
    for fault in (killed, stopped):
        fault(firing, server)
        eventually(lambda: is_healthy(firing, server))
        eventually(lambda: fires(firing))
    time.sleep(SILENCE)
    assert (told(firing, "firing"), told(firing, "resolved")) == before
    assert fires(firing)


def test_after_all_that_the_alert_ends_by_a_good_value_and_that_is_told(firing: LocalStack) -> None:
    push(firing, 0.95)
    eventually(lambda: told(firing, "resolved") == 1)
    assert told(firing, "firing") == 1
