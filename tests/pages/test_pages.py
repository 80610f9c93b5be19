"""The server's own pages: what they say, and what browsers are told about them."""

import pytest
import requests
from pydantic import SecretStr

from monitoring.pages.runbook_page import rendered
from monitoring.pages.site import site_of
from monitoring.settings import Settings
from tests.pages.conftest import Served
from tests.reports.reading import Document


def page(served: Served, path: str, **headers: str) -> requests.Response:
    return requests.get(served.url + path, headers={"Accept": "text/html", **headers}, timeout=10)


def text_of(served: Served, path: str) -> str:
    return " ".join(Document(page(served, path).text).words)


def test_the_front_page_names_each_use_case_with_its_newest_reports(served: Served) -> None:
    text = text_of(served, "/")
    assert "Card fraud" in text
    assert "4 of 10 features drifted until 2026-01-31 06:00 UTC" in text
    assert "Student depression" in text
    assert "No report yet: run tocsin report student_depression to write the first." in text


def test_a_use_case_file_that_is_wrong_is_shown_and_hides_no_other(served: Served) -> None:
    html = page(served, "/").text
    assert "wrong.yml" in html
    assert "<b>" not in html


def test_a_damaged_report_is_shown_on_every_page_and_hides_no_other(served: Served) -> None:
    broken = served.reports / "student_depression" / "drift_20260101T000000Z.json"
    broken.parent.mkdir()
    broken.write_text("{}", encoding="utf-8")
    beside = served.reports / "fraud" / "drift_20260101T000000Z.json"
    beside.symlink_to("/dev/zero")
    (served.reports / "index.html").unlink()
    try:
        for path in ("/", "/reports/", "/reports/student_depression/index.html"):
            text = text_of(served, path)
            assert f"{broken}: not the index entry of a report: remove it" in text
        for path in ("/", "/reports/"):
            text = text_of(served, path)
            assert f"{beside}: not the index entry of a report" in text
            assert "4 of 10 features drifted" in text
        newest = page(served, "/newest/fraud/drift")
        assert newest.text == "<p>report of drift</p>"
    finally:
        beside.unlink()
        broken.unlink()
        broken.parent.rmdir()


def test_a_use_case_that_fits_no_dashboard_is_shown_and_hides_no_other(served: Served) -> None:
    text = text_of(served, "/")
    assert "no use case may be called tocsin: rename it" in text
    assert "Card fraud" in text
    assert page(served, "/watch/tocsin").status_code == 404


def test_a_folder_of_use_cases_that_is_gone_is_said_in_place_of_the_models(
    served: Served,
) -> None:
    folder = served.use_cases
    away = folder.rename(folder.with_name("away"))
    try:
        answer = page(served, "/")
    finally:
        away.rename(folder)
    assert answer.status_code == 200
    assert f"TOCSIN_USE_CASES={folder} can&#39;t be read: No such file" in answer.text
    assert "Runbook" in answer.text


def test_the_front_page_leads_to_the_other_servers_that_people_can_open() -> None:
    site = site_of(
        Settings(
            grafana_url="http://grafana.test",
            mlflow_url="http://inside:5000",
            public_mlflow_url="http://mlflow.test",
            database_url=SecretStr("postgresql://user:secret@inside/db"),
        )
    )
    assert [place.url for place in site.places] == ["http://grafana.test", "http://mlflow.test"]


def test_the_server_says_that_it_is_well(served: Served) -> None:
    assert requests.get(f"{served.url}/health", timeout=10).json() == {"status": "ok"}


def test_a_heading_is_an_entry_with_the_anchor_that_alerts_link_to() -> None:
    runbook = rendered("# Runbook\n\n## RecallLow\n\n**Means.** <b>less</b>\n\n## Two words\n")
    assert runbook.title == "Runbook"
    assert [entry.anchor for entry in runbook.entries] == ["recalllow", "two-words"]
    assert '<h2 id="recalllow">' in runbook.body
    assert "&lt;b&gt;less" in runbook.body


@pytest.mark.parametrize("path", ["/", "/runbook", "/nowhere", "/health"])
def test_pages_that_draw_nothing_run_no_script_and_are_framed_by_nobody(
    served: Served, path: str
) -> None:
    headers = page(served, path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


def test_reports_run_their_own_scripts_apart_from_everything_else(served: Served) -> None:
    policy = page(served, "/reports/fraud/index.html").headers["content-security-policy"]
    assert "script-src 'unsafe-inline'" in policy
    assert "sandbox allow-scripts" in policy
    assert "allow-same-origin" not in policy
    assert "connect-src" not in policy
    assert "http" not in policy


def test_another_host_name_is_refused(served: Served) -> None:
    assert page(served, "/", Host="evil.example").status_code == 400


def test_a_page_that_is_not_there_leads_home(served: Served) -> None:
    answer = page(served, "/watch/nobody")
    assert answer.status_code == 404
    assert "No use case" in answer.text
    assert f'href="{served.url}/"' in answer.text
