"""Runs as Airflow opens them: scheduled, by hand, in a backfill, with a window of their own."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.begin import attempt, from_airflow
from monitoring.steps.run import Run
from monitoring.use_case_file import SHIPPED

NIGHT = datetime(2026, 1, 8, 3, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class DagRun:
    """What Airflow hands to a task, as far as a run is opened from it."""

    run_id: str = "manual__1"
    run_after: datetime = NIGHT
    conf: dict[str, Any] | None = field(default_factory=dict)
    data_interval_start: datetime | None = None
    data_interval_end: datetime | None = None


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


def opened(dag_run: DagRun) -> Run:
    return from_airflow(Pipeline.RETRAIN, "fraud", dag_run)


def test_a_scheduled_or_backfilled_run_looks_from_the_end_of_its_data_interval() -> None:
    run = opened(DagRun(data_interval_start=NIGHT - 2 * DAY, data_interval_end=NIGHT - DAY))
    assert (run.window_start, run.as_of) == (NIGHT - 2 * DAY, NIGHT - DAY)


def test_a_run_by_hand_without_logical_date_looks_from_when_it_was_allowed_to_start() -> None:
    run = opened(DagRun(conf=None))
    assert (run.window_start, run.as_of) == (NIGHT - DAY, NIGHT)


def test_conf_moves_a_run_into_the_past_and_forces_it() -> None:
    run = opened(DagRun(conf={"as_of": "2025-12-01T00:00:00Z", "force": True, "verdict_id": "v"}))
    assert run.as_of == datetime(2025, 12, 1, tzinfo=UTC)
    assert run.force
    assert run.verdict_id == "v"


def test_two_runs_never_share_a_folder() -> None:
    assert opened(DagRun(run_id="a")).folder != opened(DagRun(run_id="b")).folder


def test_every_run_publishes_which_use_cases_can_not_run(
    tmp_path: Path, pushgateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "use_cases"
    folder.mkdir()
    monkeypatch.setenv("TOCSIN_USE_CASES", str(folder))
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    (folder / "late.yml").write_text("name: [", encoding="utf-8")
    taken = (SHIPPED / "fraud.yml").read_text("utf-8").replace("name: fraud", "name: tocsin", 1)
    (folder / "tocsin.yml").write_text(taken, encoding="utf-8")
    for broken in ({"late", "tocsin"}, set()):
        attempt(opened(DagRun()))
        text = requests.get(f"{pushgateway}/metrics", timeout=5).text
        assert set(re.findall(r'tocsin_broken_use_case\{.*\bname="(\w+)"', text)) == broken
        for path in folder.iterdir():
            path.unlink()
