"""What a summary promises of its window."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from monitoring.summary.build import SummaryError, summarise
from monitoring.summary.profile import FitError
from monitoring.summary.reference import fit_reference, with_version
from monitoring.summary.types import ColumnStatus, Reference
from tests.summary.made import FEATURES, frame, rows_of

THRESHOLD = 0.2


@pytest.fixture(scope="module")
def reference() -> Reference:
    rng = np.random.default_rng(0)
    return fit_reference(
        rows_of(frame(rng, 4000)),
        rows_of(frame(rng, 2000), seed=1),
        features=FEATURES,
        threshold=THRESHOLD,
        chunk=timedelta(days=1),
        importance={"height": 3, "town": 1},
    )


def test_counts_at_the_threshold_are_exact(reference: Reference) -> None:
    rows = rows_of(frame(np.random.default_rng(2), 500), seed=3)
    assert rows.score is not None
    assert rows.amount is not None
    rows.score[:3] = THRESHOLD, np.nextafter(THRESHOLD, 0), 1.0
    scores = summarise(rows, reference).scores
    assert scores is not None
    alarms = np.searchsorted(scores.edges, THRESHOLD) + 1
    for label, place in ((0, 0), (1, 1), (-1, 2)):
        of_label = rows.label == label
        flagged = of_label & (rows.score >= THRESHOLD)
        assert scores.rows[place, alarms:].sum() == flagged.sum()
        assert scores.rows[place].sum() == of_label.sum()
        assert scores.amount[place, alarms:].sum() == pytest.approx(rows.amount[flagged].sum())
        assert scores.score[place].sum() == pytest.approx(rows.score[of_label].sum())
        assert scores.amount_squared[place].sum() == pytest.approx(
            (rows.amount[of_label] ** 2).sum(), rel=1e-3
        )


def test_rows_without_a_score_are_in_the_features_and_not_in_the_scores(
    reference: Reference,
) -> None:
    rows = rows_of(frame(np.random.default_rng(2), 100), seed=3)
    assert rows.score is not None
    rows.score[:40] = np.nan
    summary = summarise(rows, reference)
    assert summary.rows == 100
    assert summary.scores is not None
    assert summary.scores.rows.sum() == 60


def test_time_and_hours_are_those_of_the_rows(reference: Reference) -> None:
    summary = summarise(rows_of(frame(np.random.default_rng(2), 145)), reference)
    assert summary.start == datetime(2026, 3, 1, tzinfo=UTC)
    assert summary.end == datetime(2026, 3, 2, tzinfo=UTC)
    assert summary.hours is not None
    assert summary.hours.tolist() == [7] + [6] * 23


def test_a_missing_column_and_a_changed_type_leave_the_others_alone(reference: Reference) -> None:
    features = frame(np.random.default_rng(2), 200).drop(columns="height")
    features["visits"] = "many"
    summary = summarise(rows_of(features), reference)
    assert summary.features["height"].status is ColumnStatus.MISSING_COLUMN
    assert summary.features["visits"].status is ColumnStatus.TYPE_CHANGED
    assert summary.features["town"].counts.sum() == 200


def test_a_window_without_rows_is_a_summary_without_rows(reference: Reference) -> None:
    summary = summarise(rows_of(frame(np.random.default_rng(2), 0), seed=1), reference)
    assert summary.rows == 0
    assert summary.start is None
    assert summary.features["town"].counts.sum() == 0


def test_scores_of_another_version_are_an_error(reference: Reference) -> None:
    rows = rows_of(frame(np.random.default_rng(2), 10), seed=1, model_version="2")
    with pytest.raises(SummaryError, match="version 2"):
        summarise(rows, with_version(reference, "3"))
    unscored = replace(rows, score=None)
    assert summarise(unscored, with_version(reference, "3")).model_version == "3"


def test_a_reference_keeps_whole_chunks_and_hours_and_importance(reference: Reference) -> None:
    assert [chunk.rows for chunk in reference.chunks] == [144] * 27
    assert len(reference.score_chunks) == 13
    assert sum(hour.rows for hour in reference.by_hour) == reference.training.rows == 4000
    assert reference.importance == {"height": 0.75, "visits": 0, "town": 0.25}
    assert THRESHOLD in reference.score_edges


def test_a_reference_of_less_than_two_days_knows_no_hours() -> None:
    rng = np.random.default_rng(0)
    reference = fit_reference(
        rows_of(frame(rng, 200)),
        None,
        features=FEATURES,
        threshold=0.5,
        chunk=20,
        importance={},
    )
    assert reference.by_hour == ()
    assert len(reference.chunks) == 10
    assert sum(reference.importance.values()) == pytest.approx(1)


@pytest.mark.parametrize(
    ("importance", "said"), [({"length": 1.0}, "length"), ({"town": -1.0}, "town")]
)
def test_an_importance_that_makes_no_sense_is_an_error(
    importance: dict[str, float], said: str
) -> None:
    with pytest.raises(FitError, match=said):
        fit_reference(
            rows_of(frame(np.random.default_rng(0), 200)),
            None,
            features=FEATURES,
            threshold=0.5,
            chunk=20,
            importance=importance,
        )


def test_a_reference_without_rows_is_an_error() -> None:
    with pytest.raises(FitError, match="there are none"):
        fit_reference(
            rows_of(frame(np.random.default_rng(0), 0)),
            None,
            features=FEATURES,
            threshold=0.5,
            chunk=20,
            importance={},
        )
