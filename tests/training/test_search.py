"""A grid is searched in time order, on the training part alone."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from monitoring.rows.rows import UNLABELLED
from monitoring.training import TrainingError
from monitoring.training.folds import time_folds
from monitoring.training.search import SearchResult, search
from monitoring.use_case_candidate import Candidate
from tests.training.conftest import Job, with_candidates


def test_folds_score_the_newest_rows_once_each_and_learn_only_from_earlier_ones(cards: Job) -> None:
    train = cards.split.train
    folds = time_folds(train, 3)
    assert [fold.start for fold in folds[1:]] == [fold.end for fold in folds[:-1]]
    assert folds[0].start == pytest.approx(0.4 * len(train), abs=2)
    assert folds[-1].end == len(train)
    for fold in folds:
        assert train.event_time[fold.start - 1] < train.event_time[fold.start]


def test_the_best_point_of_the_grid_is_found_and_its_out_of_fold_scores_kept(cards: Job) -> None:
    searched = cards.searched
    best = max(searched.tried, key=lambda point: point.average_precision)
    assert searched.parameters == best.parameters
    assert len(searched.tried) == 2
    assert len(searched.scores) == len(searched.labels) == len(searched.positions)
    assert np.array_equal(cards.split.train.label[searched.positions], searched.labels)
    pooled = average_precision_score(searched.labels, searched.scores)
    assert searched.average_precision == pytest.approx(pooled, abs=0.1)


def test_what_later_rows_hold_changes_no_score_of_earlier_ones(cards: Job) -> None:
    train = cards.split.train
    folds = time_folds(train, 3)
    label, features = train.label.copy(), train.features.copy()
    late = slice(folds[-1].start, None)
    label[late] = 1 - label[late]
    features.iloc[late] = features.iloc[late] * 100 + 7
    altered = search(
        cards.case, "logistic_regression", replace(train, features=features, label=label), seed=0
    )
    early = folds[-1].start - folds[0].start
    one = with_candidates(
        cards.case,
        {"one": Candidate(steps=cards.case.candidates["logistic_regression"].steps,
                          parameters={"max_iter": 500, **altered.parameters})},
    )  # fmt: skip
    before = search(one, "one", train, seed=0)
    assert np.array_equal(altered.scores[:early], before.scores[:early])
    assert not np.array_equal(altered.scores[early:], before.scores[early:])


def test_only_the_newest_rows_are_searched_where_there_are_many(cards: Job) -> None:
    limit = cards.case.retrain.model_copy(update={"max_rows_search": 2000})
    case = cards.case.model_copy(update={"retrain": limit})
    searched = search(case, "logistic_regression", cards.split.train, seed=0)
    assert searched.positions[-1] == len(cards.split.train) - 1
    assert len(searched.positions) == pytest.approx(1200, abs=2)
    assert np.array_equal(cards.split.train.label[searched.positions], searched.labels)


def test_a_result_is_the_same_after_saving_and_loading(cards: Job, tmp_path: Path) -> None:
    cards.searched.save(tmp_path / "deep" / "search.npz")
    loaded = SearchResult.load(tmp_path / "deep" / "search.npz")
    for name in ("positions", "scores", "labels"):
        assert np.array_equal(getattr(loaded, name), getattr(cards.searched, name))
    assert loaded.tried == cards.searched.tried
    assert loaded.parameters == cards.searched.parameters
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["search.npz"]


def test_rows_without_a_label_are_refused(cards: Job) -> None:
    label = cards.split.train.label.copy()
    label[5:8] = UNLABELLED
    with pytest.raises(TrainingError, match=r"3 of .* training rows without a label"):
        search(cards.case, "mlp", replace(cards.split.train, label=label), seed=0)


@pytest.mark.parametrize("positives", [slice(0, 0), slice(0, 100), slice(None)])
def test_rows_that_cannot_be_searched_say_so(cards: Job, positives: slice) -> None:
    label = np.zeros(len(cards.split.train), dtype=np.int8)
    label[positives] = 1
    with pytest.raises(TrainingError, match="can't be searched"):
        time_folds(replace(cards.split.train, label=label), 3)


def test_an_error_of_an_estimator_names_the_candidate_and_its_parameters(cards: Job) -> None:
    bad = Candidate(steps=("lightgbm.LGBMClassifier",), search={"boosting_type": ["rf"]})
    with pytest.raises(Exception, match="bagging_freq") as caught:
        search(with_candidates(cards.case, {"bad": bad}), "bad", cards.split.train, seed=0)
    assert "candidate bad with {'boosting_type': 'rf'}" in caught.value.__notes__[0]
