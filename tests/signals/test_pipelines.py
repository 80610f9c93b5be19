"""How far apart runs may be follows from their schedules."""

from datetime import timedelta

import pytest

from monitoring.signals import Pipeline
from monitoring.signals.pipelines import longest_gap, look_back, period, stale_after
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
