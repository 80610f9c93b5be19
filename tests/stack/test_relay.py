"""Alertmanager notifies through the relay, and knows no webhook's address that it could show."""

import http.client
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from monitoring.settings import Ports
from monitoring.signals.alerts.delivery import delivery_of
from monitoring.stack.components import components, wanted_ports
from monitoring.stack.relay import channels_of, server_of, through_relay
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import alertmanager_config_in, running_alertmanager
from tests.fixtures.loopback import free_port, serving
from tests.fixtures.stack import stack_settings
from tests.fixtures.webhook import Webhook

MESSAGE = {"alerts": []}


@pytest.fixture
def relay(own_webhook: Webhook) -> Iterator[str]:
    """Address of a relay to a webhook, and to a heartbeat that nobody answers."""
    channels = {
        "webhook": SecretStr(f"{own_webhook.url}/canary-path?token=canary-token"),
        "heartbeat": SecretStr(f"http://127.0.0.1:{free_port()}/canary-heartbeat"),
    }
    with serving(server_of(channels, 0)) as url:
        yield url


def test_what_it_is_sent_reaches_the_webhook(relay: str, own_webhook: Webhook) -> None:
    assert requests.get(f"{relay}/health", timeout=5).status_code == 200
    assert requests.post(f"{relay}/webhook", json=MESSAGE, timeout=5).status_code == 200
    assert own_webhook.received == [MESSAGE]


@pytest.mark.parametrize(("path", "status"), [("webhook", 500), ("heartbeat", 502)])
def test_a_refusal_is_passed_on_without_the_address(
    relay: str,
    own_webhook: Webhook,
    path: str,
    status: int,
    caplog: pytest.LogCaptureFixture,
) -> None:
    own_webhook.answer = 500
    answer = requests.post(f"{relay}/{path}", json=MESSAGE, timeout=5)
    assert answer.status_code == status
    assert f"the {path}" in answer.text
    assert f"the {path}" in caplog.text
    assert "canary" not in answer.text + caplog.text


@pytest.mark.parametrize(
    ("path", "headers"),
    [("elsewhere", {}), ("webhook/../x", {}), ("webhook", {"Content-Type": "text/plain"})],
)
def test_what_is_no_message_of_alertmanager_s_goes_nowhere(
    relay: str, own_webhook: Webhook, path: str, headers: dict[str, str]
) -> None:
    """A page in a browser may post text anywhere; JSON it may not."""
    answer = requests.post(f"{relay}/{path}", json=MESSAGE, headers=headers, timeout=5)
    assert answer.status_code == 404
    assert own_webhook.received == []


@pytest.mark.parametrize(
    ("length", "status"),
    [("many", 411), ("-1", 411), ("", 411), ("\u0661", 411), ("9" * 5000, 413), ("10000001", 413)],
)
def test_a_length_that_is_none_or_too_large_is_refused_unread(
    relay: str, own_webhook: Webhook, length: str, status: int
) -> None:
    sent = http.client.HTTPConnection(relay.removeprefix("http://"), timeout=5)
    sent.putrequest("POST", "/webhook")
    sent.putheader("Content-Type", "application/json")
    sent.putheader("Content-Length", length.encode())
    sent.endheaders()
    assert sent.getresponse().status == status
    sent.close()
    assert own_webhook.received == []


def test_alertmanager_shows_no_address_of_a_webhook_that_refuses(
    relay: str, own_webhook: Webhook, tmp_path: Path
) -> None:
    own_webhook.answer = 500
    given = stack_settings(
        tmp_path,
        notifier="alertmanager",
        webhook_url=f"{own_webhook.url}/canary-path",
        heartbeat_url="http://127.0.0.1:9/canary-heartbeat",
    )
    config = alertmanager_config_in(tmp_path, through_relay(delivery_of(given), relay))
    alert = {"labels": {"alertname": "Planted", "severity": "critical", "use_case": "fraud"}}
    log = config.with_suffix(".log")
    with running_alertmanager(config) as url:
        requests.post(f"{url}/api/v2/alerts", json=[alert], timeout=5).raise_for_status()
        eventually(lambda: "500" in log.read_text(), otherwise=log.read_text)
        shown = requests.get(f"{url}/api/v2/status", timeout=5).text
    assert f"{relay}/webhook" in shown
    assert "canary" not in shown + log.read_text() + config.read_text()


def test_it_is_a_part_of_the_stack_only_where_it_has_something_to_do(tmp_path: Path) -> None:
    def parts(**fields: object) -> set[str]:
        given = stack_settings(tmp_path, **fields)
        names = {component.name for component in components(given, Ports())}
        assert ("relay" in names) == ("relay" in wanted_ports(given, Ports()))
        assert ("relay" in names) == bool(channels_of(given))
        return names

    hook = "http://127.0.0.1:9/hook"
    assert "relay" not in parts(notifier="alertmanager")
    assert "relay" in parts(notifier="alertmanager", webhook_url=hook)
    assert "relay" in parts(notifier="alertmanager", heartbeat_url=hook)
