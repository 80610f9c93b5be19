"""Figures by class come from mergeable counts, and equal scikit-learn's."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from monitoring.drift.class_drift import class_verdict
from monitoring.drift.detection import drift_verdict
from monitoring.drift.verdict import DriftStatus
from monitoring.errors import InputError
from monitoring.performance.class_estimate import class_estimate
from monitoring.performance.class_scorecard import class_scorecard
from monitoring.performance.scorecard import CardStatus
from monitoring.rows.rows import UNLABELLED, Rows
from monitoring.summary.as_json import summary_from, summary_record
from monitoring.summary.build import summarise
from monitoring.summary.class_counts import class_counts, decided_classes, merge_classes
from monitoring.summary.files import load_reference, save
from monitoring.summary.merge import MergeError, merge
from monitoring.summary.reference import fit_reference
from monitoring.summary.types import ClassCounts, Reference
from monitoring.use_case import Drift
from monitoring.use_case_columns import Classes, Features

NAMES = ("slight", "serious", "fatal")
CLASSES = Classes(NAMES, ("fatal",))
THRESHOLD = 0.3
LIMITS = Drift.model_validate({"window": "1d"})


def rows_of(
    probabilities: np.ndarray, true: np.ndarray, watched: tuple[str, ...] = CLASSES.watched
) -> Rows:
    """Return scored rows, a minute apart."""
    count = len(true)
    times = np.datetime64("2026-01-01", "us") + np.arange(count) * np.timedelta64(1, "m")
    is_watched = np.isin(NAMES, watched)
    score = probabilities[:, is_watched].sum(axis=1)
    label = np.where(true < 0, UNLABELLED, is_watched[true]).astype(np.int8)
    return Rows(
        features=pd.DataFrame({"x": np.arange(count) % 7 * 1.0}),
        row_id=np.arange(count).astype(str),
        event_time=times,
        arrival_time=times,
        label=label,
        label_time=times,
        score=np.minimum(score, 1.0),
        true_class=true.astype(np.int8),
        probabilities=probabilities,
    )


def drawn(count: int, seed: int, tilt: tuple[float, ...] = (4.0, 2.0, 0.7)) -> Rows:
    """Return rows whose classes are as likely as their probabilities say."""
    rng = np.random.default_rng(seed)
    probabilities = rng.dirichlet(tilt, count)
    true = (probabilities.cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    return rows_of(probabilities, np.minimum(true, 2))


def counted(rows: Rows, threshold: float = THRESHOLD) -> ClassCounts:
    counts = class_counts(rows, NAMES, CLASSES.watched, threshold)
    assert counts is not None
    return counts


@st.composite
def some_rows(draw: st.DrawFn) -> Rows:
    count = draw(st.integers(1, 60))
    seed = draw(st.integers(0, 2**32 - 1))
    rng = np.random.default_rng(seed)
    present = draw(st.lists(st.integers(-1, 2), min_size=1, max_size=4))
    return rows_of(rng.dirichlet([1, 1, 1], count), rng.choice(present, count))


# The scorecard.


@settings(max_examples=150, deadline=None)
@given(rows=some_rows(), threshold=st.floats(0, 1))
def test_every_figure_by_class_is_that_of_scikit_learn(rows: Rows, threshold: float) -> None:
    card = class_scorecard(counted(rows, threshold))
    assert rows.score is not None
    assert rows.probabilities is not None
    assert rows.true_class is not None
    decided = decided_classes(
        rows.score, rows.probabilities, np.array([False, False, True]), threshold
    )
    known = rows.true_class >= 0
    true, decided = rows.true_class[known], decided[known]
    assert card.labelled == len(true)
    if not len(true):
        assert (card.macro, card.status) == (None, CardStatus.NO_LABELS)
        return
    every: dict[str, Any] = {"labels": [0, 1, 2], "zero_division": np.nan}
    assert np.array_equal(card.matrix, confusion_matrix(true, decided, labels=[0, 1, 2]))
    precision, recall, f1, support = precision_recall_fscore_support(true, decided, **every)
    for place, one in enumerate(card.classes):
        assert one.rows == support[place]
        for ours, theirs in ((one.precision, precision), (one.recall, recall), (one.f1, f1)):
            expected = theirs[place]
            assert ours.value == (None if np.isnan(expected) else pytest.approx(expected))
    for average, ours_of in (("macro", card.macro), ("weighted", card.weighted)):
        theirs = precision_recall_fscore_support(true, decided, average=average, zero_division=0)[
            :3
        ]
        assert ours_of is not None
        assert (ours_of.precision, ours_of.recall, ours_of.f1) == pytest.approx(theirs)
    micro = precision_recall_fscore_support(true, decided, average="micro", zero_division=0)
    assert card.overall.value == pytest.approx(micro[0])


@settings(max_examples=60, deadline=None)
@given(rows=some_rows(), threshold=st.floats(0, 1))
def test_a_row_is_decided_watched_exactly_where_it_raises_an_alarm(
    rows: Rows, threshold: float
) -> None:
    assert rows.score is not None
    counts = counted(rows, threshold)
    assert counts.rows[2].sum() == (rows.score >= threshold).sum()


@settings(max_examples=60, deadline=None)
@given(rows=some_rows(), cut=st.floats(0, 1))
def test_counts_of_parts_add_up_to_the_last_bit_in_any_order(rows: Rows, cut: float) -> None:
    border = int(cut * len(rows))
    parts = [counted(rows.take(slice(0, border))), counted(rows.take(slice(border, len(rows))))]
    whole = counted(rows)
    for both in (merge_classes(parts), merge_classes(parts[::-1])):
        for name in ("rows", "probability", "variance"):
            assert np.array_equal(getattr(both, name), getattr(whole, name))


def test_of_several_watched_classes_the_most_likely_is_decided() -> None:
    probabilities = np.array([[0.5, 0.2, 0.3], [0.4, 0.35, 0.25], [0.8, 0.1, 0.1]])
    watched = np.array([False, True, True])
    score = probabilities[:, watched].sum(axis=1)
    assert decided_classes(score, probabilities, watched, 0.4).tolist() == [2, 1, 0]


def test_the_cost_of_a_window_is_that_of_each_row_by_the_matrix() -> None:
    rows = drawn(500, seed=1)
    costs = {"fatal": {"slight": 1000.0, "serious": 300.0}, "slight": {"fatal": 20.0}}
    card = class_scorecard(counted(rows), costs=costs)
    matrix = np.array(card.matrix)
    assert card.cost == 1000 * matrix[2, 0] + 300 * matrix[2, 1] + 20 * matrix[0, 2]
    assert class_scorecard(counted(rows)).cost is None


def test_a_class_of_few_rows_has_its_figures_and_says_so() -> None:
    card = class_scorecard(counted(drawn(300, seed=2)), min_rows=50)
    by_name = {one.name: one for one in card.classes}
    assert by_name["slight"].status is CardStatus.JUDGED
    assert by_name["fatal"].status is CardStatus.TOO_FEW_POSITIVES
    assert by_name["fatal"].recall.low is not None
    assert "fatal, watched" in str(card)


def test_no_rows_and_no_labels_are_statuses() -> None:
    rows = drawn(20, seed=0)
    assert class_scorecard(counted(rows.take(slice(0, 0)))).status is CardStatus.NO_ROWS
    unlabelled = replace(rows, true_class=np.full(20, -1, np.int8))
    assert class_scorecard(counted(unlabelled)).sentence == "Classes not judged: no labels"


# The estimate.


def test_the_estimate_by_class_is_what_the_labels_show_later() -> None:
    window, known = drawn(20_000, seed=3), counted(drawn(8000, seed=4))
    blind = counted(replace(window, true_class=np.full(len(window), -1, np.int8)))
    costs = {"fatal": {"slight": 1000.0, "serious": 300.0}}
    estimated = class_estimate(blind, [known], costs=costs)
    shown = class_scorecard(counted(window), costs=costs)
    assert estimated.status is CardStatus.JUDGED
    for guess, truth in zip(estimated.classes, shown.classes, strict=True):
        assert guess.decided == truth.decided
        assert guess.rows == pytest.approx(truth.rows, rel=0.05)
        for name in ("recall", "precision", "f1"):
            ours, theirs = getattr(guess, name), getattr(truth, name)
            assert ours.value == pytest.approx(theirs.value, abs=0.03)
            assert ours.low <= theirs.value <= ours.high
    assert estimated.cost == pytest.approx(shown.cost, rel=0.1)


def test_intervals_of_the_estimate_hold_the_truth_as_often_as_they_say() -> None:
    held = []
    for seed in range(60):
        window, known = drawn(1500, seed=2 * seed), counted(drawn(3000, seed=2 * seed + 1))
        estimated, shown = (
            class_estimate(counted(window), [known]),
            class_scorecard(counted(window)),
        )
        for guess, truth in zip(estimated.classes, shown.classes, strict=True):
            for name in ("recall", "precision"):
                ours, true = getattr(guess, name), getattr(truth, name).value
                held.append(ours.low <= true <= ours.high)
    assert np.mean(held) > 0.93


def overconfident(rows: Rows) -> Rows:
    """Return rows whose probabilities promise more than comes true."""
    assert rows.probabilities is not None
    sharp = rows.probabilities**2
    return replace(
        rows_of(sharp / sharp.sum(axis=1, keepdims=True), np.asarray(rows.true_class)),
        row_id=rows.row_id,
    )


def test_labelled_rows_correct_what_overconfident_probabilities_promise() -> None:
    window, known = overconfident(drawn(20_000, seed=5)), overconfident(drawn(20_000, seed=6))
    estimated, shown = (
        class_estimate(counted(window), [counted(known)]),
        class_scorecard(counted(window)),
    )
    for guess, truth in zip(estimated.classes, shown.classes, strict=True):
        assert guess.recall.value == pytest.approx(truth.recall.value, abs=0.02)
    promised = counted(window).probability.sum(axis=(0, 1))
    assert abs(promised[2] - shown.classes[2].rows) > 0.1 * shown.classes[2].rows


def test_an_estimate_that_the_newest_labels_prove_wrong_is_not_calibrated() -> None:
    known, newest = counted(drawn(5000, seed=7)), drawn(5000, seed=8)
    assert class_estimate(known, [known, counted(newest)]).status is CardStatus.JUDGED
    true = np.asarray(newest.true_class).copy()
    true[::3] = 2  # a third of all rows turn out fatal
    wrong = counted(rows_of(np.asarray(newest.probabilities), true))
    estimated = class_estimate(known, [known, wrong])
    assert (estimated.status, estimated.classes) == (CardStatus.NOT_CALIBRATED, ())


def test_labels_of_the_same_world_prove_an_estimate_wrong_no_more_often_than_by_chance() -> None:
    wrong = 0
    for seed in range(200):
        known, newest = counted(drawn(600, seed=3 * seed)), counted(drawn(300, seed=3 * seed + 1))
        status = class_estimate(newest, [known, newest]).status
        wrong += status is CardStatus.NOT_CALIBRATED
    assert wrong <= 2


def test_without_labels_of_what_was_decided_there_is_no_estimate() -> None:
    window = counted(drawn(1000, seed=9))
    unlabelled = replace(drawn(1000, seed=9), true_class=np.full(1000, -1, np.int8))
    assert class_estimate(window, []).status is CardStatus.NOT_CALIBRATED
    assert class_estimate(window, [counted(unlabelled)]).status is CardStatus.NOT_CALIBRATED
    assert class_estimate(window, [counted(drawn(1000, 1), 1.0)]).status is (
        CardStatus.NOT_CALIBRATED
    )
    empty = counted(drawn(1, seed=0).take(slice(0, 0)))
    assert class_estimate(empty, [window]).status is CardStatus.NO_ROWS


# The summary, the reference and the verdict.


def reference_of(count: int = 4000) -> Reference:
    training, validation = drawn(count, seed=10), drawn(count, seed=11)
    return fit_reference(
        replace(training, score=None, probabilities=None),
        validation,
        features=Features(numeric=("x",)),
        threshold=THRESHOLD,
        chunk=200,
        importance={},
        classes=CLASSES,
    )


def test_a_summary_holds_counts_by_class_and_is_saved_and_merged_with_them(tmp_path: Path) -> None:
    reference = reference_of()
    first, second = drawn(300, seed=1), drawn(200, seed=2)
    summaries = [summarise(rows, reference) for rows in (first, second)]
    whole = merge(*summaries)
    assert whole.classes is not None
    assert whole.classes.rows.sum() == 500
    again = summary_from(json.loads(json.dumps(summary_record(whole))))
    assert again.classes is not None
    assert np.array_equal(again.classes.probability, whole.classes.probability)
    save(reference, tmp_path / "reference.json.gz")
    loaded = load_reference(tmp_path / "reference.json.gz")
    assert len(loaded.class_chunks) == len(reference.class_chunks) == 20
    assert loaded.validation is not None
    assert loaded.validation.classes is not None
    assert loaded.validation.classes.names == NAMES


def test_a_summary_of_a_binary_target_is_saved_as_before() -> None:
    reference = reference_of()
    binary = replace(reference, validation=None)
    record = summary_record(summarise(drawn(50, seed=1), binary))
    assert "classes" not in record


def test_counts_of_unlike_classes_are_not_merged() -> None:
    summary = summarise(drawn(300, seed=1), reference_of())
    assert summary.classes is not None
    other = replace(summary.classes, watched=("serious",))
    with pytest.raises(MergeError, match="different classes"):
        merge(summary, replace(summary, classes=other))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"names": ["a", "a", "b"]}, "two or more different ones"),
        ({"watched": ["nobody"]}, "is none of the classes"),
        ({"watched": list(NAMES)}, "not some of the classes are watched"),
        ({"rows": [[1, 2], [3, 4]]}, "not one count per class"),
        ({"probability": [[[0.0] * 3] * 3] * 2}, "don't add up to the rows"),
    ],
)
def test_counts_by_class_that_cannot_be_true_are_damage(change: dict[str, Any], said: str) -> None:
    record = summary_record(summarise(drawn(300, seed=1), reference_of()))
    record["classes"] |= change
    with pytest.raises(InputError, match=said):
        summary_from(record)


def test_decided_classes_drift_as_a_category_does_and_do_not_count_as_a_feature() -> None:
    reference = reference_of()
    same = summarise(drawn(2000, seed=12), reference)
    other = summarise(drawn(2000, seed=12, tilt=(1.0, 2.0, 4.0)), reference)
    quiet, moved = (class_verdict(reference, window, LIMITS) for window in (same, other))
    assert quiet is not None
    assert moved is not None
    assert (quiet.status, quiet.drifted) == (DriftStatus.TESTED, False)
    assert moved.drifted
    assert "fatal" in moved.reason
    assert moved.natural_variation is not None
    verdict = drift_verdict(reference, other, LIMITS, id="v")
    assert verdict.decided_class == moved
    assert verdict.share == 0.0
    assert "decided class: drifted" in str(verdict)
    assert verdict.to_dict()["decided_class"]["drifted"] is True


def test_decided_classes_of_few_rows_or_none_are_not_judged() -> None:
    reference = reference_of()
    few = class_verdict(reference, summarise(drawn(20, seed=1), reference), LIMITS)
    none = class_verdict(
        reference, replace(summarise(drawn(500, seed=1), reference), classes=None), LIMITS
    )
    assert few is not None
    assert none is not None
    assert (few.status, none.status) == (DriftStatus.TOO_FEW_ROWS, DriftStatus.NO_SCORES)
    binary = replace(reference, validation=None)
    assert class_verdict(binary, summarise(drawn(500, seed=1), binary), LIMITS) is None
