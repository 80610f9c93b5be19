"""The estimate follows the rows, and is blind to a change of what they mean."""

from dataclasses import replace

import numpy as np
import pytest

from monitoring.performance.bins import first_alarmed
from monitoring.performance.calibration import calibration
from monitoring.performance.estimate import estimate
from monitoring.performance.scorecard import scorecard
from monitoring.performance.types import Calibration, CardStatus, Estimate, Ratio, Scorecard
from tests.performance.made import (
    COSTS,
    THRESHOLD,
    Scored,
    calibrated,
    counted,
    log_odds,
    probability,
)

RATIOS = ("recall", "precision", "f1", "pr_auc")
VALIDATION = calibrated(50_000, 0.01, 3, np.random.default_rng(31))


def estimated(window: Scored, validation: Scored = VALIDATION) -> Estimate:
    unseen = replace(window, label=np.full(len(window.score), -1))
    return estimate(counted(unseen), counted(validation), threshold=THRESHOLD, costs=COSTS)


def realised(window: Scored) -> Scorecard:
    return scorecard(counted(window), threshold=THRESHOLD, costs=COSTS, days=1, min_positives=30)


def judged(rows: Scored) -> Calibration:
    scores = counted(rows)
    found = calibration(scores, first_alarmed(scores, THRESHOLD))
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
    assert before.cost == pytest.approx(after.money.cost, rel=0.15)


def test_the_estimate_sees_a_shift_that_the_last_realised_value_does_not() -> None:
    window = calibrated(100_000, 0.01, 3, np.random.default_rng(33), shift=-1.0)
    truth = realised(window).recall.value
    before, last = estimated(window).recall.value, realised(VALIDATION).recall.value
    assert truth is not None
    assert before is not None
    assert last is not None
    assert abs(before - truth) < 0.02
    assert abs(last - truth) > 0.08


def test_the_estimate_is_blind_to_concept_drift() -> None:
    window = calibrated(100_000, 0.01, 3, np.random.default_rng(34))
    # Half of the alarmed positives are none any more, and rows that looked harmless are.
    rng = np.random.default_rng(35)
    alarm = window.score >= THRESHOLD
    forgotten = (window.label == 1) & alarm & (rng.random(100_000) < 0.5)
    taken_up = (window.label == 0) & ~alarm & (rng.random(100_000) < 0.01)
    drifted = replace(window, label=np.where(forgotten, 0, np.where(taken_up, 1, window.label)))
    before, truth = estimated(drifted), realised(drifted).recall.value
    assert before == estimated(window)
    assert before.status is CardStatus.JUDGED
    assert truth is not None
    assert before.recall.value is not None
    assert before.recall.value - truth > 0.3
    assert not holds(before.recall, truth)


def test_intervals_hold_what_the_labels_show() -> None:
    rng, held, samples = np.random.default_rng(36), dict.fromkeys(RATIOS, 0), 60
    for _ in range(samples):
        validation = calibrated(20_000, 0.01, 3, rng)
        window = calibrated(10_000, 0.01, 3, rng, shift=0.4)
        before, after = estimated(window, validation), realised(window)
        for name in RATIOS:
            held[name] += holds(getattr(before, name), getattr(after, name).value)
    assert min(held.values()) >= 0.9 * samples


def test_labels_of_the_window_are_not_looked_at() -> None:
    window = calibrated(5_000, 0.05, 2, np.random.default_rng(37))
    seen = estimate(counted(window), counted(VALIDATION), threshold=THRESHOLD, costs=COSTS)
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

    @pytest.mark.parametrize("factor", [0.3, 3.0])
    def test_scores_of_the_wrong_size_are_not_calibrated(self, factor: float) -> None:
        odds = log_odds(VALIDATION.score) + np.log(factor)
        wrong = replace(VALIDATION, score=probability(odds))
        assert not judged(wrong).holds
        before = estimated(VALIDATION, wrong)
        assert before.status is CardStatus.NOT_CALIBRATED
        assert before.recall == before.precision == before.f1 == before.pr_auc == Ratio(None)
        assert before.cost is None

    def test_overconfident_scores_are_not_calibrated(self) -> None:
        odds = log_odds(VALIDATION.score)
        wrong = replace(VALIDATION, score=probability(np.clip(2 * odds, -20, 20)))
        assert not judged(wrong).holds

    def test_scores_all_the_same_say_nothing_of_ranks_but_are_calibrated(self) -> None:
        flat = replace(VALIDATION, score=np.full(50_000, VALIDATION.label.mean()))
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
    unlabelled = replace(VALIDATION, label=np.full(50_000, -1))
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
    assert estimate(window, validation, threshold=THRESHOLD, costs=COSTS).cost is None
    assert estimate(window, validation, threshold=THRESHOLD, costs=None).cost is None


def test_scores_outside_0_to_1_are_refused() -> None:
    window = counted(replace(VALIDATION, score=VALIDATION.score * 200))
    with pytest.raises(ValueError, match="scores outside 0 to 1"):
        estimate(window, counted(VALIDATION), threshold=THRESHOLD, costs=COSTS)
