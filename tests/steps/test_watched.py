"""A model that Tocsin did not train: adopted, and reported on from its prediction logs."""

import numpy as np
import pytest
import sqlalchemy as sa

from monitoring.rows.rows import POSITIVE, UNLABELLED
from monitoring.rows.window import ending
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps import begin, in_process
from monitoring.steps.adopt import adopt
from monitoring.steps.order import REPORT
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.report.windows import windows_of
from monitoring.steps.run import StepError
from monitoring.summary.build import score_histograms
from monitoring.summary.types import COUNTED
from tests.fixtures.watched import DAY, FIRST, ROWS, Logs, day_of_rows
from tests.steps.watching import ADOPTED_AT, measured


def test_the_reference_is_the_first_days_and_the_threshold_what_decisions_imply(
    logs: Logs,
) -> None:
    model = champion_model(logs.case)
    assert model is not None
    assert model.adopted is not None
    assert model.threshold == 0.5
    assert model.adopted.log_version == "v7"
    assert model.reference.training.rows == 12 * ROWS
    assert len(model.reference.chunks) == 12
    with pytest.raises(Exception, match="serves elsewhere"):
        model.score(model.reference_sample)


def test_adopting_again_gives_the_same_version(logs: Logs) -> None:
    serving = model_registry().champion(logs.case)
    again = adopt(logs.case, now=ADOPTED_AT)
    assert serving is not None
    assert again.version == serving.number


def test_a_report_goes_from_the_file_to_its_pages_and_stores_no_row(logs: Logs) -> None:
    run = begin.by_hand(Pipeline.REPORT, "payments", as_of=FIRST + 17 * DAY)
    notification, drifted = in_process.report(run)
    assert not drifted
    assert "of 3 features drifted" in notification.text
    with production_store() as store, store.engine.connect() as connection:
        for table in ("production_rows", "scores", "labels"):
            rows = connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608
            assert rows == 0, table
    pages = {path.name for path in settings().reports.glob("payments/*.html")}  # type: ignore[union-attr]
    assert len(pages) >= 3


def test_counts_are_those_of_the_rows_themselves(logs: Logs) -> None:
    figures = measured(logs, 16)
    rows = day_of_rows(14)  # mature after two days, at the end of day 16
    truth, flagged = rows["is_fraud"] == POSITIVE, rows["flagged"]
    card = figures.realised
    assert card is not None
    assert (card.detected, card.missed, card.false_alarms) == (
        int((truth & flagged).sum()),
        int((truth & ~flagged).sum()),
        int((~truth & flagged).sum()),
    )
    assert figures.mature_rows == ROWS
    assert card.money is not None
    assert card.money.caught == pytest.approx(rows["amount"][truth & flagged].sum(), abs=0.01)
    assert figures.estimated is not None
    assert figures.estimated.rows == ROWS


def test_the_scores_are_those_of_arrays_in_memory_to_the_last_bit(logs: Logs) -> None:
    model = champion_model(logs.case)
    assert model is not None
    window = ending(FIRST + 15 * DAY, DAY)
    with production_store() as store:
        windows = windows_of(logs.case, store)
        found = windows.scores(window, FIRST + 20 * DAY, model).scores
        assert found is not None
    rows = day_of_rows(14)
    label = np.where(rows["is_fraud"] == 1, POSITIVE, UNLABELLED).astype(np.int8)
    amount, edges = rows["amount"].to_numpy(), model.reference.score_edges
    expected = score_histograms(rows["score"].to_numpy(), label, amount, edges)
    for name in COUNTED:
        assert (getattr(found, name) == getattr(expected, name)).all(), name


def test_drift_in_the_logs_is_found(logs: Logs) -> None:
    logs.days(range(20, 21), shift=1.5)
    figures = measured(logs, 20)
    drifted = {part.name for part in figures.verdict.features if part.drifted}
    assert drifted == {"x", "y"}
    assert figures.verdict.drifted


def test_only_the_steps_that_a_watched_model_needs_are_in_its_order(logs: Logs) -> None:
    names = [step.name for step in REPORT.of(logs.case).named_steps]
    assert "judge_probation" not in names
    assert "call_on_drift" not in names
    logs.declare(on_drift={"webhook": "RETRAIN_URL"})
    assert "call_on_drift" in [step.name for step in REPORT.of(logs.case).named_steps]


def test_a_retrain_is_refused(logs: Logs) -> None:
    with pytest.raises(StepError, match="watched, not trained: `tocsin adopt payments`"):
        begin.by_hand(Pipeline.RETRAIN, "payments", as_of=ADOPTED_AT)
