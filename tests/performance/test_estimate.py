"""The estimate follows the rows; of a change of what they mean it knows what labels have shown."""

from dataclasses import replace

import numpy as np
import pytest

from monitoring.performance.estimate import Estimate, estimate
from monitoring.performance.intervals import Ratio
from monitoring.performance.score_calibration import Calibration, calibration
from monitoring.performance.score_histograms import first_flagged
from monitoring.performance.scorecard import CardStatus, Scorecard, scorecard
from tests.performance.made import (
    COSTS,
    THRESHOLD,
    Scored,
    calibrated,
    counted,
    log_odds,
    probability,
)

RATIOS = ("recall", "precision", "f1", "pr_auc", "roc_auc", "false_alarm_rate")
VALIDATION = calibrated(200_000, 0.01, 3, np.random.default_rng(31))


def estimated(window: Scored, *known: Scored) -> Estimate:
    unseen = replace(window, label=np.full(len(window.score), -1))
    labelled = [counted(rows) for rows in known or (VALIDATION,)]
    return estimate(counted(unseen), labelled, threshold=THRESHOLD, costs=COSTS)


def realised(window: Scored) -> Scorecard:
    return scorecard(counted(window), threshold=THRESHOLD, costs=COSTS, days=1, min_positives=30)


def judged(rows: Scored) -> Calibration:
    scores = counted(rows)
    found = calibration([scores], first_flagged(scores, THRESHOLD))
    assert found is not None
    return found


def holds(ratio: Ratio, truth: float | None) -> bool:
    assert ratio.low is not None
    assert ratio.high is not None
    assert truth is not None
    return ratio.low <= truth <= ratio.high


@pytest.mark.parametrize("shift", [-0.5, 0.0, 0.5, 1.0])
def test_under_covariate_shift_the_estimate_is_close_to_what_the_labels_show(shift: float) -> None:
    window = calibrated(100_000, 0.01, 3, np.random.default_rng(32), shift=shift)
    before, after = estimated(window), realised(window)
    assert before.status is CardStatus.JUDGED
    for name in RATIOS:
        ratio, truth = getattr(before, name), getattr(after, name).value
        assert ratio.value == pytest.approx(truth, abs=0.03), name
        assert holds(ratio, truth), name
    assert before.positives == pytest.approx(after.positives, rel=0.1)
    assert after.money is not None
    assert before.cost is not None
    assert before.cost.value == pytest.approx(after.money.cost, rel=0.15)
    assert before.cost.low <= after.money.cost <= before.cost.high


def test_the_estimate_sees_a_shift_that_the_last_realised_value_does_not() -> None:
    window = calibrated(100_000, 0.01, 3, np.random.default_rng(33), shift=-1.0)
    truth = realised(window).recall.value
    before, last = estimated(window).recall.value, realised(VALIDATION).recall.value
    assert truth is not None
    assert before is not None
    assert last is not None
    assert abs(before - truth) < abs(last - truth) / 2


def forgetful(rows: Scored, seed: int) -> Scored:
    """Half of the flagged positives are none any more, and rows that looked harmless are."""
    rng, size = np.random.default_rng(seed), len(rows.score)
    alarm = rows.score >= THRESHOLD
    forgotten = (rows.label == 1) & alarm & (rng.random(size) < 0.5)
    taken_up = (rows.label == 0) & ~alarm & (rng.random(size) < 0.01)
    return replace(rows, label=np.where(forgotten, 0, np.where(taken_up, 1, rows.label)))


def test_concept_drift_is_invisible_until_labels_show_it() -> None:
    calm, earlier = (calibrated(100_000, 0.01, 3, np.random.default_rng(s)) for s in (34, 43))
    window, truth = forgetful(calm, 35), realised(forgetful(calm, 35)).recall.value
    blind = estimated(window)
    assert blind == estimated(calm)
    assert blind.status is CardStatus.JUDGED
    assert blind.recall.value is not None
    assert truth is not None
    assert blind.recall.value - truth > 0.3
    assert not holds(blind.recall, truth)
    renewed = estimated(window, VALIDATION, forgetful(earlier, 44))
    assert renewed.status is CardStatus.JUDGED
    for name in ("recall", "precision", "f1"):
        assert holds(getattr(renewed, name), getattr(realised(window), name).value), name


def test_concept_drift_that_keeps_the_order_is_followed_once_labels_show_it() -> None:
    def halved(seed: int) -> Scored:
        rng = np.random.default_rng(seed)
        rows = calibrated(100_000, 0.01, 3, rng)
        return replace(rows, label=np.where(rng.random(100_000) < 0.5, 0, rows.label))

    window, earlier = halved(34), halved(43)
    truth = realised(window).precision.value
    assert not holds(estimated(window).precision, truth)
    renewed = estimated(window, VALIDATION, earlier)
    assert renewed.status is CardStatus.JUDGED
    assert holds(renewed.precision, truth)
    assert holds(renewed.recall, realised(window).recall.value)


def test_few_labels_of_late_change_little_and_leave_more_doubt() -> None:
    window = calibrated(20_000, 0.01, 3, np.random.default_rng(45))
    late = calibrated(300, 0.01, 3, np.random.default_rng(46))
    alone, renewed = estimated(window), estimated(window, VALIDATION, late)
    assert renewed.recall.value == pytest.approx(alone.recall.value, abs=0.1)
    assert wide(renewed.recall) > wide(alone.recall)
    nothing_new = replace(late, label=np.full(300, -1))
    assert estimated(window, VALIDATION, nothing_new) == alone


def wide(ratio: Ratio) -> float:
    assert ratio.low is not None
    assert ratio.high is not None
    return ratio.high - ratio.low


def test_intervals_hold_what_the_labels_show() -> None:
    rng, samples = np.random.default_rng(36), 60
    held = dict.fromkeys((*RATIOS, "cost"), 0)
    for _ in range(samples):
        validation = calibrated(20_000, 0.01, 3, rng)
        window = calibrated(10_000, 0.01, 3, rng, shift=0.4)
        before, after = estimated(window, validation), realised(window)
        for name in RATIOS:
            held[name] += holds(getattr(before, name), getattr(after, name).value)
        assert before.cost is not None
        assert after.money is not None
        held["cost"] += before.cost.low <= after.money.cost <= before.cost.high
    assert min(held.values()) >= 0.9 * samples


def test_labels_of_the_window_are_not_looked_at() -> None:
    window = calibrated(5_000, 0.05, 2, np.random.default_rng(37))
    seen = estimate(counted(window), [counted(VALIDATION)], threshold=THRESHOLD, costs=COSTS)
    unseen = estimated(window)
    assert seen.positives == pytest.approx(unseen.positives)
    for name in RATIOS:
        assert getattr(seen, name).value == pytest.approx(getattr(unseen, name).value)


class TestCalibration:
    def test_true_probabilities_are_hardly_ever_refused(self) -> None:
        rng = np.random.default_rng(38)
        found = [judged(calibrated(20_000, 0.005, 3, rng)) for _ in range(100)]
        assert all(one.holds for one in found)
        assert sum(one.p_value < 0.05 for one in found) <= 10

    @pytest.mark.parametrize(("size", "slope"), [(0.3, 1), (3.0, 1), (1, 1.3), (1, 0.7)])
    def test_scores_of_the_wrong_size_or_too_sure_are_recalibrated(
        self, size: float, slope: float
    ) -> None:
        def wrong(rows: Scored) -> Scored:
            odds = slope * log_odds(rows.score) + np.log(size)
            return replace(rows, score=probability(np.clip(odds, -12, 12)))

        known, window = wrong(VALIDATION), calibrated(50_000, 0.01, 3, np.random.default_rng(47))
        found = judged(known)
        assert found.holds
        assert found.expected != pytest.approx(found.positives, rel=0.1)
        before, after = estimated(wrong(window), known), realised(wrong(window))
        assert before.status is CardStatus.JUDGED
        assert holds(before.recall, after.recall.value)
        assert holds(before.precision, after.precision.value)

    def test_scores_that_no_recalibration_corrects_give_no_estimate(self) -> None:
        rows = VALIDATION
        upside_down = replace(rows, score=probability(-log_odds(rows.score) - 8))
        assert not judged(upside_down).holds
        before = estimated(rows, upside_down)
        assert before.status is CardStatus.NOT_CALIBRATED
        assert before.recall == before.precision == before.f1 == before.pr_auc == Ratio(None)
        assert before.cost is None

    def test_scores_all_the_same_say_nothing_of_ranks_but_are_calibrated(self) -> None:
        flat = replace(VALIDATION, score=np.full(200_000, VALIDATION.label.mean()))
        assert judged(flat).holds

    def test_one_surprising_row_proves_nothing(self) -> None:
        sure = Scored(np.full(1_000, 1e-5), np.eye(1, 1_000, dtype=np.int64)[0], np.ones(1_000))
        assert judged(sure).holds

    def test_a_scorecard_carries_it(self) -> None:
        assert realised(VALIDATION).calibration == judged(VALIDATION)


def test_no_rows() -> None:
    before = estimated(VALIDATION.take(slice(0)))
    assert before.status is CardStatus.NO_ROWS
    assert before.recall == Ratio(None)


def test_validation_without_labels_shows_no_calibration() -> None:
    unlabelled = replace(VALIDATION, label=np.full(200_000, -1))
    assert estimated(VALIDATION, unlabelled).status is CardStatus.NOT_CALIBRATED


def test_fewer_positives_expected_than_can_be_judged() -> None:
    window = calibrated(500, 0.01, 3, np.random.default_rng(39))
    before = estimated(window)
    assert before.status is CardStatus.TOO_FEW_POSITIVES
    assert before.positives < 30
    assert before.recall.value is not None


def test_without_amounts_no_cost_is_made_up() -> None:
    window = counted(VALIDATION, amounts=False)
    validation = counted(VALIDATION)
    assert estimate(window, [validation], threshold=THRESHOLD, costs=COSTS).cost is None
    assert estimate(window, [validation], threshold=THRESHOLD, costs=None).cost is None


def test_scores_outside_0_to_1_are_refused() -> None:
    window = counted(replace(VALIDATION, score=VALIDATION.score * 200))
    with pytest.raises(ValueError, match="scores outside 0 to 1"):
        estimate(window, [counted(VALIDATION)], threshold=THRESHOLD, costs=COSTS)
