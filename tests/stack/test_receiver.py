"""The demo's receiver keeps what it is sent, and shows it as the on-call reads it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from pydantic import SecretStr

from monitoring.settings import Ports
from monitoring.stack.components import components, receiver_url, wanted_ports
from monitoring.stack.receiver import FIRING, PATH, RESOLVED, messages_in, server_of
from tests.fixtures.loopback import serving
from tests.fixtures.stack import stack_settings
from tests.reports.reading import Document

ALERT = {
    "status": "firing",
    "labels": {"alertname": "DriftScoreHigh", "severity": "critical", "use_case": "fraud"},
    "annotations": {
        "summary": "Card fraud: drift score above 30%",
        "description": "No longer distributed as in training: 15 of 29 features (52%, limit 30%).",
        "dashboard_url": "http://127.0.0.1:8000/watch/fraud#panel-7",
        "runbook_url": "http://127.0.0.1:8000/runbook#driftscorehigh",
    },
}
OF_ALERTMANAGER = {
    "status": "firing",
    "alerts": [ALERT],
    "commonLabels": ALERT["labels"],
    "commonAnnotations": ALERT["annotations"],
}
OF_GRAFANA = {
    "status": "resolved",
    "title": "over: Card fraud: drift score above 30%",
    "message": "Over: Card fraud: drift score above 30%\n",
    "alerts": [{**ALERT, "status": "resolved", "labels": {"alert": "DriftScoreHigh"}}],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "messages.jsonl"


@pytest.fixture
def receiver(file: Path) -> Iterator[str]:
    with serving(server_of(0, file)) as url:
        yield url


def test_messages_of_both_notifiers_are_read_alike(receiver: str, file: Path) -> None:
    for message in (OF_ALERTMANAGER, OF_GRAFANA):
        assert requests.post(f"{receiver}{PATH}", json=message, timeout=5).ok
    fires, over = messages_in(file)
    assert fires.title == "critical: Card fraud: drift score above 30%"
    assert fires.text.splitlines() == [
        "Card fraud: drift score above 30%",
        "No longer distributed as in training: 15 of 29 features (52%, limit 30%).",
        "panel: http://127.0.0.1:8000/watch/fraud#panel-7",
        "what to do: http://127.0.0.1:8000/runbook#driftscorehigh",
    ]
    assert (over.title, over.text) == (OF_GRAFANA["title"], str(OF_GRAFANA["message"]).strip())
    assert fires.has("DriftScoreHigh", FIRING)
    assert over.has("DriftScoreHigh", RESOLVED)
    assert not over.has("DriftScoreHigh", FIRING)
    page = requests.get(f"{receiver}{PATH}", timeout=5).text
    assert page.index(over.title) < page.index(fires.title)
    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_what_is_no_message_is_refused(receiver: str, file: Path) -> None:
    for options, status in (
        ({"data": "{}"}, 404),  # a page in a browser can send this without being asked
        ({"data": "no JSON", "headers": {"Content-Type": "application/json"}}, 400),
    ):
        answer = requests.post(f"{receiver}{PATH}", timeout=5, **options)
        assert answer.status_code == status
    asked = requests.get(f"{receiver}{PATH}", headers={"Host": "evil.example"}, timeout=5)
    assert asked.status_code == 404
    assert messages_in(file) == ()


def test_it_runs_where_the_webhook_is_its_own_and_nowhere_else(tmp_path: Path) -> None:
    ports = Ports()
    own = stack_settings(tmp_path, webhook_url=SecretStr(receiver_url(ports)))
    other = stack_settings(tmp_path, webhook_url=SecretStr("http://127.0.0.1:9/hook"))
    assert "receiver" in {one.name for one in components(own, ports)}
    assert wanted_ports(own, ports)["receiver"] == ports.receiver
    for where in (other, stack_settings(tmp_path)):
        assert "receiver" not in {one.name for one in components(where, ports)}
        assert "receiver" not in wanted_ports(where, ports)


def test_what_was_posted_is_text_on_the_page_and_its_addresses_are_links(receiver: str) -> None:
    posted = {
        "status": "firing",
        "title": "critical: <script>alert(1)</script>",
        "message": "panel: http://127.0.0.1:3000/d/fraud?viewPanel=5&x=1\njavascript:alert(2)",
        "alerts": [],
    }
    assert requests.post(f"{receiver}{PATH}", json=posted, timeout=5).ok
    answer = requests.get(f"{receiver}{PATH}", timeout=5)
    page = Document(answer.text)
    assert not {"script"} & {tag for tag, _ in page.elements}
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
    links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
    assert links == ["http://127.0.0.1:3000/d/fraud?viewPanel=5&x=1"]
    assert ("article", {"class": "critical"}) in page.elements
