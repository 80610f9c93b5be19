"""Rows without an order are split at random, stratified, and no part leaks into another."""

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import average_precision_score

from monitoring.performance.money import best_threshold
from monitoring.rows.rows import Rows, moment64
from monitoring.training import TrainingError
from monitoring.training.calibration import BetaCalibration
from monitoring.training.folds import random_folds
from monitoring.training.gate import Outcome, gate
from monitoring.training.run_record import metrics, tags
from monitoring.training.search import SearchResult, search
from monitoring.training.split import (
    DataSplit,
    days_of,
    is_held_back,
    never_learned,
    split_at_random,
    split_rows,
)
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase
from monitoring.use_case_split import Split
from tests.training.conftest import QUICK, with_candidates

NAME = "logistic_regression"
WITH_ALL = Split(by="random", random_state=42, train=0.5, validation=0.2, test=0.2, global_test=0.1)
SEVENTY = Split(by="random", random_state=42, train=0.7, test=0.3)


@pytest.fixture(scope="module")
def rows(card_rows: Rows) -> Rows:
    return card_rows.take(slice(0, 6000))


def sorted_by_class(rows: Rows) -> Rows:
    """Return the rows as a file holds them that has all negatives first."""
    order = np.argsort(rows.label, kind="stable")
    return replace(rows.take(order), event_time=rows.event_time)


def case_of(case: UseCase, split: Split) -> UseCase:
    return with_candidates(case, {NAME: QUICK[NAME]}).model_copy(update={"split": split})


def trained(case: UseCase, rows: Rows) -> tuple[DataSplit, SearchResult, Trained]:
    split = split_rows(rows, case.split)
    searched = search(case, NAME, split.train, seed=0)
    return split, searched, train(case, NAME, split, searched, data_hash="", seed=0)


# The parts.


@pytest.mark.parametrize(
    ("declared", "shares"),
    [
        (WITH_ALL, [0.5, 0.2, 0.2, 0.1]),
        (SEVENTY, [0.7, 0.3]),
        (Split(by="random", random_state=1, train=0.8), [0.8, 0.2]),
        (Split(by="random", random_state=1), [0.6, 0.2, 0.2]),
        (Split(by="random", random_state=1, train=0.7, test=0.2, global_test=0.1), [0.7, 0.2, 0.1]),
    ],
)
def test_parts_have_their_shares_of_every_class_and_every_row_once(
    rows: Rows, declared: Split, shares: list[float]
) -> None:
    parts = list(split_at_random(sorted_by_class(rows), declared).parts.values())
    ids = np.concatenate([part.row_id for part in parts])
    assert sorted(ids) == sorted(rows.row_id)
    for label in (0, 1):
        every = (rows.label == label).sum()
        counts = [(part.label == label).sum() for part in parts]
        assert counts == pytest.approx([share * every for share in shares], abs=1)
    assert all((np.diff(part.event_time) >= np.timedelta64(0, "us")).all() for part in parts)


def test_the_same_random_state_gives_the_same_parts_and_another_one_others(rows: Rows) -> None:
    first, again = (split_at_random(rows, SEVENTY) for _ in range(2))
    other = split_at_random(rows, SEVENTY.model_copy(update={"random_state": 43}))
    assert np.array_equal(first.train.row_id, again.train.row_id)
    shared = np.isin(other.test.row_id, first.test.row_id).mean()
    assert shared == pytest.approx(0.3, abs=0.05)


def test_rows_stay_in_their_part_when_others_come(rows: Rows) -> None:
    before = split_at_random(rows.take(slice(0, 5000)), SEVENTY)
    after = split_at_random(rows, SEVENTY)
    moved = np.isin(before.test.row_id, after.train.row_id).mean()
    assert moved < 0.05


def test_a_part_drawn_at_random_stands_for_its_share_of_the_days(rows: Rows) -> None:
    split = split_at_random(rows, SEVENTY)
    assert split.days_of("test") == pytest.approx(0.3 * days_of(rows), rel=0.01)
    assert days_of(split.test) == pytest.approx(days_of(rows), rel=0.01)


def test_a_part_without_both_classes_is_named(rows: Rows) -> None:
    label = np.zeros(len(rows), np.int8)
    label[0] = 1
    with pytest.raises(TrainingError, match=r"part \(\d+% of each class\) .* no positives"):
        split_at_random(replace(rows, label=label), SEVENTY)


def test_a_file_sorted_by_class_is_refused_in_time_with_the_cure(rows: Rows) -> None:
    with pytest.raises(TrainingError, match="or `by: random` where rows have no order"):
        split_rows(sorted_by_class(rows), Split())


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"by": "random"}, "`by: random` needs a `random_state`"),
        ({"random_state": 1}, "`random_state` and `global_test` are of `by: random` alone"),
        ({"test": 0.1, "global_test": 0.1}, "`random_state` and `global_test` are of"),
        ({"train": 0.7, "test": 0.3}, "a split by time needs a validation part"),
        ({"by": "random", "random_state": 1, "train": 0.9}, "must add up to 1, not 1.1"),
        ({"train": 0.5, "validation": 0.2, "test": 0.2}, "must add up to 1, not 0.9"),
        ({"by": "random", "random_state": -1}, "greater than or equal to 0"),
        ({"by": "random", "random_state": True}, "a number, not true or false"),
        ({"by": "class"}, "'time' or 'random'"),
    ],
)
def test_a_split_that_cannot_be_made_says_why(given: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        Split.model_validate(given)


# What a model learns from.


def test_a_file_sorted_by_class_gives_a_model_as_good_as_in_any_order(
    fraud_case: UseCase, rows: Rows
) -> None:
    case = case_of(fraud_case, SEVENTY)
    *_, by_class = trained(case, sorted_by_class(rows))
    *_, in_time = trained(case, rows)
    assert by_class.model.test.pr_auc.value == pytest.approx(
        in_time.model.test.pr_auc.value, abs=0.02
    )


def test_every_fold_learns_from_none_of_the_rows_that_it_scores(rows: Rows) -> None:
    folds = random_folds(rows, 42, 3)
    assert sorted(np.concatenate([fold.scored for fold in folds])) == list(range(len(rows)))
    for fold in folds:
        assert not np.isin(fold.learned, fold.scored).any()
        assert rows.label[fold.scored].mean() == pytest.approx(rows.label.mean(), rel=0.05)


def test_no_fold_of_a_search_sees_the_labels_of_the_rows_it_scores(
    fraud_case: UseCase, rows: Rows
) -> None:
    """A column that tells the label of one fold's rows alone changes none of that fold's scores."""
    case = case_of(fraud_case, SEVENTY)
    fold = random_folds(rows, 42, 3)[0]
    noise = np.random.default_rng(0).normal(size=len(rows))

    def scores(told: np.ndarray) -> np.ndarray:
        v1 = noise.copy()
        v1[told] = np.where(rows.label[told] == 1, 3.0, -3.0)
        features = rows.features.assign(V1=v1)
        found = search(case, NAME, replace(rows, features=features), seed=0)
        place = np.empty(len(rows), np.intp)
        place[found.positions] = np.arange(len(rows))
        return found.scores[place]

    others = np.setdiff1d(np.arange(len(rows)), fold.scored)
    without, mine, all_but_mine = scores(fold.scored[:0]), scores(fold.scored), scores(others)
    told = rows.label[fold.scored]
    blind = average_precision_score(told, without[fold.scored])
    # The models that score this fold never learned that the column tells anything.
    assert average_precision_score(told, mine[fold.scored]) < blind + 0.1
    # The plant is strong enough to be found where it may be.
    assert average_precision_score(rows.label[others], all_but_mine[others]) > blind + 0.1


def test_nothing_of_the_global_test_reaches_the_model(fraud_case: UseCase, rows: Rows) -> None:
    case = case_of(fraud_case, WITH_ALL)
    split, searched, before = trained(case, rows)
    assert split.global_test is not None
    answered = replace(split, global_test=_answered(split.global_test))
    after = train(case, NAME, answered, searched, data_hash="", seed=0)
    assert after.model.threshold == before.model.threshold
    probe = split.test.features
    assert np.array_equal(after.model.score(probe), before.model.score(probe))
    assert (after.validation, after.model.test) == (before.validation, before.model.test)
    assert after.global_test != before.global_test


def test_the_test_part_is_learned_by_the_model_and_by_nothing_that_is_said_of_it(
    fraud_case: UseCase, rows: Rows
) -> None:
    case = case_of(fraud_case, WITH_ALL)
    split, searched, before = trained(case, rows)
    answered = replace(split, test=_answered(split.test))
    after = train(case, NAME, answered, searched, data_hash="", seed=0)
    told = answered.test.features
    assert average_precision_score(split.test.label, after.model.score(told)) > 0.95
    assert after.model.test.pr_auc.value is not None
    assert after.model.test.pr_auc.value < 0.9
    assert after.validation == before.validation
    assert after.model.test.threshold == before.model.test.threshold


def _answered(rows: Rows) -> Rows:
    """Return rows that tell their label in a column."""
    return replace(rows, features=rows.features.assign(V1=rows.label * 100.0))


def test_without_a_validation_part_threshold_and_calibration_come_from_cross_validation(
    fraud_case: UseCase, rows: Rows
) -> None:
    case = case_of(fraud_case, SEVENTY)
    split, searched, result = trained(case, rows)
    assert sorted(searched.positions) == list(range(len(split.train)))
    assert np.array_equal(split.train.label[searched.positions], searched.labels)
    order = np.argsort(searched.positions)
    scores = BetaCalibration().fit(searched.scores, searched.labels).predict(searched.scores)[order]
    assert result.model.test.threshold == pytest.approx(
        best_threshold(
            scores, split.train.label, split.train.amount, case.costs, split.days_of("train")
        )
    )
    assert result.validation.rows == len(split.train)
    assert result.model.reference.validation is not None
    assert result.model.reference.validation.rows == len(split.train) + len(split.test)
    assert [part.name for part in result.parts] == ["train", "test"]


def test_figures_of_the_global_test_are_logged_beside_the_others(
    fraud_case: UseCase, rows: Rows
) -> None:
    case = case_of(fraud_case, WITH_ALL)
    split, _, result = trained(case, rows)
    assert result.global_test is not None
    assert split.global_test is not None
    logged = metrics(case, result)
    assert logged["global_test_recall"] == result.global_test.recall.value
    assert logged["test_recall"] == result.model.test.recall.value
    assert tags(case, result, datetime(2026, 1, 1, tzinfo=UTC))["tocsin.global_test_rows"] == str(
        len(split.global_test)
    )


def test_rows_that_a_model_never_learned_from_are_those_held_back_and_the_newer_ones(
    rows: Rows,
) -> None:
    learned_until = rows.event_time[4999].item().replace(tzinfo=UTC)
    later = rows.event_time > rows.event_time[4999]
    aside = is_held_back(rows, SEVENTY, 0.2)
    assert aside.mean() == pytest.approx(0.2, abs=0.02)
    left = never_learned(rows, SEVENTY, learned_until, 0.2)
    assert set(left.row_id) == set(rows.row_id[aside | later])
    assert set(never_learned(rows, SEVENTY, learned_until, 0.0).row_id) == set(rows.row_id[later])

    learned = rows.take(~aside & ~later)
    rest = split_at_random(learned, WITH_ALL).global_test
    assert rest is not None
    left = never_learned(rows, WITH_ALL, learned_until, 0.2)
    assert set(left.row_id) == {*rows.row_id[aside | later], *rest.row_id}


def test_a_row_is_held_back_whatever_others_come(rows: Rows) -> None:
    some = rows.take(slice(0, 5000))
    early, late = (is_held_back(one, SEVENTY, 0.2) for one in (some, rows))
    assert np.array_equal(early, late[:5000])
    by_time = is_held_back(rows, Split(), 0.2)
    assert by_time[-1]
    assert np.array_equal(by_time, np.sort(by_time))
    assert not is_held_back(rows, Split(), 0).any()


def test_a_challenger_meets_the_champion_on_held_out_rows_that_are_new_to_both(
    fraud_case: UseCase, card_rows: Rows
) -> None:
    case = case_of(fraud_case, SEVENTY).model_copy(update={"min_positives": 5})
    rows = card_rows.take(slice(0, 12_000))
    *_, champion = trained(case, rows.take(slice(0, 6000)))
    split, _, challenger = trained(case, rows)
    decision = gate(challenger.model, champion.model, rows, case, drift_asked=True)
    later = split.test.event_time > moment64(champion.model.trained_as_of)
    assert champion.model.held_out is not None
    tested = np.isin(split.test.row_id, champion.model.held_out.row_id)
    assert decision.rows == int((later | tested).sum())
    assert decision.outcome is not Outcome.UNDECIDED
    older = replace(champion.model, held_out=None)
    assert gate(challenger.model, older, rows, case, drift_asked=True).rows == int(later.sum())
    none = gate(champion.model, older, rows.take(slice(0, 6000)), case, drift_asked=True)
    assert none.outcome is Outcome.UNDECIDED
