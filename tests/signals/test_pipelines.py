"""How far apart runs may be follows from their schedules."""

from datetime import UTC, datetime, timedelta

import pytest

from monitoring.signals import Pipeline
from monitoring.signals.pipelines import longest_gap, look_back, next_due, period, stale_after
from monitoring.use_case import UseCase


@pytest.mark.parametrize(
    ("cron", "gap"),
    [
        ("*/5 * * * *", timedelta(minutes=5)),
        ("0 */6 * * *", timedelta(hours=6)),
        ("0 3 * * *", timedelta(days=1)),
        ("0 9-17 * * *", timedelta(hours=16)),
        ("0 9 * * 1-5", timedelta(days=3)),
        ("0 0 1 * *", timedelta(days=31)),
    ],
)
def test_the_longest_gap_counts_nights_weekends_and_months(cron: str, gap: timedelta) -> None:
    assert longest_gap(cron) == gap


def test_two_missed_runs_are_stale_after_the_time_a_run_may_take(fraud: UseCase) -> None:
    assert period(fraud, Pipeline.REPORT) == timedelta(hours=6)
    assert look_back(fraud, Pipeline.REPORT) == timedelta(hours=12)
    assert stale_after(fraud, Pipeline.REPORT) == timedelta(hours=13)
    assert stale_after(fraud, Pipeline.RETRAIN) == timedelta(days=2, hours=3)


@pytest.mark.parametrize(
    ("after", "due"),
    [("05:59:59", "06:00:00"), ("06:00:04", "12:00:00"), ("23:59:00", "00:00:00")],
)
def test_the_next_report_is_due_at_the_next_time_of_its_schedule(
    after: str, due: str, fraud: UseCase
) -> None:
    found = next_due(fraud, Pipeline.REPORT, datetime.fromisoformat(f"2026-01-31T{after}Z"))
    assert found is not None
    assert found.astimezone(UTC).time().isoformat() == due


def test_a_retrain_that_is_started_by_hand_is_never_due(fraud: UseCase) -> None:
    by_hand = fraud.model_copy(update={"retrain": fraud.retrain.model_copy(update={"every": None})})
    assert next_due(by_hand, Pipeline.RETRAIN, datetime(2026, 1, 1, tzinfo=UTC)) is None
