"""Which reports are kept."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from monitoring.reports.entry import ReportKind, report_name
from monitoring.reports.retention import cited_reports, firing_alerts, keep_newest
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import running_prometheus
from tests.fixtures.loopback import free_port, handled_by, serving

DAYS = range(1, 6)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five days of two kinds of report, the lists, and something of somebody else's."""
    for kind in ("drift", "quality"):
        for day in DAYS:
            for ending in ("html", "json"):
                (tmp_path / f"{kind}_2026010{day}T000000Z.{ending}").touch()
    (tmp_path / "index.html").touch()
    (tmp_path / "notes.html").touch()
    return tmp_path


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_newest_of_each_kind_stay_with_their_particulars(folder: Path) -> None:
    removed = keep_newest(folder, 2)
    assert removed == tuple(
        f"{kind}_2026010{day}T000000Z.html" for kind in ("quality", "drift") for day in (1, 2, 3)
    )
    assert names(folder) == {
        f"{kind}_2026010{day}T000000Z.{ending}"
        for kind in ("drift", "quality")
        for day in (4, 5)
        for ending in ("html", "json")
    } | {"index.html", "notes.html"}


def test_a_cited_report_stays_whatever_its_age_and_takes_no_ones_place(folder: Path) -> None:
    keep_newest(folder, 2, frozenset({"drift_20260101T000000Z.html"}))
    kept = sorted(path.stem[-16:-8] for path in folder.glob("drift_*.html"))
    assert kept == ["20260101", "20260104", "20260105"]
    assert (folder / "drift_20260101T000000Z.json").is_file()


def test_again_it_removes_nothing_more(folder: Path) -> None:
    keep_newest(folder, 2)
    before = names(folder)
    assert keep_newest(folder, 2) == ()
    assert names(folder) == before


@pytest.mark.parametrize("left", ["html", "json"])
def test_what_a_killed_run_left_of_a_report_is_removed_by_the_next(folder: Path, left: str) -> None:
    gone = {"html": "json", "json": "html"}[left]
    (folder / f"drift_20260101T000000Z.{gone}").unlink()
    assert "drift_20260101T000000Z.html" in keep_newest(folder, 2)
    assert not list(folder.glob("drift_20260101T*"))


def test_keeping_none_is_refused(folder: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        keep_newest(folder, 0)


def test_a_folder_that_is_not_there_yet_holds_nothing_to_remove(tmp_path: Path) -> None:
    assert keep_newest(tmp_path / "fraud", 10) == ()


RULES = """
groups:
- name: reports
  rules:
  - alert: RecallLow
    expr: vector(1)
    labels: {{use_case: fraud, severity: critical}}
    annotations: {{report_url: "http://127.0.0.1:8000/reports/fraud/index.html"}}
  - alert: MissedHigh
    expr: vector(1)
    labels: {{use_case: fraud, severity: warning}}
    annotations: {{report_url: "https://tocsin.example.org/tocsin/reports/fraud/{oldest}"}}
  - alert: DriftScoreHigh
    expr: vector(1)
    labels: {{use_case: shop, severity: warning}}
    annotations: {{report_url: "http://127.0.0.1:8000/reports/shop/index.html"}}
  - alert: DriftPending
    expr: vector(1)
    for: 1h
    labels: {{use_case: fraud, severity: warning}}
    annotations: {{report_url: "http://127.0.0.1:8000/reports/fraud/{pending}"}}
  - alert: RecallRecovered
    expr: vector(0) > 1
    labels: {{use_case: fraud, severity: warning}}
    annotations: {{report_url: "http://127.0.0.1:8000/reports/fraud/{quiet}"}}
  - alert: Watchdog
    expr: vector(1)
    labels: {{severity: none}}
    annotations: {{report_url: "http://127.0.0.1:8000/reports"}}
"""


@pytest.fixture
def firing(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> Iterator[str]:
    """A real Prometheus in which alerts on both use cases fire, another one pends."""
    home = tmp_path_factory.mktemp("prometheus")
    names = {"oldest": 1, "pending": 2, "quiet": 3}
    reports = {word: f"quality_2026010{day}T000000Z.html" for word, day in names.items()}
    (home / "rules.yml").write_text(RULES.format(**reports), encoding="utf-8")
    (home / "prometheus.yml").write_text(
        "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n", encoding="utf-8"
    )
    with running_prometheus(home) as url:
        eventually(lambda: len(firing_alerts(url)) == 4)
        yield url


def test_reports_that_a_firing_alert_cites_outlast_the_newer_ones(
    folder: Path, firing: str
) -> None:
    """An alert fires; then ten more windows are reported on, and the alert still fires."""
    later = datetime.now(UTC)
    for hour in range(1, 11):
        name = report_name(ReportKind.DRIFT, later + timedelta(hours=hour))
        for ending in ("html", "json"):
            (folder / f"{name}.{ending}").touch()
    keep_newest(folder, 2, cited_reports(folder, "fraud", firing))
    stayed = names(folder)
    assert {"drift_20260105T000000Z.html", "drift_20260105T000000Z.json"} <= stayed
    assert "quality_20260101T000000Z.html" in stayed  # one alert links to it by name
    # What a pending or resolved alert links to, and what is neither cited nor new, is gone.
    assert not {f"quality_2026010{day}T000000Z.html" for day in (2, 3)} & stayed
    assert len(list(folder.glob("drift_*.html"))) == 3


def test_the_alerts_of_another_use_case_keep_nothing(folder: Path, firing: str) -> None:
    assert cited_reports(folder, "orders", firing) == frozenset()
    assert len(cited_reports(folder, "shop", firing)) == 2


def test_while_prometheus_does_not_answer_nothing_is_removed(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = names(folder)
    url = f"http://127.0.0.1:{free_port()}"
    assert keep_newest(folder, 2, cited_reports(folder, "fraud", url)) == ()
    assert names(folder) == before
    assert f"Prometheus at {url} does not answer" in caplog.text


def test_something_else_that_answers_in_prometheus_place_removes_nothing(folder: Path) -> None:
    class Elsewhere(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

    with serving(handled_by(Elsewhere)) as url:
        assert keep_newest(folder, 2, cited_reports(folder, "fraud", url)) == ()
