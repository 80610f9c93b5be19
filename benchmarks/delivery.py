"""From a push to the message: how long both notifiers take, with every interval as it comes.

Run it by `make bench-delivery`. Pushgateway, Prometheus, Alertmanager and, where it is installed,
Grafana are started as the local stack starts them, on the files that it generates, in a state of
their own; nothing is made quicker.
"""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from benchmarks.machine import machine
from benchmarks.running_parts import running_parts
from benchmarks.table import table
from monitoring.rows.rows import Role
from monitoring.settings import Ports, settings
from monitoring.signals.alerts.delivery import Notifier
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.performance_metrics import POSITIVES, RECALL
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.pushgateway import publish
from monitoring.stack.environment import loopback_url
from monitoring.stack.programs import grafana_server

TIMES = 3
USE_CASE = "fraud"
BAD, GOOD = 0.4, 0.9
"""Recall below the critical limit of the use case, and above every limit."""

ON_THE_WAY = frozenset({"pushgateway", "prometheus", "alertmanager", "grafana"})
GIVE_UP_SECONDS = 300
STARTED_SECONDS = 70
"""Grafana looks once a minute whether its contact points have changed: at its very first start it
notifies its default one for so long, which reaches nobody."""


@dataclass
class Receiver:
    """What the webhook received: when, and which alerts."""

    messages: list[tuple[float, list[dict[str, Any]]]] = field(default_factory=list)

    def wait_for(self, status: str, after: float) -> float:
        """Return the seconds from `after` to the first message of low recall with a status."""
        while time.monotonic() - after < GIVE_UP_SECONDS:
            for received, alerts in tuple(self.messages):
                if received > after and any(_is_it(alert, status) for alert in alerts):
                    return received - after
            time.sleep(0.05)
        msg = f"no message of low recall, {status}, within {GIVE_UP_SECONDS} s"
        raise TimeoutError(msg)


def _is_it(alert: dict[str, Any], status: str) -> bool:
    labels = alert["labels"]
    # Grafana's alertname is the rule's title.
    name = labels.get("alert", labels["alertname"])
    return bool(name == "RecallLow" and alert["status"] == status)


@contextmanager
def webhook() -> Iterator[tuple[str, Receiver]]:
    """Yield the address of a webhook on loopback, and what it receives."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            now = time.monotonic()
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.messages.append((now, json.loads(body)["alerts"]))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Print the table alone."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/alerts", receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def push(recall: float, gateway: str) -> float:
    """Push the champion's recall in production, and return when."""
    labels = {"stage": Stage.PRODUCTION.value, "role": Role.CHAMPION.value}
    began = time.monotonic()
    samples = (Sample(RECALL, recall, labels), Sample(POSITIVES, 100, labels))
    publish(samples, use_case=USE_CASE, group=PushGroup.REPORT, url=gateway)
    return began


def measured(notifier: Notifier, folder: Path) -> Iterator[tuple[object, ...]]:
    """Yield, time after time, how long after a push its message came: firing, then resolved."""
    ports = Ports()
    with webhook() as (url, receiver):
        where = settings().model_copy(
            update={
                "state": folder,
                "notifier": notifier.value,
                "webhook_url": SecretStr(url),
            }
        )
        gateway = loopback_url(ports.pushgateway)
        with running_parts(where, ports, ON_THE_WAY):
            time.sleep(STARTED_SECONDS if notifier is Notifier.GRAFANA else 0)
            for number in range(1, TIMES + 1):
                fired = receiver.wait_for("firing", push(BAD, gateway))
                resolved = receiver.wait_for("resolved", push(GOOD, gateway))
                yield notifier.value, number, f"{fired:.1f}", f"{resolved:.1f}"


def main() -> None:
    """Print the table, with the machine it was measured on."""
    print(machine())
    notifiers = [Notifier.ALERTMANAGER]
    if grafana_server(settings().grafana_home) is None:
        print("Grafana is not installed: it is left out")
    else:
        notifiers.append(Notifier.GRAFANA)
    with tempfile.TemporaryDirectory() as folder:
        table(
            ("who notifies", "time", "push to message, s", "push to resolved, s"),
            (row for notifier in notifiers for row in measured(notifier, Path(folder) / notifier)),
        )


if __name__ == "__main__":
    main()
