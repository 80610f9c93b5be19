"""The scorecard agrees with scikit-learn, and says so where it cannot judge."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    confusion_matrix,
    f1_score,
    precision_score,
    recall_score,
    roc_auc_score,
)

from monitoring.performance.score_histograms import with_absent_labels
from monitoring.performance.scorecard import CardStatus, Scorecard, scorecard
from monitoring.summary.types import ScoreSummary
from tests.performance.made import COSTS, THRESHOLD, Scored, calibrated, counted


def card_of(scores: ScoreSummary, *, min_positives: int = 30, days: float = 1.0) -> Scorecard:
    return scorecard(
        scores, threshold=THRESHOLD, costs=COSTS, days=days, min_positives=min_positives
    )


def assert_equals_sklearn(card: Scorecard, rows: Scored) -> None:
    truth, alarm = rows.label, rows.score >= THRESHOLD
    quiet, false_alarms, missed, detected = confusion_matrix(truth, alarm).ravel()
    assert (card.detected, card.missed, card.false_alarms) == (detected, missed, false_alarms)
    assert card.negatives == quiet + false_alarms
    assert card.false_alarm_rate.value == false_alarms / (false_alarms + quiet)
    assert card.recall.value == recall_score(truth, alarm)
    assert card.precision.value == precision_score(truth, alarm)
    assert card.f1.value == f1_score(truth, alarm)
    assert card.macro_f1 == f1_score(truth, alarm, average="macro")
    assert card.weighted_f1 == pytest.approx(f1_score(truth, alarm, average="weighted"), abs=1e-15)


@pytest.mark.parametrize(
    ("rows", "share", "distance"),
    [(20_000, 0.01, 2.5), (50_000, 0.002, 3.5), (5_000, 0.5, 1.0), (100_000, 0.002, 2.0)],
)
def test_counts_and_ratios_are_those_of_scikit_learn_and_areas_within_their_bound(
    rows: int, share: float, distance: float
) -> None:
    made = calibrated(rows, share, distance, np.random.default_rng(rows))
    card = card_of(counted(made))
    assert card.status is CardStatus.JUDGED
    assert_equals_sklearn(card, made)
    truth = average_precision_score(made.label, made.score)
    assert card.pr_auc.value == pytest.approx(truth, abs=0.002)
    assert card.roc_auc.value == pytest.approx(roc_auc_score(made.label, made.score), abs=0.002)


def test_scores_of_few_values_are_ties_as_scikit_learn_takes_them() -> None:
    made = calibrated(20_000, 0.02, 2, np.random.default_rng(1))
    steps = np.array([0.001, 0.01, 0.05, 0.1, 0.3, 0.8])
    made = replace(made, score=steps[np.searchsorted(steps, made.score).clip(0, 5)])
    card = card_of(counted(made))
    truth = average_precision_score(made.label, made.score)
    assert card.pr_auc.value == pytest.approx(truth, abs=1e-9)
    assert card.roc_auc.value == pytest.approx(roc_auc_score(made.label, made.score), abs=1e-9)


def test_unlabelled_rows_count_for_coverage_only() -> None:
    made = calibrated(20_000, 0.02, 2, np.random.default_rng(2))
    unseen = np.arange(20_000) % 4 == 0
    card = card_of(counted(replace(made, label=np.where(unseen, -1, made.label))))
    assert_equals_sklearn(card, made.take(~unseen))
    assert (card.rows, card.labelled, card.coverage) == (20_000, 15_000, 0.75)


def test_absent_labels_that_mean_negative_are_judged_and_coverage_stays_honest() -> None:
    made = calibrated(20_000, 0.02, 2, np.random.default_rng(3))
    unseen = (np.arange(20_000) % 4 == 0) & (made.label == 0)
    scores = counted(replace(made, label=np.where(unseen, -1, made.label)))
    card = scorecard(
        with_absent_labels(scores, "negative"),
        threshold=THRESHOLD,
        costs=COSTS,
        days=1,
        min_positives=30,
    )
    assert_equals_sklearn(card, made)
    assert card.labelled == 20_000
    assert card.coverage == 1 - unseen.mean()
    assert scores.rows[2].sum() == unseen.sum()  # what came is as it was


def test_absent_labels_that_mean_nothing_stay_unlabelled() -> None:
    made = calibrated(1_000, 0.1, 2, np.random.default_rng(4))
    scores = counted(replace(made, label=np.where(made.label == 0, -1, made.label)))
    left = with_absent_labels(scores, "unknown")
    assert left.scores is scores
    assert left.labels_come == made.label.sum()


def test_a_threshold_between_edges_is_refused_by_name() -> None:
    scores = counted(calibrated(100, 0.5, 1, np.random.default_rng(5)))
    with pytest.raises(ValueError, match=r"threshold 0\.2100001 is not an edge .* 0\.21"):
        scorecard(scores, threshold=0.2100001, costs=COSTS, days=1, min_positives=30)
    with pytest.raises(ValueError, match="threshold nan is not an edge"):
        scorecard(scores, threshold=float("nan"), costs=COSTS, days=1, min_positives=30)


class TestStatus:
    made = calibrated(5_000, 0.02, 2, np.random.default_rng(6))

    def test_no_rows(self) -> None:
        card = card_of(counted(self.made.take(slice(0))))
        assert card.status is CardStatus.NO_ROWS
        assert card.coverage is None
        assert card.recall.value is None
        assert card.money is None

    def test_no_labels(self) -> None:
        card = card_of(counted(replace(self.made, label=np.full(5_000, -1))))
        assert card.status is CardStatus.NO_LABELS
        assert card.coverage == 0
        assert card.money is None
        assert card.macro_f1 is None
        assert card.calibration is None

    def test_no_positives_still_counts_what_false_alarms_cost(self) -> None:
        made = self.made.take(self.made.label == 0)
        card = card_of(counted(made))
        alarms = int((made.score >= THRESHOLD).sum())
        assert card.status is CardStatus.NO_POSITIVES
        assert (card.recall.value, card.pr_auc.value, card.roc_auc.value) == (None, None, None)
        assert card.false_alarms == alarms > 0
        assert card.precision.value == card.f1.value == 0
        assert card.money is not None
        assert card.money.net_saving == -alarms * (COSTS.review + COSTS.false_alarm)

    def test_positives_only(self) -> None:
        card = card_of(counted(self.made.take(self.made.label == 1)))
        assert card.status is CardStatus.JUDGED
        assert card.false_alarm_rate.value is None
        assert card.roc_auc.value is None
        assert card.pr_auc.value == pytest.approx(1)

    def test_too_few_positives_to_judge_one_below_the_limit_and_not_at_it(self) -> None:
        scores = counted(self.made)
        positives = int(self.made.label.sum())
        at = card_of(scores, min_positives=positives)
        below = card_of(scores, min_positives=positives + 1)
        assert at.status is CardStatus.JUDGED
        assert below.status is CardStatus.TOO_FEW_POSITIVES
        assert below.recall == at.recall

    def test_scores_outside_0_to_1(self) -> None:
        made = replace(self.made, score=self.made.score * 40)
        with pytest.raises(ValueError, match="scores outside 0 to 1"):
            card_of(counted(made))

    def test_amounts_below_0_among_the_positives(self) -> None:
        made = replace(self.made, amount=-self.made.amount)
        with pytest.raises(ValueError, match="amounts below 0 among the positives"):
            card_of(counted(made))

    def test_without_amounts_no_money_is_made_up(self) -> None:
        card = card_of(counted(self.made, amounts=False))
        assert card.money is None
        assert card.status is CardStatus.JUDGED

    def test_a_window_without_length_has_no_capacity(self) -> None:
        costs = COSTS.model_copy(update={"reviews_per_day": 10})
        with pytest.raises(ValueError, match="days: 0 is not a length of time"):
            scorecard(
                counted(self.made), threshold=THRESHOLD, costs=costs, days=0, min_positives=30
            )
