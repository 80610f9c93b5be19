"""Runs: their windows, their keys, and what steps leave in their folders."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.retrain.decision import NewRows
from monitoring.steps.run import NAME_LIMIT, Run, StepError, verdict_window
from tests.fixtures.tiny import write_tiny

END = datetime(2026, 1, 8, tzinfo=UTC)
SIX_HOURS = Window(END - timedelta(hours=6), END)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("TOCSIN_STATE", str(tmp_path))
    settings.cache_clear()
    yield Run.open(Pipeline.REPORT, "fraud", SIX_HOURS, run_id="manual__2026-01-08T00:00:00+00:00")
    settings.cache_clear()


def test_a_runs_key_is_a_safe_file_name_of_its_own(run: Run) -> None:
    assert run.key.startswith("report_manual__2026-01-08T00_00_00_00_00_")
    alike = Run.open(
        Pipeline.REPORT, "fraud", SIX_HOURS, run_id="manual__2026-01-08T00_00_00_00_00"
    )
    assert run.key != alike.key


def test_a_result_is_read_back_as_it_was_written(run: Run) -> None:
    run.write("fresh", NewRows(rows=7, wanted=1000))
    assert run.read("fresh", NewRows) == NewRows(rows=7, wanted=1000)
    assert [path.name for path in run.folder.iterdir()] == ["fresh.json"]


def test_a_run_begun_anew_forgets_what_the_earlier_one_left(run: Run) -> None:
    run.write("fresh", NewRows(rows=7, wanted=1000))
    run.clear()
    assert run.read("fresh", NewRows) is None


def test_a_step_that_did_not_run_is_missed_by_name(run: Run) -> None:
    assert run.read("fresh", NewRows) is None
    with pytest.raises(StepError, match=r"no fresh\.json"):
        run.need("fresh", NewRows)


def test_a_run_survives_the_way_through_xcom(run: Run) -> None:
    assert Run.model_validate(run.model_dump(mode="json")) == run


def test_a_key_cannot_leave_the_runs_folder() -> None:
    with pytest.raises(ValidationError):
        Run(pipeline=Pipeline.REPORT, use_case="fraud", key="../up", window_start=END,
            window_end=END, opened="0")  # fmt: skip


def test_a_verdicts_window_ends_with_the_runs_and_is_as_long_as_the_use_case_says(
    tmp_path: Path,
) -> None:
    case = write_tiny("windowed", tmp_path)
    assert verdict_window(case, SIX_HOURS) == Window(END - timedelta(days=1), END)
    week = Window(END - timedelta(days=7), END)
    assert verdict_window(case, week) == Window(END - timedelta(days=1), END)


@pytest.mark.parametrize("length", [1, 103, 110, 119, 250])
def test_every_name_made_from_a_run_id_fits_and_is_its_own(length: int) -> None:
    run_id = "r" * length
    run, again = (Run.open(Pipeline.RETRAIN, "fraud", SIX_HOURS, run_id=run_id) for _ in range(2))
    alike = Run.open(Pipeline.RETRAIN, "fraud", SIX_HOURS, run_id=run_id[:-1] + "s")
    names = [run.key, run.registry_key, again.registry_key, alike.key, alike.registry_key]
    assert max(map(len, names)) <= NAME_LIMIT
    assert len(set(names)) == len(names)
    assert run.key == again.key
