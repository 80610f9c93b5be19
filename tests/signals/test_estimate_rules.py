"""Recall that is too low before its labels arrive: who is told, and when nobody is."""

from datetime import timedelta
from pathlib import Path

from monitoring.performance.estimate import Estimate
from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import CardStatus
from monitoring.signals.metric import Sample
from monitoring.signals.performance_metrics import (
    ESTIMATE_HELD,
    ESTIMATED_INTERVAL,
    ESTIMATED_POSITIVES,
    POSITIVES,
    RECALL,
)
from monitoring.signals.promql import live
from monitoring.signals.samples import estimate_samples
from monitoring.use_case import UseCase
from tests.signals.figures import estimate, report_samples
from tests.signals.rule_tests import Firing, World, check, check_each, healthy, held

DAY, HOUR, QUARTER = timedelta(days=1), timedelta(hours=1), timedelta(minutes=15)
CRITICAL: set[Firing] = {("EstimatedRecallLow", "critical")}
WARNING: set[Firing] = {("EstimatedRecallLow", "warning")}
LATER = 30 * HOUR
"""When two windows of a day each have been confirmed."""


def at_most(case: UseCase, high: float) -> World:
    """Return the world in which recall is estimated to be this at most."""
    return healthy(case).with_value(ESTIMATED_INTERVAL, high, of="recall", bound="high")


def test_it_fires_where_even_the_upper_end_of_the_interval_is_below_a_limit(
    fraud: UseCase, tmp_path: Path
) -> None:
    scenes = {
        "at the warning limit": (at_most(fraud, 0.8), {LATER: set[Firing]()}),
        "past it": (at_most(fraud, 0.79), {LATER: WARNING}),
        "at the critical limit": (at_most(fraud, 0.6), {LATER: WARNING}),
        "past that": (at_most(fraud, 0.59), {LATER: CRITICAL}),
    }
    check_each(scenes, tmp_path, every=QUARTER)


def test_it_is_silent_until_the_champion_s_estimates_were_right_on_two_windows_apart(
    fraud: UseCase, tmp_path: Path
) -> None:
    check(
        at_most(fraud, 0.5),
        tmp_path,
        {HOUR: set(), DAY - HOUR: set(), DAY + QUARTER: CRITICAL},
        every=QUARTER,
    )


def test_it_is_silent_where_the_estimate_was_wrong_on_any_of_the_last_windows(
    fraud: UseCase, tmp_path: Path
) -> None:
    world = at_most(fraud, 0.5)
    of_another = next(s for s in world.series if s.startswith(ESTIMATE_HELD.name)).replace(
        'version="3"', 'version="2"'
    )
    mine = world.without(ESTIMATE_HELD)
    scenes = {
        "wrong now": (world.with_value(ESTIMATE_HELD, 0), {LATER: set[Firing]()}),
        # Six hours wrong, a day and a half ago, then right again.
        "wrong lately": (
            world.with_values(ESTIMATE_HELD, "1+0x24 0+0x72 1+0x500"),
            {
                LATER: set(),
                8 * HOUR + 2 * DAY - QUARTER: set(),
                8 * HOUR + 2 * DAY + HOUR: CRITICAL,
            },
        ),
        "never measured": (mine, {LATER: set[Firing]()}),
        "right, of the version before": (
            mine.with_series(**{of_another: held(1)}),
            {LATER: set[Firing]()},
        ),
    }
    check_each(scenes, tmp_path, every=QUARTER)


def test_it_is_silent_where_too_few_positives_are_expected(fraud: UseCase, tmp_path: Path) -> None:
    few = at_most(fraud, 0.5).with_value(ESTIMATED_POSITIVES, 29.9)
    check(few, tmp_path, {LATER: set()}, every=QUARTER)


def test_realised_recall_below_the_same_limit_inhibits_it(fraud: UseCase, tmp_path: Path) -> None:
    def realised(recall: float, high: float) -> World:
        return at_most(fraud, high).with_value(RECALL, recall, **live(RECALL))

    scenes = {
        "both critical": (realised(0.5, 0.5), {LATER: {("RecallLow", "critical")}}),
        "both warnings": (realised(0.7, 0.7), {LATER: {("RecallLow", "warning")}}),
        "realised is the worse": (realised(0.5, 0.7), {LATER: {("RecallLow", "critical")}}),
        "the estimate is the worse": (
            realised(0.7, 0.5),
            {LATER: {("RecallLow", "warning"), *CRITICAL}},
        ),
        "realised of too few positives inhibits nothing": (
            realised(0.5, 0.5).with_value(POSITIVES, 29, **live(POSITIVES)),
            {LATER: CRITICAL},
        ),
    }
    check_each(scenes, tmp_path, every=QUARTER)


def test_it_ends_by_a_better_estimate_at_once(fraud: UseCase, tmp_path: Path) -> None:
    course = "0.5+0x360 0.9+0x300"
    world = healthy(fraud).with_values(ESTIMATED_INTERVAL, course, of="recall", bound="high")
    check(world, tmp_path, {LATER: CRITICAL, LATER + HOUR: set()}, every=QUARTER)


def test_as_a_run_publishes_it(fraud: UseCase, tmp_path: Path) -> None:
    low = estimate(recall=Ratio(0.45, 0.3, 0.58))
    unsure = estimate(recall=Ratio(None), status=CardStatus.NOT_CALIBRATED, positives=45.0)
    scenes = {
        "low": (healthy(fraud).with_samples(*_then_right(low)), {LATER: CRITICAL}),
        "not calibrated": (
            healthy(fraud).with_samples(*_then_right(unsure)),
            {LATER: set[Firing]()},
        ),
    }
    check_each(scenes, tmp_path, every=QUARTER)


def _then_right(newest: Estimate) -> tuple[Sample, ...]:
    """Return a report whose newest estimate is this, and whose last one was right."""
    good = {sample.series for sample in estimate_samples(estimate())}
    others = (sample for sample in report_samples() if sample.series not in good)
    return (*others, *estimate_samples(newest))
