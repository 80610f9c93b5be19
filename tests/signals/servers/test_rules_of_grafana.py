"""On a real Grafana: a Prometheus that is away is one message; rules go with their use case."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitoring.settings import Settings
from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.delivery import Delivery, Notifier
from monitoring.signals.alerts.grafana_alerting import INTERVAL
from monitoring.signals.generate import provisioned_rules
from monitoring.signals.generated_files import grafana_files
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import running_prometheus
from tests.fixtures.grafana import Grafana, running_grafana
from tests.fixtures.hostile import with_words
from tests.fixtures.loopback import free_port
from tests.fixtures.webhook import Webhook, running_webhook
from tests.signals.servers.watched import AT_ONCE

pytestmark = pytest.mark.grafana


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("rules")
    (folder / "prometheus.yml").write_text("scrape_configs: []\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def port() -> int:
    """The port of the Prometheus that Grafana asks."""
    return free_port()


@pytest.fixture(scope="module")
def webhook() -> Iterator[Webhook]:
    with running_webhook() as webhook:
        yield webhook


@pytest.fixture(scope="module")
def delivery(webhook: Webhook) -> Delivery:
    url = SecretStr(webhook.url)
    soon = replace(AT_ONCE, wait=AT_ONCE.wait * 15)
    notifier, addresses = Notifier.GRAFANA, Addresses("http://tocsin.test")
    return Delivery(notifier, addresses, webhook=url, blindness=soon)


@pytest.fixture(scope="module")
def grafana(
    grafana_command: tuple[str, ...], folder: Path, port: int, delivery: Delivery, fraud: UseCase
) -> Iterator[Grafana]:
    """A Grafana of two use cases whose Prometheus does not run."""
    cases = [fraud, with_words(fraud, "leaving", "Leaving")]
    assert delivery.webhook is not None
    files = {
        path: text.replace(f"interval: {INTERVAL}", "interval: 10s")
        for path, text in grafana_files(cases, delivery, dashboards=str(folder / "none")).items()
    }
    known = Settings(prometheus_url=f"http://127.0.0.1:{port}", webhook_url=delivery.webhook)
    with running_grafana(grafana_command, folder, files, known) as grafana:
        yield grafana


def test_a_prometheus_that_is_away_is_one_message_for_all_rules_and_so_is_its_return(
    grafana: Grafana, webhook: Webhook, folder: Path, port: int
) -> None:
    eventually(lambda: webhook.received)
    with running_prometheus(folder, port=port):
        eventually(lambda: webhook.titles[-1].startswith("over: "))
    away = "Grafana can't read Prometheus, so no alert can fire"
    first, *others = webhook.received
    assert {post["title"] for post in (first, *others)} == {away, f"over: {away}"}
    assert "rules can't be judged until Prometheus answers" in first["message"]
    assert "http://tocsin.test/runbook#prometheusunreachable" in first["message"]
    assert webhook.titles.count(f"over: {away}") == 1


def test_rules_and_channels_leave_with_what_they_belonged_to(
    grafana: Grafana, folder: Path, delivery: Delivery, fraud: UseCase
) -> None:
    provisioning = folder / "grafana" / "provisioning"
    names = [str(path.relative_to(provisioning)) for path in provisioning.rglob("*.yml")]
    before = provisioned_rules(provisioning, names)
    (provisioning / "alerting" / "rules-leaving.yml").unlink()
    silent = replace(delivery, webhook=None)
    for path, text in grafana_files([fraud], silent, before=before).items():
        (folder / "grafana" / path).write_text(text, encoding="utf-8")
    grafana.reload_alerting()
    left = {rule["uid"] for rule in grafana.get("/api/v1/provisioning/alert-rules")}
    assert left == {alert.uid for case in (None, fraud) for alert in alerts_of(case)}
    points = grafana.get("/api/v1/provisioning/contact-points")
    assert {point["uid"] for point in points if point["uid"].startswith("tocsin")} == set()
    grafana.reload_alerting()
