"""The retention step asks which reports firing alerts cite, and leaves those."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.reports.entry import ReportKind, report_name
from monitoring.reports.retention import firing_alerts
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.report.report_files import keep_newest_reports
from monitoring.steps.run import Run
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import running_prometheus

RULES = """
groups:
- name: fraud
  rules:
  - alert: DriftScoreHigh
    expr: vector(1)
    labels: {use_case: fraud, severity: critical}
    annotations: {report_url: "http://127.0.0.1:8000/reports/fraud/index.html"}
"""
DAY = timedelta(days=1)


@pytest.fixture
def prometheus(tmp_path: Path) -> Iterator[str]:
    """A Prometheus in which one alert on card fraud fires."""
    (tmp_path / "rules.yml").write_text(RULES, encoding="utf-8")
    (tmp_path / "prometheus.yml").write_text(
        "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n", encoding="utf-8"
    )
    with running_prometheus(tmp_path) as url:
        eventually(lambda: firing_alerts(url))
        yield url


def test_the_report_that_a_firing_alert_links_to_outlasts_ten_newer_ones(
    tmp_path: Path, prometheus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    monkeypatch.setenv("TOCSIN_REPORTS", str(tmp_path / "reports"))
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("TOCSIN_PROMETHEUS_URL", prometheus)
    settings.cache_clear()
    mine = tmp_path / "reports" / "fraud"
    mine.mkdir(parents=True)
    now = datetime.now(UTC) - timedelta(hours=1)
    names = [f"{report_name(ReportKind.DRIFT, now + day * DAY)}.html" for day in range(-3, 12)]
    for name in names:
        (mine / name).touch()
    run = Run.open(Pipeline.REPORT, "fraud", Window(now - DAY, now))
    removed = keep_newest_reports(run).removed
    settings.cache_clear()
    # Of what was there when it began to fire the newest stays, beside the ten newest of all.
    began_with, newest = names[3], names[-10:]
    assert {path.name for path in mine.glob("drift_*")} == {began_with, *newest}
    assert set(removed) == set(names) - {began_with, *newest}
