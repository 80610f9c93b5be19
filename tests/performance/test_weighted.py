"""Figures of rows of which some were blocked: those let through stand for them."""

import numpy as np
import pytest

from benchmarks.control_group import month, scores_of
from monitoring.errors import InputError
from monitoring.performance.paired_comparison import RowOutcomes, compared
from monitoring.performance.score_histograms import with_absent_labels
from monitoring.performance.scorecard import CardStatus, scorecard
from monitoring.rows.control_group import let_through
from monitoring.rows.rows import Rows
from monitoring.summary.as_json import summary_from, summary_record
from monitoring.summary.build import score_summary
from monitoring.summary.files import from_json, to_json
from monitoring.summary.merge import merge_scores
from monitoring.summary.types import ScoreSummary, Summary
from tests.performance.made import COSTS, THRESHOLD, edges_with
from tests.rows.weighted import weighted_rows


def counted(rows: Rows) -> ScoreSummary:
    scores = score_summary(rows, edges_with())
    assert scores is not None
    return scores


def test_recall_and_precision_err_little_and_their_intervals_hold_the_truth() -> None:
    score = scores_of(4_000_000)
    months = [month(score, seed) for seed in range(16)]
    for figure in ("recall", "precision"):
        truths = [getattr(one.truth, figure).value for one in months]
        seen = [getattr(one.seen, figure) for one in months]
        off = np.array([ratio.value for ratio in seen]) - truths
        assert np.abs(off).mean() < 0.03
        assert abs(off.mean()) < 0.015
        held = [r.low <= truth <= r.high for truth, r in zip(truths, seen, strict=True)]
        assert np.mean(held) >= 0.9
    naive = months[0].seen.hidden
    assert naive is not None
    assert naive.recall.value is not None
    assert naive.recall.value < 0.1
    money = months[0].seen.money
    assert money is not None
    assert money.control > 0
    assert money.net_saving > 0 > (naive.net_saving or 0)


def test_a_blocked_row_without_a_review_is_neither_a_false_alarm_nor_a_catch() -> None:
    # Flagged: 2 let through (a fraud, a good one), 3 blocked (one reviewed); 1 missed, 2 quiet.
    rows = weighted_rows(
        score=[0.9, 0.8, 0.9, 0.8, 0.7, 0.1, 0.1, 0.1],
        label=[1, -1, -1, -1, 1, 1, -1, -1],
        weight=[4, 4, 0, 0, 0, 1, 1, 1],
    )
    mature = with_absent_labels(counted(rows), "negative")
    card = scorecard(mature, threshold=THRESHOLD, costs=COSTS, days=1, min_positives=1)
    assert (card.detected, card.missed, card.false_alarms, card.negatives) == (4, 1, 4, 6)
    assert card.recall.value == pytest.approx(4 / 5)
    assert card.hidden is not None
    assert (card.hidden.rows, card.hidden.let_through) == (2, 2)
    assert card.hidden.share == pytest.approx(2 / 8)
    assert card.hidden.precision.value == pytest.approx(2 / 5)
    assert card.money is not None
    # The fraud let through lost .8 of its 10, and 3; two reviews and a false alarm were saved.
    assert card.money.control == pytest.approx(11 - 2 * 2 - 5)


def test_where_nothing_stands_for_what_was_blocked_the_truth_is_hidden() -> None:
    rows = weighted_rows(score=[0.9, 0.1], label=[-1, 1], weight=[0, 1])
    mature = with_absent_labels(counted(rows), "negative")
    card = scorecard(mature, threshold=THRESHOLD, costs=COSTS, days=1, min_positives=1)
    assert card.status is CardStatus.TRUTH_HIDDEN
    assert "truth hidden" in str(card.sentence())


def test_weighted_summaries_add_up_and_are_saved_whole() -> None:
    rng = np.random.default_rng(0)
    rows = weighted_rows(
        score=rng.random(300),
        label=rng.integers(-1, 2, 300),
        weight=rng.choice([0, 1, 1 / 0.03], 300),
    )
    whole = counted(rows)
    assert sorted(whole.by_weight) == [0, 33.3]
    parts = merge_scores([counted(rows.take(slice(0, 100))), counted(rows.take(slice(100, None)))])
    saved = from_json(to_json(Summary("bins", "1", 300, {}, scores=whole))).scores
    assert saved is not None
    wrong = summary_record(Summary("bins", "1", 300, {}, scores=whole))
    wrong["scores"]["by_weight"][1][0] = 0.5
    with pytest.raises(InputError, match="stand for themselves, or for less"):
        summary_from(wrong)
    for other in (parts, saved):
        for weight, part in whole.by_weight.items():
            np.testing.assert_array_equal(other.by_weight[weight].rows, part.rows)
            np.testing.assert_array_equal(other.by_weight[weight].amount, part.amount)


def test_the_control_group_is_the_same_ones_each_time_and_its_share_of_all() -> None:
    ids = [str(n) for n in range(20_000)]
    drawn = let_through("fraud", ids, 0.05)
    np.testing.assert_array_equal(drawn, let_through("fraud", ids, 0.05))
    assert drawn.mean() == pytest.approx(0.05, abs=0.005)
    assert let_through("fraud", ids, 0.1)[drawn].all()
    assert (let_through("other", ids, 0.05) & drawn).mean() < 0.01


def test_the_gate_counts_a_row_as_often_as_it_stands_for() -> None:
    positive = np.array([True, True, False, False])
    new = RowOutcomes(np.array([True, False, False, False]), np.array([2.0, 50.0, 0.0, 0.0]))
    old = RowOutcomes(np.array([False, True, False, False]), np.array([50.0, 2.0, 0.0, 0.0]))
    assert compared(new, old, positive).recall.value == 0
    weighted = compared(new, old, positive, np.array([1.0, 9.0, 1.0, 1.0]))
    assert (weighted.new_recall, weighted.old_recall) == (0.1, 0.9)
    assert weighted.cost is not None
    assert weighted.cost.value == pytest.approx(8 * 48 / 12)
