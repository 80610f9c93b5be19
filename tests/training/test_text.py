"""A candidate reads the features it names as text: missing and unseen words are no obstacle."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from monitoring.training import TrainingError
from monitoring.training.pipeline import build_pipeline, check_candidates
from monitoring.training.trusted import dump, load
from monitoring.use_case import UseCase
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Features
from tests.training.conftest import QUICK, with_candidates

LOGISTIC = ("sklearn.linear_model.LogisticRegression",)
SCALED = ("sklearn.preprocessing.StandardScaler", *LOGISTIC)
FEATURES = Features(numeric=("age",), categorical=("topic", "country"))
LABELS = np.arange(120) % 2


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    """Whether a topic is about pets is all that tells; some topics are missing."""
    words = np.array([["brisk market", "global plan"], ["happy dogs", "cats at home"]])
    topic = words[LABELS, np.arange(120) // 2 % 2].astype(object)
    topic[::12] = None
    return pd.DataFrame(
        {
            "age": np.random.default_rng(0).normal(size=120),
            "topic": pd.array(topic, dtype="str"),
            "country": pd.array(np.resize(["fr", "de", None], 120), dtype="str"),
        }
    )


def built(steps: tuple[str, ...], text: tuple[str, ...] = ("topic",), **given: Any) -> Pipeline:
    candidate = Candidate(steps=steps, text=text, parameters=given)
    return build_pipeline(candidate, FEATURES, {}, seed=0)


@pytest.mark.parametrize("steps", [LOGISTIC, SCALED, ("lightgbm.LGBMClassifier",)])
def test_words_tell_and_missing_and_unseen_ones_are_scored_the_same_after_loading(
    table: pd.DataFrame, steps: tuple[str, ...], tmp_path: Path
) -> None:
    pipeline = built(steps).fit(table, LABELS)
    strange = table.head(4).assign(
        topic=pd.array(["dogs never seen", None, "unheard of", ""], dtype="str")
    )
    scores = pipeline.predict_proba(strange)[:, 1]
    assert scores[0] > max(scores[1:])
    assert scores[1] == pytest.approx(scores[3], abs=0.2)
    dump(pipeline, tmp_path / "model.skops")
    loaded = load(tmp_path / "model.skops")
    for rows in (table, strange):
        np.testing.assert_array_equal(loaded.predict_proba(rows), pipeline.predict_proba(rows))


def test_they_are_the_words_of_scikit_learn_and_other_categories_stay_columns(
    table: pd.DataFrame,
) -> None:
    columns = built(LOGISTIC).fit(table, LABELS)[0]
    by_hand = TfidfVectorizer().fit_transform(table["topic"].fillna(""))
    made = columns.transform(table)
    assert made.shape[1] == 2 - 1 + 3 + by_hand.shape[1]  # age, countries with missing, words
    np.testing.assert_allclose(made[:, -by_hand.shape[1] :].toarray(), by_hand.toarray())


def test_a_vocabulary_is_bounded_and_its_bound_can_be_set_by_name(table: pd.DataFrame) -> None:
    many = table.assign(topic=[f"word{i} word{i + 1} word{i * 7}" for i in range(120)])
    name = "columntransformer__text__max_features"
    pipeline = built(LOGISTIC, **{name: 30}).fit(many, LABELS)
    assert isinstance(pipeline[-1], LogisticRegression)
    assert pipeline[-1].n_features_in_ == 1 + 3 + 30
    with pytest.raises(ValidationError, match="must be a whole number from 1 to 2,000"):
        built(LOGISTIC, **{name: 2001})


def test_several_texts_have_a_vocabulary_each(table: pd.DataFrame) -> None:
    pipeline = built(LOGISTIC, ("topic", "country")).fit(table, LABELS)
    assert [name for name, *_ in pipeline[0].transformers_] == ["numeric", "text-1", "text-2"]


def test_a_text_that_is_no_categorical_feature_is_refused(student_case: UseCase) -> None:
    candidate = Candidate(steps=LOGISTIC, text=("Age", "City"))
    with pytest.raises(TrainingError, match=r"candidates\.one: `text` names Age: .* are Gender"):
        check_candidates(with_candidates(student_case, {**QUICK, "one": candidate}))


def test_a_candidate_reads_nothing_of_what_it_is_without(table: pd.DataFrame) -> None:
    pipeline = build_pipeline(Candidate(steps=LOGISTIC, without=("topic",)), FEATURES, {}, seed=0)
    pipeline.fit(table, LABELS)
    other = table.assign(topic=pd.array(["other"] * 120, dtype="str"))
    assert np.array_equal(pipeline.predict_proba(other), pipeline.predict_proba(table))
    with pytest.raises(TrainingError, match="`without` names City: the features are"):
        build_pipeline(Candidate(steps=LOGISTIC, without=("City",)), FEATURES, {}, seed=0)
