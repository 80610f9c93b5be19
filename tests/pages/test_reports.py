"""Reports are served as they are, and nothing else of the machine is."""

import http.client
from contextlib import closing
from urllib.parse import urlsplit

import pytest
import requests

from tests.pages.conftest import HIDDEN, Served

REPORT = "/reports/fraud/drift_20260131T060000Z.html"


def raw(served: Served, path: str) -> tuple[int, str]:
    """Ask for a path exactly as it is written: other clients tidy it up."""
    with closing(http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=10)) as connection:
        connection.putrequest("GET", path, skip_accept_encoding=True)
        connection.endheaders()
        answer = connection.getresponse()
        return answer.status, answer.read().decode()


def test_a_report_is_served_as_it_is(served: Served) -> None:
    answer = requests.get(served.url + REPORT, timeout=10)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.text == "<p>report of drift</p>"


def test_a_report_that_is_known_is_not_sent_again(served: Served) -> None:
    etag = requests.get(served.url + REPORT, timeout=10).headers["etag"]
    again = requests.get(served.url + REPORT, headers={"If-None-Match": etag}, timeout=10)
    assert again.status_code == 304


def test_its_particulars_are_json(served: Served) -> None:
    answer = requests.get(served.url + REPORT.replace(".html", ".json"), timeout=10)
    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["kind"] == "drift"


@pytest.mark.parametrize(
    "path",
    [
        "/reports/../secret.txt",
        "/reports/%2e%2e/secret.txt",
        "/reports/..%2fsecret.txt",
        "/reports/..%5csecret.txt",
        "/reports/fraud/../../secret.txt",
        "/reports/fraud/%2e%2e/%2e%2e/secret.txt",
        "/reports/fraud/..;/..;/secret.txt",
        "/reports//etc/passwd",
        "/reports/%2fetc/passwd",
        "/reports/fraud/outside.html",
        "/reports/fraud/.drift.html.part",
        "/reports/fraud/drift%00.html",
        "/reports/" + "a" * 5000,
        "/reports/nobody/index.html",
        "/secret.txt",
        "/../secret.txt",
    ],
)
def test_nothing_beside_the_reports_is_served(served: Served, path: str) -> None:
    status, text = raw(served, path)
    assert status == 404
    assert HIDDEN not in text
    assert "root:" not in text


def test_folders_are_not_listed(served: Served) -> None:
    (served.reports / "bare").mkdir()
    assert raw(served, "/reports/bare/")[0] == 404


def test_nothing_can_be_written(served: Served) -> None:
    assert requests.put(served.url + REPORT, data="x", timeout=10).status_code == 405


def test_the_list_of_a_use_case_without_reports_says_so(served: Served) -> None:
    text = requests.get(f"{served.url}/reports/student_depression/index.html", timeout=10).text
    assert "Student depression: reports" in text
    assert "No report yet." in text


def test_the_newest_report_of_a_kind_has_an_address_of_its_own(served: Served) -> None:
    answer = requests.get(f"{served.url}/newest/fraud/drift", timeout=10)
    assert urlsplit(answer.url).path == REPORT
    assert answer.text == "<p>report of drift</p>"


@pytest.mark.parametrize("path", ["fraud/performance", "student_depression/drift"])
def test_where_there_is_no_report_of_a_kind_yet_its_address_leads_to_the_list(
    served: Served, path: str
) -> None:
    answer = requests.get(f"{served.url}/newest/{path}", timeout=10)
    assert answer.status_code == 200
    assert urlsplit(answer.url).path == f"/reports/{path.partition('/')[0]}/index.html"


def test_there_is_no_newest_report_of_a_use_case_that_is_not_there(served: Served) -> None:
    answer = requests.get(f"{served.url}/newest/nobody/drift", timeout=10)
    assert answer.status_code == 404
    assert "No use case" in answer.json()["detail"]


def test_an_unknown_kind_is_refused(served: Served) -> None:
    assert requests.get(f"{served.url}/newest/fraud/secrets", timeout=10).status_code == 422
