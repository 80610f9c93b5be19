"""Each scenario plants its own kind of drift, from where it is told to, and nothing else."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp

from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, Rows
from monitoring.sources.synthetic.scenarios import UNSEEN_WORD, Scenario, drifted

START = 0.5


def planted(rows: Rows, scenario: Scenario) -> tuple[Rows, Rows, Rows]:
    """Return what came after the drift began before it was planted, after, and all."""
    after = drifted(rows, scenario, seed=1, from_share=START)
    late = slice(int(len(rows) * START), None)
    return rows.take(late), after.take(late), after


def changed(before: Rows, after: Rows) -> list[str]:
    return [n for n in before.features if not before.features[n].equals(after.features[n])]


@pytest.mark.parametrize("scenario", list(Scenario))
@pytest.mark.parametrize("fixture", ["card_rows", "survey_rows"])
def test_ids_times_and_what_came_before_stay(
    scenario: Scenario, fixture: str, request: pytest.FixtureRequest
) -> None:
    rows: Rows = request.getfixturevalue(fixture)
    before, after, everything = planted(rows, scenario)
    assert len(everything) == len(rows)
    for name in ("row_id", "event_time", "arrival_time", "label_time"):
        np.testing.assert_array_equal(getattr(everything, name), getattr(rows, name))
    early = slice(0, int(len(rows) * START))
    pd.testing.assert_frame_equal(everything.take(early).features, rows.take(early).features)
    np.testing.assert_array_equal(everything.take(early).label, rows.take(early).label)
    assert everything.features.dtypes.equals(rows.features.dtypes)
    assert changed(before, after) or (before.label != after.label).any()


@pytest.mark.parametrize("scenario", list(Scenario))
def test_the_same_seed_plants_the_same_drift(card_rows: Rows, scenario: Scenario) -> None:
    first, second, other = (drifted(card_rows, scenario, seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first.features, second.features)
    np.testing.assert_array_equal(first.label, second.label)
    assert changed(first, other) or (first.label != other.label).any()


def test_covariate_drift_moves_more_than_a_third_of_the_features_by_a_deviation(
    card_rows: Rows,
) -> None:
    before, after, _ = planted(card_rows, Scenario.COVARIATE)
    moved = changed(before, after)
    assert len(moved) / card_rows.features.shape[1] > 1 / 3
    for name in moved:
        shift = (after.features[name] - before.features[name]).abs()
        assert shift.mean() == pytest.approx(card_rows.features[name].std(), rel=0.01)
    np.testing.assert_array_equal(before.label, after.label)


def test_whole_numbers_stay_whole(survey_rows: Rows) -> None:
    _, after, _ = planted(survey_rows, Scenario.COVARIATE)
    ages = after.features["Age"]
    assert (ages == ages.round()).all()


def test_where_there_are_no_numbers_words_move(survey_rows: Rows) -> None:
    words = replace(survey_rows, features=survey_rows.features.select_dtypes("str"))
    before, after, _ = planted(words, Scenario.COVARIATE)
    moved = changed(before, after)
    assert len(moved) == 4
    for name in moved:
        usual = words.features[name].mode()[0]
        assert (after.features[name] == usual).mean() > (before.features[name] == usual).mean()


def test_prior_drift_multiplies_the_positives_and_keeps_how_they_look(card_rows: Rows) -> None:
    before, after, _ = planted(card_rows, Scenario.PRIOR)
    assert (after.label == POSITIVE).sum() == 4 * (before.label == POSITIVE).sum()
    old = before.take(before.label == POSITIVE).features
    new = after.take(after.label == POSITIVE).features
    assert all(ks_2samp(old[name], new[name]).pvalue > 0.001 for name in old)


def test_prior_drift_leaves_some_negatives(survey_rows: Rows) -> None:
    _, after, _ = planted(survey_rows, Scenario.PRIOR)
    assert (after.label == POSITIVE).mean() == pytest.approx(0.9, abs=0.001)


def test_concept_drift_changes_labels_alone_and_as_many_positives_stay(card_rows: Rows) -> None:
    before, after, _ = planted(card_rows, Scenario.CONCEPT)
    assert changed(before, after) == []
    was, is_now = before.label == POSITIVE, after.label == POSITIVE
    assert was.sum() == is_now.sum()
    assert (was & is_now).sum() / was.sum() == pytest.approx(0.3, abs=0.1)


def test_a_missing_surge_blanks_a_third_of_the_values_of_half_of_the_features(
    survey_rows: Rows,
) -> None:
    before, after, _ = planted(survey_rows, Scenario.MISSING_SURGE)
    blank = after.features[changed(before, after)].isna()
    assert blank.shape[1] == 8
    assert blank.mean().between(0.25, 0.35).all()


def test_a_new_category_is_one_never_seen_in_each_categorical_feature(survey_rows: Rows) -> None:
    before, after, _ = planted(survey_rows, Scenario.NEW_CATEGORY)
    words = list(survey_rows.features.select_dtypes("str"))
    assert changed(before, after) == words
    assert (after.features[words] == UNSEEN_WORD).mean().between(0.15, 0.25).all()
    assert not (survey_rows.features[words] == UNSEEN_WORD).any().any()


def test_without_categories_a_new_number_is_heavy(card_rows: Rows) -> None:
    before, after, _ = planted(card_rows, Scenario.NEW_CATEGORY)
    for name in changed(before, after):
        value, count = next(iter(after.features[name].value_counts().items()))
        assert value > card_rows.features[name].max()
        assert 0.15 < count / len(after) < 0.25


@pytest.mark.parametrize("scenario", [s for s in Scenario if s is not Scenario.PRIOR])
def test_money_stays_what_it_was(card_rows: Rows, scenario: Scenario) -> None:
    before, after, _ = planted(card_rows, scenario)
    np.testing.assert_array_equal(after.amount, before.amount)
    np.testing.assert_array_equal(after.features["Amount"], before.features["Amount"])


def test_copies_of_positives_bring_their_money(card_rows: Rows) -> None:
    _, after, _ = planted(card_rows, Scenario.PRIOR)
    np.testing.assert_array_equal(after.features["Amount"], after.amount)


@pytest.mark.parametrize("scenario", [Scenario.PRIOR, Scenario.CONCEPT])
def test_drift_of_labels_needs_both_classes_and_leaves_unlabelled_rows(
    card_rows: Rows, scenario: Scenario
) -> None:
    late = np.arange(len(card_rows)) >= 15_000
    rows = replace(card_rows, label=np.where(late, np.int8(UNLABELLED), card_rows.label))
    _, after, everything = planted(rows, scenario)
    assert (everything.label[late] == UNLABELLED).all()
    assert {NEGATIVE, POSITIVE} < set(after.label)
    with pytest.raises(ValueError, match=f"scenario {scenario} needs .* 0 positive and 0 negative"):
        drifted(rows, scenario, seed=0, from_share=0.9)


def test_what_was_scored_before_is_not_scored_any_more(card_rows: Rows) -> None:
    scored = replace(card_rows, score=np.full(len(card_rows), 0.5), model_version="3")
    after = drifted(scored, Scenario.COVARIATE, seed=0)
    assert (after.score, after.model_version) == (None, None)


def test_a_share_outside_0_to_1_is_refused(card_rows: Rows) -> None:
    with pytest.raises(ValueError, match=r"must be in 0 to 1, not 1\.5"):
        drifted(card_rows, Scenario.PRIOR, seed=0, from_share=1.5)
