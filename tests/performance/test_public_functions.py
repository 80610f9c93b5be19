"""The public functions: arrays in, a scorecard or an estimate out, each good to read."""

import json
import re
import subprocess
import sys
import tracemalloc
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import average_precision_score, recall_score

from monitoring import InputError, estimate, scorecard
from monitoring.performance.scorecard import CardStatus, Scorecard
from monitoring.summary.types import Summary
from tests.performance.made import COSTS, THRESHOLD, Scored, calibrated, counted

MADE = calibrated(20_000, 0.02, 2.5, np.random.default_rng(41))


def card_of(rows: Scored = MADE) -> Scorecard:
    return scorecard(
        rows.label,
        rows.score,
        threshold=THRESHOLD,
        amounts=rows.amount,
        costs=COSTS,
        capacity=400,
    )


def test_arrays_are_judged_as_scikit_learn_judges_them() -> None:
    card = card_of()
    assert card.recall.value == recall_score(MADE.label, MADE.score >= THRESHOLD)
    truth = average_precision_score(MADE.label, MADE.score)
    assert card.pr_auc.value == pytest.approx(truth, abs=0.002)
    assert card.recall_at_capacity is not None
    assert card.money is not None


def test_threshold_alone_is_enough() -> None:
    card = scorecard(MADE.label, MADE.score, threshold=0.5)
    assert card.status is CardStatus.JUDGED
    assert card.money is card.precision_at_capacity is None


def test_capacity_needs_no_costs() -> None:
    card = scorecard(MADE.label, MADE.score, threshold=0.5, capacity=100)
    assert card.precision_at_capacity == card_of_capacity(100)
    assert card.money is None


def card_of_capacity(reviews: float) -> object:
    return scorecard(
        MADE.label, MADE.score, threshold=0.5, costs=COSTS, amounts=MADE.amount, capacity=reviews
    ).precision_at_capacity


def test_labels_that_have_not_come_are_not_looked_at() -> None:
    seen = np.arange(20_000) % 2 == 0
    labels = np.where(seen, MADE.label, np.nan)
    card = scorecard(labels, MADE.score, threshold=0.5, label_seen=seen)
    half = scorecard(MADE.label[seen], MADE.score[seen], threshold=0.5)
    assert card.coverage == 0.5
    assert (card.detected, card.missed) == (half.detected, half.missed)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"labels": [0, 2, 1]}, "labels: 1 wrong, first 2 in row 1"),
        ({"labels": [0, 1.0000001, 1]}, "labels: 1 wrong, first 1.0000001 in row 1"),
        ({"labels": [0, 1]}, r"labels: an array of shape \(2,\)"),
        ({"scores": [0.1, -0.2, 0.3]}, "scores: 1 wrong, first -0.2 in row 1"),
        ({"scores": [0.1, 1.0000001, 0.3]}, "scores: 1 wrong, first 1.0000001 in row 1"),
        ({"amounts": [1, -2, 3]}, "amounts: 1 wrong, first -2 in row 1"),
        ({"label_seen": [1, 1]}, r"label_seen: an array of shape \(2,\)"),
        ({"labels": ["no", "yes", "no"]}, "labels: 'no' in row 0 is no number; 1 stands for yes"),
        ({"scores": [0.1, "high", 0.3]}, "scores: 'high' in row 1 is no number; a score is"),
        ({"amounts": ["12,50", 1, 2]}, "amounts: '12,50' in row 0 is no number; an amount is"),
        ({"labels": [0, None, 1]}, "labels: 1 wrong, first nan in row 1; .* `label_seen` False"),
        ({"labels": [[0], [1], [0]]}, r"labels: an array of shape \(3, 1\)"),
        ({"labels": [[0], [1, 0], 1]}, r"labels: \[0\] in row 0 is no number"),
        ({"labels": [0, 1, 10**5000]}, "labels: an integer of thousands of digits in row 2"),
        ({"scores": [0, 1, 10**5000]}, "scores: an integer of thousands of digits in row 2"),
        ({"scores": [0, 1, "9" * 5000]}, "scores: 1 wrong, first inf in row 2"),
        ({"scores": [0, 1, "n" * 5000]}, r"scores: 'n{79}\.\.\. in row 2 is no number"),
        ({"labels": [0, 2, 3], "label_seen": [0, 1, 1]}, "labels: 2 wrong, first 2 in row 1"),
        ({"labels": ["", "", "x"], "label_seen": [0, 0, 1]}, "labels: 'x' in row 2"),
        ({"scores": np.ma.masked_equal([0.1, 0.2, 0.3], 0.2)}, "scores: 1 wrong, first nan in row"),
        ({"labels": np.ma.masked_equal([0, 1, 0], 1)}, "labels: 1 wrong, first nan in row 1"),
        ({"threshold": float("nan")}, "threshold: nan is no number to compare scores with"),
        ({"threshold": "0.5"}, "threshold: '0.5' is no number to compare scores with"),
        ({"threshold": None}, "threshold: None is no number to compare scores with"),
        ({"capacity": -1}, "capacity: -1 is no number of reviews; give one from 0 on"),
        ({"capacity": float("nan")}, "capacity: nan is no number of reviews"),
        ({"capacity": "5"}, "capacity: '5' is no number of reviews"),
        ({"costs": {"review": -2}}, "(?s)costs.*review.*greater than or equal to 0"),
        ({"costs": {"reveiw": 2}}, "(?s)costs.*reveiw"),
    ],
)
def test_what_is_wrong_is_refused_by_name_and_row(changes: dict[str, object], reason: str) -> None:
    given = {"labels": [0, 1, 0], "scores": [0.1, 0.2, 0.3], "threshold": 0.2} | changes
    with pytest.raises(ValueError, match=reason):
        scorecard(**given)


def test_costs_may_be_given_as_in_a_use_case_file() -> None:
    written = {"missed": {"of_amount": 0.8, "fixed": 3}, "false_alarm": 5, "review": 2}
    card = scorecard(
        MADE.label, MADE.score, threshold=THRESHOLD, amounts=MADE.amount, costs=written
    )
    assert card.money == card_of().money
    before = estimate(
        MADE.score, threshold=THRESHOLD, calibrated_on=card, amounts=MADE.amount, costs=written
    )
    assert before.cost is not None


@pytest.mark.parametrize("threshold", [np.float32(0.5), np.float64(0.5), np.int64(1), True])
def test_a_threshold_of_any_kind_of_number_is_kept_as_a_plain_one(threshold: float) -> None:
    card = scorecard(MADE.label, MADE.score, threshold=threshold)
    assert type(card.threshold) is float
    before = estimate(MADE.score, threshold=threshold, calibrated_on=card)
    assert json.loads(json.dumps(before.to_dict()))["threshold"] == float(threshold)


@pytest.mark.parametrize("known", [None, {"recall": 1}])
def test_an_estimate_says_what_it_can_rest_on(known: object) -> None:
    with pytest.raises(TypeError, match=r"calibrated_on: .*; give the scorecard"):
        estimate(MADE.score, threshold=0.5, calibrated_on=known)


def test_a_team_without_capacity_or_with_more_than_there_are_rows() -> None:
    none, all_ = (scorecard(MADE.label, MADE.score, threshold=0.5, capacity=c) for c in (0, 1e9))
    assert none.recall_at_capacity is not None
    assert none.precision_at_capacity is not None
    assert none.recall_at_capacity.value == 0
    assert none.precision_at_capacity.value is None
    assert all_.recall_at_capacity is not None
    assert all_.precision_at_capacity is not None
    assert all_.recall_at_capacity.value == 1
    assert all_.precision_at_capacity.value == MADE.label.mean()


def test_new_rows_are_estimated_from_a_scorecard_as_from_the_summary_behind_it() -> None:
    window = calibrated(20_000, 0.02, 2.5, np.random.default_rng(42), shift=0.5)
    truth = card_of(window).recall.value
    scores = counted(MADE)
    summary = Summary(
        bins_hash="made",
        model_version="1",
        rows=20_000,
        features={},
        scores=scores,
        start=datetime(2026, 1, 1, tzinfo=UTC),
        end=datetime(2026, 1, 2, tzinfo=UTC),
    )
    for known in (card_of(), summary):
        before = estimate(
            window.score,
            threshold=THRESHOLD,
            calibrated_on=known,
            amounts=window.amount,
            costs=COSTS,
        )
        assert before.status is CardStatus.JUDGED
        assert before.recall.value == pytest.approx(truth, abs=0.05)
        assert before.cost is not None


def test_an_estimate_rests_on_a_scorecard_of_its_own_threshold() -> None:
    with pytest.raises(ValueError, match=r"threshold 0\.5 is not that of the scorecard, 0\.21"):
        estimate(MADE.score, threshold=0.5, calibrated_on=card_of())


def test_an_estimate_needs_scores_to_rest_on() -> None:
    summary = Summary(bins_hash="made", model_version="1", rows=0, features={})
    with pytest.raises(ValueError, match="this summary has no scores"):
        estimate(MADE.score, threshold=0.5, calibrated_on=summary)


def test_figures_are_plain_values_for_json() -> None:
    card = card_of()
    record = json.loads(json.dumps(card.to_dict()))
    assert record["status"] == "judged"
    assert record["recall"] == {
        "value": card.recall.value,
        "low": card.recall.low,
        "high": card.recall.high,
    }
    assert card.money is not None
    assert record["money"]["net_saving"] == card.money.net_saving
    assert record["alarms"] == card.detected + card.false_alarms
    before = estimate(MADE.score, threshold=THRESHOLD, calibrated_on=card).to_dict()
    assert json.loads(json.dumps(before))["recall"]["value"] == before["recall"]["value"]


def test_cards_say_what_they_mean() -> None:
    card = card_of()
    before = estimate(MADE.score, threshold=THRESHOLD, calibrated_on=card)
    assert repr(card) == f"<Scorecard {card.sentence()}>"
    assert f": {card.detected:,} of {card.positives:,} positives caught, " in card.sentence()
    assert f"{card.detected:,} of {card.positives:,} frauds caught" in card.sentence(
        "frauds", "EUR"
    )
    assert card.sentence("frauds", "EUR").endswith(" saved")
    assert "EUR" in card.sentence("frauds", "EUR")
    assert repr(before).startswith("<Estimate Estimated recall ")
    for shown in (str(card), card._repr_html_()):
        for word in ("recall", "PR-AUC", "recall at capacity", "net saving", "missed"):
            assert word in shown
    assert "cost" not in str(before)
    assert "positives expected" in before._repr_html_()


def test_what_is_not_defined_is_said_so() -> None:
    card = scorecard([0, 0], [0.1, 0.2], threshold=0.5)
    assert card.sentence().startswith("Performance not judged, no positives: 0 of 0 positives")
    assert "not defined" in str(card)


def test_the_package_stays_light_until_a_function_is_used() -> None:
    seen = "import sys, monitoring; print(sorted({'numpy', 'pandas', 'scipy'} & set(sys.modules)))"
    said = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"


@pytest.mark.parametrize("label_type", [np.int8, np.int64])
def test_a_scorecard_adds_few_bytes_a_row_to_the_arrays_it_is_given(label_type: type) -> None:
    rng = np.random.default_rng(43)
    scores = rng.beta(0.2, 8, 1_000_000)
    labels = (rng.random(len(scores)) < scores).astype(label_type)
    amounts = rng.lognormal(4, 1, len(scores))
    card_of()  # what is imported on first use
    tracemalloc.start()
    try:
        scorecard(labels, scores, threshold=0.5, amounts=amounts, costs=COSTS, capacity=400)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 * len(scores)


@pytest.mark.parametrize(
    ("index", "said"),
    [
        ([10, 11, 12, 13], "different indexes: row 0 is 0 in one and 10 in the other"),
        ([3, 2, 1, 0], "one index in different orders: row 0 is 0 in one and 3 in the other"),
        ([0, 1, 2, 2], "different indexes: row 3 is 3 in one and 2 in the other"),
        (["a", "b", "c", "d"], "different indexes"),
    ],
)
@pytest.mark.parametrize("other", ["scores", "amounts", "label_seen"])
def test_series_are_never_matched_by_place_against_their_indexes(
    index: list[object], said: str, other: str
) -> None:
    """Said before: a scorecard of rows that don't belong together, without a word."""
    arrays = {
        "labels": [0, 1, 0, 1],
        "scores": [0.1, 0.9, 0.2, 0.3],
        "amounts": [1.0, 2.0, 3.0, 4.0],
        "label_seen": [1, 1, 1, 1],
    }
    series = {name: pd.Series(values) for name, values in arrays.items()}
    assert scorecard(**series, threshold=0.5).missed == 1
    with pytest.raises(InputError, match=re.escape(f"labels and {other} have {said}")):
        scorecard(**(series | {other: series[other].set_axis(index)}), threshold=0.5)
    # What has no index is matched by place.
    assert scorecard(**(series | {other: arrays[other]}), threshold=0.5).missed == 1


def test_an_estimate_refuses_amounts_of_other_rows_too() -> None:
    """Said before: money of amounts that belong to other rows."""
    known = scorecard([0, 1], [0.1, 0.9], threshold=0.5)
    scores, amounts = pd.Series([0.1, 0.9]), pd.Series([1.0, 2.0], index=[1, 0])
    with pytest.raises(InputError, match=r"scores and amounts.*`amounts\.loc\[scores\.index\]`"):
        estimate(scores, threshold=0.5, calibrated_on=known, amounts=amounts)
