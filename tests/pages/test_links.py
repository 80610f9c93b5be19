"""Every link that leads to the server opens: of alerts, in both forms, and of dashboards."""

import re
from collections.abc import Iterator
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest
import requests

from monitoring.signals.alerts import alerts_of
from monitoring.signals.alerts.delivery import Delivery
from monitoring.signals.generated_files import planned
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from tests.fixtures.eventually import PATIENCE
from tests.pages.conftest import Served
from tests.reports.reading import Document


def links_in(text: str, base: str) -> set[str]:
    return set(re.findall(rf"{re.escape(base)}[^\s\"'`<>)|]*", text))


def opens(url: str) -> Document:
    """Return the page at `url`: it is there, and so is what its anchor names."""
    where, anchor = urldefrag(url)
    answer = requests.get(where, timeout=PATIENCE)
    assert answer.status_code == 200, url
    page = Document(answer.text)
    ids = {attributes.get("id") for _, attributes in page.elements}
    assert not anchor or anchor in ids, url
    return page


def leads_to(url: str) -> str:
    """Return where `url` sends a browser: to another server, which is not there to be asked."""
    answer = requests.get(url, timeout=10, allow_redirects=False)
    assert answer.status_code == 307, url
    return answer.headers["location"]


@pytest.mark.parametrize("grafana", [None, "http://grafana.test"])
def test_every_link_of_every_generated_file_opens(
    served: Served, fraud_case: UseCase, student_case: UseCase, grafana: str | None
) -> None:
    delivery = Delivery(addresses=Addresses(served.url, grafana))
    files = planned((fraud_case, student_case), delivery)
    links = {link for text in files.values() for link in links_in(text, served.url)}
    named = {anchor for _, anchor in map(urldefrag, links)}
    alerts = {alert.name for case in (None, fraud_case, student_case) for alert in alerts_of(case)}
    assert named >= {name.lower() for name in alerts}
    assert {f"{served.url}/reports", f"{served.url}/reports/student_depression/index.html"} <= links
    assert (f"{served.url}/watch" in links) is (grafana is None)
    models = {link for link in links if "/models/" in link}
    assert len(models) == 4
    for link in sorted(models):
        # Grafana fills in the cell's text.
        there = leads_to(link.replace("${__value.text}", "1"))
        assert there.startswith("http://mlflow.test/#/models/")
    for link in sorted(links - models):
        opens(link)


def test_both_forms_of_the_rules_and_the_dashboards_link_to_the_server(
    served: Served, fraud_case: UseCase
) -> None:
    files = planned((fraud_case,), Delivery(addresses=Addresses(served.url)))
    linking = {path.name for path, text in files.items() if links_in(text, served.url)}
    assert linking >= {"fraud.yml", "tocsin.yml", "rules-fraud.yml", "rules-tocsin.yml"}
    assert "fraud.json" in linking


def within(page: Document, url: str) -> Iterator[str]:
    for tag, attributes in page.elements:
        if tag == "a":
            yield urljoin(url, attributes["href"])


def test_every_link_on_the_server_s_own_pages_opens(served: Served) -> None:
    seen: set[str] = set()
    left = [f"{served.url}/"]
    while left:
        url = left.pop()
        if url in seen or urlsplit(url).netloc == "prom.test":
            continue
        seen.add(url)
        assert url.startswith(served.url)
        if urlsplit(url).path.startswith("/models/"):
            assert leads_to(url).startswith("http://mlflow.test/#/models/")
        elif urlsplit(url).path.startswith("/newest/"):
            left.append(urljoin(url, leads_to(url)))
        else:
            left += within(opens(url), url)
    paths = {urlsplit(url).path for url in seen}
    assert paths >= {
        "/",
        "/runbook",
        "/watch",
        "/watch/fraud",
        "/latest",
        "/newest/fraud/drift",
        "/reports/fraud/index.html",
        "/reports/fraud/drift_20260131T060000Z.html",
        "/reports/student_depression/index.html",
    }
