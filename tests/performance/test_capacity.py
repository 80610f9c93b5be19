"""Precision and recall over what the team can review."""

from dataclasses import replace

import numpy as np
import pytest

from monitoring.performance.ranking import at_capacity
from monitoring.performance.scorecard import scorecard
from tests.performance.made import COSTS, THRESHOLD, calibrated, counted

MADE = calibrated(20_000, 0.02, 2.5, np.random.default_rng(21))


def top(k: int) -> tuple[float, float]:
    highest = np.argsort(-MADE.score)[:k]
    caught = MADE.label[highest].sum()
    return caught / k, caught / MADE.label.sum()


@pytest.mark.parametrize("k", [1, 10, 137, 400, 3_000])
def test_the_highest_scores_up_to_capacity_are_judged_within_the_bound(k: int) -> None:
    found = at_capacity(counted(MADE), k)
    precision, recall = top(k)
    assert found.precision.value == pytest.approx(precision, abs=0.5 / k + 0.02)
    assert found.recall.value == pytest.approx(recall, abs=0.02)
    for ratio, truth in ((found.precision, precision), (found.recall, recall)):
        assert ratio.low is not None
        assert ratio.high is not None
        assert ratio.value is not None
        assert ratio.low <= truth <= ratio.high
        assert ratio.low <= ratio.value <= ratio.high


def test_counts_are_exact_where_capacity_ends_at_an_edge() -> None:
    k = int((MADE.score >= THRESHOLD).sum())
    found = at_capacity(counted(MADE), k)
    assert (found.precision.value, found.recall.value) == pytest.approx(top(k))


def test_more_capacity_than_rows_reviews_everything() -> None:
    found = at_capacity(counted(MADE), 1e9)
    assert found.recall.value == 1
    assert found.precision.value == MADE.label.mean()


def test_no_capacity_catches_nothing() -> None:
    found = at_capacity(counted(MADE), 0.9)
    assert found.recall.value == 0
    assert found.precision.value is None


def test_unlabelled_rows_compete_for_the_reviews() -> None:
    unlabelled = np.random.default_rng(22).random(20_000) < 0.5
    found = at_capacity(counted(replace(MADE, label=np.where(unlabelled, -1, MADE.label))), 400)
    known = np.argsort(-MADE.score)[:400]
    known = known[~unlabelled[known]]
    assert found.precision.value == pytest.approx(MADE.label[known].mean(), abs=0.01)
    assert found.recall.value == pytest.approx(
        MADE.label[known].sum() / MADE.label[~unlabelled].sum(), abs=0.01
    )


def test_a_scorecard_has_the_days_of_its_window_to_review_in() -> None:
    costs = COSTS.model_copy(update={"reviews_per_day": 400})
    card = scorecard(counted(MADE), threshold=THRESHOLD, costs=costs, days=0.25, min_positives=30)
    assert card.precision_at_capacity == at_capacity(counted(MADE), 100).precision
    assert card.recall_at_capacity == at_capacity(counted(MADE), 100).recall


def test_without_a_limit_there_are_no_figures_at_capacity() -> None:
    card = scorecard(counted(MADE), threshold=THRESHOLD, costs=COSTS, days=1, min_positives=30)
    assert card.precision_at_capacity is None
    assert card.recall_at_capacity is None
