"""Real card payments, scored by a logistic regression that saw only earlier ones."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from monitoring.performance.estimate import estimate
from monitoring.performance.money import best_threshold
from monitoring.performance.scorecard import CardStatus, scorecard
from monitoring.rows.rows import Rows
from monitoring.summary.score_bins import score_bin_edges
from monitoring.use_case import UseCase
from tests.performance.made import Scored, counted

pytestmark = pytest.mark.real


def days_of(rows: Rows) -> float:
    return float((rows.event_time[-1] - rows.event_time[0]) / np.timedelta64(1, "D"))


@pytest.fixture(scope="module")
def scored(real_cards: Rows) -> tuple[Scored, Scored, float]:
    """Validation and test rows, each a fifth of the rows, and the days of validation."""
    starts = [0, int(0.6 * len(real_cards)), int(0.8 * len(real_cards)), len(real_cards)]
    train, validation, test = (real_cards.take(slice(starts[i], starts[i + 1])) for i in range(3))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(train.features, train.label)

    def of(rows: Rows) -> Scored:
        assert rows.amount is not None
        score = model.predict_proba(rows.features)[:, 1]
        return Scored(score, rows.label.astype(np.int64), rows.amount)

    return of(validation), of(test), days_of(validation)


def test_the_scorecard_of_the_last_fifth_is_that_of_scikit_learn(
    scored: tuple[Scored, Scored, float], fraud_case: UseCase
) -> None:
    validation, test, days = scored
    threshold = best_threshold(
        validation.score, validation.label, validation.amount, fraud_case.costs, days
    )
    edges = score_bin_edges(validation.score, threshold)
    card = scorecard(
        counted(test, edges),
        threshold=threshold,
        costs=fraud_case.costs,
        days=1,
        min_positives=fraud_case.min_positives,
    )
    alarm, fraud = test.score >= threshold, test.label == 1
    assert card.status is CardStatus.JUDGED
    assert card.detected == (alarm & fraud).sum()
    assert card.missed == (~alarm & fraud).sum()
    assert card.false_alarms == (alarm & ~fraud).sum()
    truth = average_precision_score(test.label, test.score)
    assert card.pr_auc.value == pytest.approx(truth, abs=0.002)
    assert card.roc_auc.value == pytest.approx(roc_auc_score(test.label, test.score), abs=0.002)
    assert card.money is not None
    assert card.money.caught == pytest.approx(test.amount[alarm & fraud].sum())
    assert card.money.net_saving > 0


def test_scores_far_from_probabilities_are_recalibrated_by_validation(
    scored: tuple[Scored, Scored, float], fraud_case: UseCase
) -> None:
    validation, test, _ = scored
    edges = score_bin_edges(validation.score, 0.1)
    scores = counted(test, edges)
    before = estimate(scores, [counted(validation, edges)], threshold=0.1, costs=fraud_case.costs)
    after = scorecard(scores, threshold=0.1, costs=fraud_case.costs, days=1, min_positives=30)
    promised = test.score[test.score >= 0.1].sum() / test.score.sum()
    assert after.recall.value is not None
    assert abs(promised - after.recall.value) > 0.1
    assert before.status is CardStatus.JUDGED
    for said, truth in ((before.recall, after.recall), (before.precision, after.precision)):
        assert said.low is not None
        assert said.high is not None
        assert truth.value is not None
        assert said.low <= truth.value <= said.high
