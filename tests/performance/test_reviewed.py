"""What each row came to with a model: money, and no more reviews a day than there are."""

import numpy as np

from monitoring.performance.paired_comparison import RowOutcomes, row_outcomes
from monitoring.use_case import Costs, MissedCost

COSTS = Costs(missed=MissedCost(of_amount=1.0, fixed=3.0), false_alarm=5, review=2)
DAY = np.datetime64("2026-01-01", "us")
HOUR = np.timedelta64(3600, "s")


def outcomes(
    scores: list[float],
    labels: list[int],
    *,
    amounts: list[float] | None = None,
    hours: list[int] | None = None,
    a_day: int | None = None,
    costs: Costs = COSTS,
) -> RowOutcomes:
    return row_outcomes(
        np.array(scores),
        np.array(scores) >= 0.5,
        np.array(labels, np.int8),
        amounts=None if amounts is None else np.array(amounts),
        event_times=DAY + np.array(hours or [0] * len(scores)) * HOUR,
        costs=costs.model_copy(update={"reviews_per_day": a_day}),
    )


def test_every_way_a_row_can_end_has_its_price() -> None:
    found = outcomes([0.5, 0.4, 0.9, 0.1], [1, 1, 0, 0], amounts=[100.0, 100.0, 8.0, 8.0])
    assert found.cost.tolist() == [2.0, 103.0, 7.0, 0.0]
    assert found.caught.tolist() == [True, False, False, False]


def test_of_a_day_s_alarms_the_highest_scores_are_reviewed() -> None:
    found = outcomes(
        [0.7, 0.9, 0.6, 0.6], [1, 0, 1, 0], amounts=[100.0] * 4, hours=[0, 1, 2, 23], a_day=2
    )
    assert found.caught.tolist() == [True, False, False, False]
    # Nobody looks at the last two: one fraud is lost, one customer bothered for nothing.
    assert found.cost.tolist() == [2.0, 7.0, 103.0, 5.0]


def test_each_day_has_its_own_reviews_whatever_the_order_of_the_rows() -> None:
    found = outcomes(
        [0.6, 0.7, 0.8, 0.9], [1, 1, 1, 1], amounts=[1.0] * 4, hours=[30, 5, 29, 6], a_day=1
    )
    assert found.caught.tolist() == [False, False, True, True]


def test_equal_scores_are_reviewed_in_the_order_of_the_rows() -> None:
    found = outcomes([0.8, 0.8, 0.8], [1, 1, 1], amounts=[1.0] * 3, a_day=2)
    assert found.caught.tolist() == [True, True, False]


def test_rows_that_are_no_alarms_take_no_reviews() -> None:
    found = outcomes([0.1, 0.2, 0.6], [0, 0, 1], amounts=[1.0] * 3, a_day=1)
    assert found.caught.tolist() == [False, False, True]


def test_a_positive_without_a_usable_amount_has_no_price_whoever_caught_it() -> None:
    found = outcomes([0.9, 0.1, 0.1, 0.9], [1, 1, 1, 0], amounts=[np.nan, np.nan, -5.0, np.nan])
    assert np.isnan(found.cost).tolist() == [True, True, True, False]
    assert found.caught.tolist() == [True, False, False, False]
    assert np.isnan(outcomes([0.9], [1]).cost).all()


def test_without_a_share_of_the_amount_no_amounts_are_needed() -> None:
    fixed = Costs(missed=MissedCost(fixed=50.0), false_alarm=5, review=2)
    assert outcomes([0.1, 0.9], [1, 1], costs=fixed).cost.tolist() == [50.0, 2.0]


def test_no_alarm_at_all_is_no_fault() -> None:
    found = outcomes([0.1, 0.2], [0, 1], amounts=[1.0, 1.0], a_day=1)
    assert found.cost.tolist() == [0.0, 4.0]
