"""The rows that pages show of prediction logs are drawn as the window is read for its figures."""

import pytest

from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps.places import champion_model, production_store
from monitoring.steps.report.drawn_file import read_drawn
from monitoring.steps.report.measurement import measure
from monitoring.steps.report.report_files import report_drift, report_performance
from monitoring.steps.report.windows import windows_of
from monitoring.steps.run import Run
from tests.fixtures.watched import DAY, FIRST, ROWS, Logs, day_of_rows


@pytest.fixture
def run(logs: Logs) -> Run:
    """A report at the end of day 16, measured."""
    begun = Run.open(Pipeline.REPORT, "payments", ending(FIRST + 17 * DAY, DAY))
    measure(begun)
    return begun


def test_pages_are_written_though_the_logs_are_gone_since_they_were_read(
    run: Run, logs: Logs
) -> None:
    (logs.folder / "data" / "logs").rename(logs.folder / "data" / "elsewhere")
    for written in (report_drift(run), report_performance(run)):
        page = settings().reports / "payments" / written.file.rpartition("/")[2]
        assert page.stat().st_size > 100_000


def test_the_sample_holds_rows_as_they_are_logged_with_their_labels(run: Run) -> None:
    drawn = read_drawn(run, ending(FIRST + 17 * DAY, DAY))
    mature = read_drawn(run, ending(FIRST + 15 * DAY, DAY))
    assert drawn is not None
    assert mature is not None
    own, before = day_of_rows(16), day_of_rows(14)
    assert drawn.of == mature.of == ROWS
    assert drawn.rows.features["x"].tolist() == own["x"].tolist()
    assert drawn.rows.features["country"].tolist() == own["country"].tolist()
    assert drawn.rows.score is not None
    assert drawn.rows.score.tolist() == own["score"].tolist()
    assert mature.rows.amount is not None
    assert mature.rows.amount.tolist() == before["amount"].tolist()
    assert (mature.rows.label == 1).sum() == before["is_fraud"].sum()
    assert mature.rows.features.shape == (ROWS, 0)


def test_a_sample_is_of_the_same_rows_in_both_passes(
    logs: Logs, monkeypatch: pytest.MonkeyPatch
) -> None:
    logs.write(16, day_of_rows(16).drop(columns="y"))  # files need not have the same columns
    logs.write(16, day_of_rows(17).assign(at=lambda rows: rows["at"] - DAY), "part-1")
    case = logs.case.model_copy(
        update={"report": logs.case.report.model_copy(update={"sample": 100})}
    )
    window, model = ending(FIRST + 17 * DAY, DAY), champion_model(logs.case)
    assert model is not None
    with production_store() as store:
        windows = windows_of(case, store)
        windows.summary(window, window.end, model)
        drawn = windows.drawn_in_passing(window, window.end, model, features=True)
    assert drawn is not None
    assert drawn.of == 2 * ROWS
    assert len(drawn.rows) == 100
    score_of = {
        row["x"]: row["score"] for day in (16, 17) for _, row in day_of_rows(day).iterrows()
    }
    assert drawn.rows.score is not None
    assert [score_of[x] for x in drawn.rows.features["x"]] == drawn.rows.score.tolist()


def test_of_a_window_whose_parts_were_kept_rows_are_drawn_by_a_read_of_their_own(
    run: Run, logs: Logs
) -> None:
    window, model = ending(FIRST + 17 * DAY, DAY), champion_model(logs.case)
    assert model is not None
    with production_store() as store:
        windows = windows_of(logs.case, store)
        windows.summary(window, run.as_of, model)
        assert windows.drawn_in_passing(window, run.as_of, model, features=True) is None
        drawn = windows.draw(window, run.as_of, model, size=100, features=True)
    assert 50 < len(drawn.rows) < 150
