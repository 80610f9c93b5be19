"""Summaries add up: two windows merged are judged as their rows together."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from monitoring.performance.scorecard import scorecard
from monitoring.summary.merge import merge_scores
from monitoring.use_case import Costs, MissedCost
from tests.performance.made import Scored, counted

EDGES = np.array([0.125, 0.25, 0.5, 0.75, 0.875])
COSTS = Costs(missed=MissedCost(of_amount=0.5, fixed=2), false_alarm=4, review=1, reviews_per_day=5)


@st.composite
def rows(draw: st.DrawFn) -> Scored:
    # Sums of eighths and of whole numbers are exact, so cards can be held equal.
    each = st.tuples(st.integers(0, 64), st.integers(-1, 1), st.integers(0, 1000))
    drawn = np.array(draw(st.lists(each, max_size=40)), dtype=np.int64).reshape(-1, 3)
    return Scored(drawn[:, 0] / 64, drawn[:, 1], drawn[:, 2].astype(np.float64))


def together(one: Scored, other: Scored) -> Scored:
    return Scored(
        np.concatenate([one.score, other.score]),
        np.concatenate([one.label, other.label]),
        np.concatenate([one.amount, other.amount]),
    )


@settings(deadline=None, max_examples=150)
@given(rows(), rows(), st.sampled_from(list(EDGES)))
def test_merged_windows_are_judged_as_their_rows_together(
    one: Scored, other: Scored, threshold: float
) -> None:
    merged = merge_scores([counted(one, EDGES), counted(other, EDGES)])
    both = counted(together(one, other), EDGES)
    cards = [
        scorecard(scores, threshold=threshold, costs=COSTS, days=2, min_positives=3)
        for scores in (merged, both)
    ]
    assert cards[0] == cards[1]


@settings(deadline=None, max_examples=150)
@given(rows(), st.sampled_from(list(EDGES)))
def test_whatever_the_rows_the_figures_hold_together(made: Scored, threshold: float) -> None:
    card = scorecard(
        counted(made, EDGES), threshold=threshold, costs=COSTS, days=2, min_positives=3
    )
    assert card.detected + card.missed == card.positives == (made.label == 1).sum()
    assert card.positives + card.negatives == card.labelled <= card.rows == len(made.score)
    ratios = (
        card.recall,
        card.precision,
        card.f1,
        card.false_alarm_rate,
        card.pr_auc,
        card.roc_auc,
        card.precision_at_capacity,
        card.recall_at_capacity,
    )
    for ratio in ratios:
        if ratio is not None and ratio.value is not None:
            assert ratio.low is not None
            assert ratio.high is not None
            assert 0 <= ratio.low <= ratio.value <= ratio.high <= 1
    if card.money is not None:
        money = card.money
        assert money.caught + money.missed == money.without_model
        assert money.net_saving == money.without_model - money.cost
        assert money.net_saving == money.caught - money.reviews - money.false_alarms
        assert money.reviews == card.alarms * COSTS.review
