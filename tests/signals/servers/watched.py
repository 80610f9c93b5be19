"""A small real stack: Pushgateway, Prometheus with the rules, Alertmanager, and who is notified."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import requests
from pydantic import SecretStr

from monitoring.signals.alerts.delivery import Delivery, Mail, Notifier, Pace
from monitoring.signals.catalogue import (
    BROKEN_USE_CASE,
    GATE_COST,
    GATE_RECALL,
    PREVIOUS_DRIFT,
)
from monitoring.signals.class_metrics import AVERAGED, CLASS_METRICS
from monitoring.signals.generated_files import Targets, prometheus_files
from monitoring.signals.hidden_metrics import HIDDEN_METRICS
from monitoring.signals.links import Addresses
from monitoring.signals.performance_metrics import COST_OF_DRIFT
from monitoring.use_case import UseCase
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import (
    alertmanager_config_in,
    running_alertmanager,
    running_prometheus,
    running_pushgateway,
)
from tests.fixtures.loopback import handled_by, serving
from tests.fixtures.mailbox import running_mailbox

ROOT = Path(__file__).parents[3]
ABSENT_AFTER_A_DEMO = (
    PREVIOUS_DRIFT,
    GATE_COST,
    GATE_RECALL,
    BROKEN_USE_CASE,
    COST_OF_DRIFT,
    *HIDDEN_METRICS,
    *(metric for metric in CLASS_METRICS if metric is not AVERAGED),
)
"""It ends with the first retrain's model, and every use case of it can be read, has two values and
blocks nothing; what is planted moves the prior too, so that its cost is not divided."""

AT_ONCE = Pace(timedelta(seconds=1), timedelta(seconds=1), timedelta(hours=1))


@dataclass
class Received:
    """What arrived at the webhook and in the mailbox; `alerts` are those of all `posts`."""

    posts: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[dict[str, Any]] = field(default_factory=list)
    mails: Sequence[Message] = field(default_factory=list)

    def latest(self, name: str, status: str, use_case: str = "fraud") -> dict[str, Any] | None:
        """Return the newest alert of a name and a status that the webhook received.

        Grafana's `alertname` is the rule's title; its rules say their name as `alert`.
        """
        wanted = (name, use_case)
        for alert in reversed(self.alerts):
            labels = alert["labels"]
            found = labels.get("alert", labels["alertname"]), labels.get("use_case")
            if found == wanted and alert["status"] == status:
                return alert
        return None

    def mail(self, subject: str) -> Message | None:
        """Return the newest mail whose subject has these words."""
        return next((m for m in reversed(self.mails) if subject in m["Subject"]), None)


@dataclass(frozen=True)
class Watched:
    """Addresses of the running stack, and the use cases that it watches."""

    pushgateway: str
    prometheus: str
    received: Received
    cases: tuple[UseCase, ...]
    folder: Path

    def case(self, name: str) -> UseCase:
        """Return one of the use cases."""
        return next(case for case in self.cases if case.name == name)

    def query(self, expr: str) -> list[dict[str, Any]]:
        """Return what Prometheus answers now; fail where it does not understand."""
        url = f"{self.prometheus}/api/v1/query"
        answer = requests.post(url, data={"query": expr}, timeout=10).json()
        assert answer["status"] == "success", f"{expr}: {answer}"
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def wait_for_report(self, use_case: str, since: datetime) -> None:
        """Wait until what a report published at `since` or later is scraped."""
        success = (
            f'tocsin_last_success_timestamp_seconds{{use_case="{use_case}",pipeline="report"}}'
        )
        eventually(lambda: self.query(f"{success} >= {since.timestamp()}"))

    def get(self, path: str) -> Any:
        """Return what Prometheus's API says under a path."""
        answer = requests.get(f"{self.prometheus}{path}", timeout=10).json()
        assert answer["status"] == "success", f"{path}: {answer}"
        return answer["data"]


@contextmanager
def watching(folder: Path, *cases: UseCase) -> Iterator[Watched]:
    """Run the stack with everything at once that takes minutes by default."""
    with listening() as (received, webhook, mailbox):
        delivery = Delivery(
            notifier=Notifier.ALERTMANAGER,
            addresses=Addresses("http://tocsin.test"),
            webhook=SecretStr(webhook),
            mail=Mail(mailbox, "tocsin@tocsin.test", ("team@tocsin.test",), tls=False),
            critical=AT_ONCE,
            warning=AT_ONCE,
        )
        config = alertmanager_config_in(folder, delivery)
        with running_pushgateway(folder) as gateway, running_alertmanager(config) as manager:
            targets = Targets(
                pushgateway=gateway.removeprefix("http://"),
                alertmanager=manager.removeprefix("http://"),
            )
            for path, text in prometheus_files(cases, delivery, targets).items():
                (folder / path).parent.mkdir(exist_ok=True)
                (folder / path).write_text(text, encoding="utf-8")
            shipped = (ROOT / "prometheus.yml").read_text(encoding="utf-8")
            quick = shipped.replace("_interval: 10s", "_interval: 1s")
            (folder / "prometheus.yml").write_text(quick, encoding="utf-8")
            with running_prometheus(folder) as prometheus:
                yield Watched(gateway, prometheus, received, cases, folder)


@contextmanager
def listening() -> Iterator[tuple[Received, str, str]]:
    """Yield what arrives, and the addresses of the webhook and the mail server that receive it."""
    with running_mailbox() as mailbox:
        received = Received(mails=mailbox.mails)
        with _webhook(received) as webhook:
            yield received, webhook, mailbox.host


@contextmanager
def _webhook(received: Received) -> Iterator[str]:
    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.posts.append(body)
            received.alerts += body["alerts"]
            self.send_response(200)
            self.end_headers()

    with serving(handled_by(Receiver)) as url:
        yield f"{url}/alerts"
