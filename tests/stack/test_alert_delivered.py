"""One alert all the way: a metric pushed below its limit, the rule firing, the message received."""

import pytest
import requests

from monitoring.rows.rows import Role
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.performance_metrics import POSITIVES, RECALL
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.pushgateway import publish
from tests.fixtures.eventually import eventually
from tests.fixtures.stack import LocalStack

LIVE = {"stage": Stage.PRODUCTION.value, "role": Role.CHAMPION.value}


@pytest.mark.stack
def test_a_recall_below_its_limit_reaches_the_webhook(local_stack: LocalStack) -> None:
    gateway = f"http://127.0.0.1:{local_stack.ports.pushgateway}"
    samples = (Sample(RECALL, 0.4, LIVE), Sample(POSITIVES, 100, LIVE))
    publish(samples, use_case="fraud", group=PushGroup.REPORT, url=gateway)

    prometheus = f"http://127.0.0.1:{local_stack.ports.prometheus}"

    def firing() -> bool:
        alerts = requests.get(f"{prometheus}/api/v1/alerts", timeout=5).json()["data"]["alerts"]
        return any(_is_recall(a["labels"]) and a["state"] == "firing" for a in alerts)

    eventually(firing)
    eventually(
        lambda: any(
            _is_recall(alert["labels"])
            for message in local_stack.webhook.received
            for alert in message.get("alerts", [])
        )
    )


def _is_recall(labels: dict[str, str]) -> bool:
    return (
        labels.get("use_case") == "fraud"
        and labels.get("severity") == "critical"
        and "recall" in labels["alertname"].lower()
    )
