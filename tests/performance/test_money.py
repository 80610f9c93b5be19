"""Money adds up, and the threshold chosen is the cheapest there is."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.performance.cost_curve import CostItem, cost_curve, cost_steps, sensitivity
from monitoring.performance.intervals import Ratio
from monitoring.performance.money import best_threshold, money_at
from monitoring.performance.score_histograms import first_flagged
from monitoring.use_case import Costs, MissedCost
from tests.performance.made import COSTS, THRESHOLD, Scored, calibrated, counted, edges_with

MADE = calibrated(4_000, 0.05, 2, np.random.default_rng(11))


def cost_on_rows(rows: Scored, threshold: float, costs: Costs) -> float:
    alarm, positive = rows.score >= threshold, rows.label == 1
    loss = costs.missed.of_amount * rows.amount + costs.missed.fixed
    missed, false = loss[positive & ~alarm].sum(), (alarm & ~positive).sum()
    return float(missed + alarm.sum() * costs.review + false * costs.false_alarm)


def cheapest_on_rows(rows: Scored, costs: Costs, most_alarms: float = np.inf) -> float:
    thresholds = [*np.unique(rows.score), 2.0]
    allowed = [t for t in thresholds if (rows.score >= t).sum() <= most_alarms]
    return min(cost_on_rows(rows, t, costs) for t in allowed)


def chosen(rows: Scored, costs: Costs = COSTS, days: float | None = None) -> float:
    return best_threshold(rows.score, rows.label, rows.amount, costs, days)


@st.composite
def small_rows(draw: st.DrawFn) -> Scored:
    size = draw(st.integers(2, 12))
    score = draw(
        st.lists(st.sampled_from([0, 0.1, 0.25, 0.5, 0.9, 1]), min_size=size, max_size=size)
    )
    label = draw(st.lists(st.integers(0, 1), min_size=size, max_size=size))
    amount = draw(st.lists(st.integers(1, 50), min_size=size, max_size=size))
    label[:2] = [0, 1]
    return Scored(np.array(score, dtype=float), np.array(label), np.array(amount, dtype=float))


prices = st.integers(0, 8).map(float)


def test_money_is_what_the_rows_say() -> None:
    scores = counted(MADE)
    money = money_at(scores, first_flagged(scores, THRESHOLD), COSTS)
    assert money is not None
    alarm, positive = MADE.score >= THRESHOLD, MADE.label == 1
    loss = 0.8 * MADE.amount + 3
    assert money.caught == pytest.approx(loss[positive & alarm].sum())
    assert money.missed == pytest.approx(loss[positive & ~alarm].sum())
    assert money.reviews == 2 * alarm.sum()
    assert money.false_alarms == 5 * (alarm & ~positive).sum()
    assert money.cost == pytest.approx(cost_on_rows(MADE, THRESHOLD, COSTS))
    assert money.without_model == pytest.approx(cost_on_rows(MADE, 2.0, COSTS))
    assert money.net_saving == pytest.approx(money.caught - money.reviews - money.false_alarms)


@settings(deadline=None, max_examples=200)
@given(rows=small_rows(), fixed=prices, review=prices, false_alarm=prices, most=st.integers(0, 12))
def test_no_threshold_is_cheaper_than_the_chosen_one(
    rows: Scored, fixed: float, review: float, false_alarm: float, most: int
) -> None:
    missed = MissedCost(of_amount=0.5, fixed=fixed)
    costs = Costs(missed=missed, review=review, false_alarm=false_alarm, reviews_per_day=1)
    free = chosen(rows, costs)
    assert cost_on_rows(rows, free, costs) == pytest.approx(cheapest_on_rows(rows, costs))
    if most:
        kept = chosen(rows, costs, days=float(most))
        assert (rows.score >= kept).sum() <= most
        assert cost_on_rows(rows, kept, costs) == pytest.approx(cheapest_on_rows(rows, costs, most))


def test_the_threshold_lies_between_scores_so_that_a_last_digit_flips_no_row() -> None:
    threshold = chosen(MADE)
    assert threshold not in MADE.score
    nudged = np.nextafter(MADE.score, 0)
    assert ((nudged >= threshold) == (MADE.score >= threshold)).all()


def test_alarms_that_cost_nothing_stop_at_the_last_positive() -> None:
    costs = Costs(missed=MissedCost(fixed=1), false_alarm=0, review=0)
    threshold = best_threshold([0.1, 0.3, 0.5, 0.7], [0, 0, 1, 1], None, costs)
    assert threshold == pytest.approx(0.4)


def test_alarms_that_are_never_worth_it_leave_every_score_below() -> None:
    costs = Costs(missed=MissedCost(fixed=1), false_alarm=100, review=100)
    assert 0.7 < best_threshold([0.5, 0.7], [0, 1], None, costs) <= 1
    assert best_threshold([0.5, 1.0], [0, 1], None, costs) > 1


def test_everything_is_alarmed_where_that_is_cheapest() -> None:
    costs = Costs(missed=MissedCost(fixed=100), false_alarm=1, review=1)
    assert 0 < best_threshold([0.2, 0.7], [1, 0], None, costs) <= 0.2
    assert best_threshold([0.0, 0.7], [1, 0], None, costs) == 0


def test_without_days_there_is_no_limit_of_alarms() -> None:
    costs = COSTS.model_copy(update={"reviews_per_day": 3})
    assert chosen(MADE, costs) == chosen(MADE)
    kept = chosen(MADE, costs, days=2.5)
    assert 0 < (MADE.score >= kept).sum() <= 7


FIXED = Costs(missed=MissedCost(fixed=1), false_alarm=1, review=1)


@pytest.mark.parametrize(
    ("scores", "labels", "amounts", "costs", "reason"),
    [
        ([], [], None, FIXED, "scores: there are no rows"),
        ([0.1, 0.2], [0, 0], None, FIXED, "no positives among 2 rows"),
        ([0.1, 0.2], [1, 1], None, FIXED, "no negatives among 2 rows"),
        ([0.1, 1.2], [0, 1], None, FIXED, r"scores: 1 wrong, first 1.2 in row 1"),
        ([0.1, np.nan], [0, 1], None, FIXED, "scores: 1 wrong, first nan in row 1"),
        ([0.1, 0.2, 0.3], [0, 1, -1], None, FIXED, "labels: 1 wrong, first -1 in row 2"),
        ([0.1, 0.2], [0, 1, 1], None, FIXED, r"labels: an array of shape \(3,\)"),
        ([[0.1, 0.2]], [0, 1], None, FIXED, r"scores: an array of shape \(1, 2\)"),
        ([0.1, 0.2], [0, 1], None, COSTS, "no amounts, but a miss costs 0.8 of its amount"),
        ([0.1, 0.2], [0, 1], [1, -4], COSTS, "amounts: 1 wrong, first -4 in row 1"),
        ([0.1, 0.2], [0, 1], [1, np.inf], COSTS, "amounts: 1 wrong, first inf in row 1"),
        ([0.1, 0.2], [0, 1], [1, np.nan], COSTS, "amounts: missing from 1 positive, "),
        (
            [0.1, 0.2],
            [0, 1],
            None,
            Costs(missed=MissedCost(), false_alarm=1),
            "missing every positive would cost nothing",
        ),
    ],
)
def test_rows_that_no_threshold_can_be_chosen_on_are_refused_with_the_reason(
    scores: list[float],
    labels: list[int],
    amounts: list[float] | None,
    costs: Costs,
    reason: str,
) -> None:
    with pytest.raises(ValueError, match=reason):
        best_threshold(scores, labels, amounts, costs)


def test_a_negative_row_may_have_any_amount() -> None:
    assert best_threshold([0.1, 0.2], [0, 1], [-9, 40], COSTS) == pytest.approx(0.15)


def test_the_curve_is_the_money_at_each_edge() -> None:
    scores = counted(MADE)
    curve = cost_curve(scores, COSTS)
    assert len(curve.cost) == len(scores.edges)
    for place in (0, 50, 120, len(scores.edges) - 1):
        money = money_at(scores, place + 1, COSTS)
        assert money is not None
        assert curve.cost[place] == pytest.approx(money.cost)
        assert curve.missed[place] == pytest.approx(money.missed)
        assert curve.alarms[place] == (MADE.score >= scores.edges[place]).sum()


def test_the_curve_has_its_bottom_at_the_threshold_chosen_on_the_rows() -> None:
    threshold = chosen(MADE)
    curve = cost_curve(counted(MADE, edges_with(threshold)), COSTS)
    assert curve.thresholds[curve.cheapest()] == threshold


def test_the_curve_needs_amounts_where_misses_are_priced_by_them() -> None:
    with pytest.raises(ValueError, match="no positive has an amount, but a miss costs"):
        cost_curve(counted(MADE, amounts=False), COSTS)


def test_costs_off_by_a_factor_of_two_are_regretted_by_what_the_better_threshold_saves() -> None:
    threshold = chosen(MADE)
    found = sensitivity(counted(MADE, edges_with(threshold)), threshold=threshold, costs=COSTS)
    assert [(s.item, s.factor) for s in found] == [(i, f) for i in CostItem for f in (0.5, 2.0)]
    assert all(s.regret >= 0 for s in found)
    twice_missed = found[1]
    doubled = Costs.model_construct(
        missed=MissedCost.model_construct(of_amount=1.6, fixed=6.0), false_alarm=5.0, review=2.0
    )
    assert twice_missed.cost == pytest.approx(cost_on_rows(MADE, threshold, doubled))
    assert twice_missed.best_threshold < threshold
    assert twice_missed.best_cost == pytest.approx(
        cost_on_rows(MADE, twice_missed.best_threshold, doubled)
    )


def test_a_right_guess_is_not_regretted() -> None:
    threshold = chosen(MADE)
    scores = counted(MADE, edges_with(threshold))
    found = sensitivity(scores, threshold=threshold, costs=COSTS, factors=(1.0,))
    assert [s.regret for s in found] == [0, 0, 0]


def test_sensitivity_looks_only_at_thresholds_that_the_team_can_review() -> None:
    costs = COSTS.model_copy(update={"reviews_per_day": 20})
    threshold = chosen(MADE, costs, days=1)
    scores = counted(MADE, edges_with(threshold))
    found = sensitivity(scores, threshold=threshold, costs=costs, days=1)
    assert all((MADE.score >= s.best_threshold).sum() <= 20 for s in found)


def test_steps_of_the_curve_lie_around_the_threshold_in_use() -> None:
    threshold = chosen(MADE)
    scores = counted(MADE, edges_with(threshold))
    steps = cost_steps(scores, threshold=threshold, costs=COSTS)
    assert len(steps) == 9
    assert [step.threshold for step in steps if step.used] == [threshold]
    assert [step.threshold for step in steps] == sorted({step.threshold for step in steps})
    for step in steps:
        assert step.cost == pytest.approx(cost_on_rows(MADE, step.threshold, COSTS))
        assert step.alarms == (MADE.score >= step.threshold).sum()
        assert step.missed == ((MADE.score < step.threshold) & (MADE.label == 1)).sum()
    assert min(steps, key=lambda step: step.cost).used


@pytest.mark.parametrize("threshold", [1e-12, 0.999999, float(np.nextafter(1, 2))])
def test_steps_of_a_threshold_at_the_end_of_the_scores(threshold: float) -> None:
    scores = counted(MADE, edges_with(threshold))
    steps = cost_steps(scores, threshold=threshold, costs=COSTS)
    assert [step.threshold for step in steps if step.used] == [threshold]


class TestMissingAmounts:
    @pytest.fixture
    def rows(self) -> Scored:
        """A tenth of the amounts are missing, for no reason."""
        gone = np.random.default_rng(48).random(len(MADE.score)) < 0.1
        return Scored(MADE.score, MADE.label, np.where(gone, np.nan, MADE.amount))

    def test_they_are_not_zero_and_are_told(self, rows: Scored) -> None:
        scores = counted(rows)
        money = money_at(scores, first_flagged(scores, THRESHOLD), COSTS)
        positive, missing = rows.label == 1, np.isnan(rows.amount)
        mean = rows.amount[positive & ~missing].mean()
        filled = replace(rows, amount=np.where(missing, mean, rows.amount))
        assert money is not None
        assert money.unpriced == (positive & missing).sum() > 0
        assert money.cost == pytest.approx(cost_on_rows(filled, THRESHOLD, COSTS))
        assert money.without_model == pytest.approx(cost_on_rows(filled, 2.0, COSTS))
        assert chosen(rows) == chosen(filled)

    def test_those_of_negatives_matter_to_nobody(self, rows: Scored) -> None:
        known = replace(rows, amount=np.where(rows.label == 1, MADE.amount, np.nan))
        scores = counted(known)
        money = money_at(scores, first_flagged(scores, THRESHOLD), COSTS)
        assert money is not None
        assert money.unpriced == 0
        assert money.cost == pytest.approx(cost_on_rows(MADE, THRESHOLD, COSTS))

    def test_of_all_positives_they_leave_no_money(self, rows: Scored) -> None:
        lost = replace(rows, amount=np.where(rows.label == 1, np.nan, rows.amount))
        assert money_at(counted(lost), 100, COSTS) is None
        assert money_at(counted(lost), 100, FIXED) is not None
        with pytest.raises(ValueError, match="no positive has an amount"):
            cost_curve(counted(lost), COSTS)

    def test_without_positives_nothing_was_lost(self, rows: Scored) -> None:
        harmless = rows.take(rows.label == 0)
        money = money_at(counted(harmless), 100, COSTS)
        assert money is not None
        assert money.missed == money.caught == 0


def test_the_interval_of_the_return_on_cost_holds_the_long_run_s() -> None:
    truth_rows = calibrated(400_000, 0.05, 2, np.random.default_rng(49))

    def returned(rows: Scored) -> Ratio:
        scores = counted(rows)
        money = money_at(scores, first_flagged(scores, THRESHOLD), COSTS)
        assert money is not None
        return money.return_on_cost

    truth, rng = returned(truth_rows).value, np.random.default_rng(50)
    assert truth is not None
    held = 0
    for _ in range(100):
        ratio = returned(calibrated(2_000, 0.05, 2, rng))
        assert ratio.low is not None
        assert ratio.high is not None
        held += ratio.low <= truth <= ratio.high
    assert held >= 88


def test_nothing_spent_has_no_return() -> None:
    nobody = MADE.take(MADE.score < THRESHOLD)
    scores = counted(nobody)
    money = money_at(scores, first_flagged(scores, THRESHOLD), COSTS)
    assert money is not None
    assert money.return_on_cost == Ratio(None)
