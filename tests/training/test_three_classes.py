"""A model of three classes: the binary machinery on watched against the rest, classes beside it."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import f1_score

from monitoring.rows.rows import Rows
from monitoring.sources.source import read_source
from monitoring.sources.synthetic.scenarios import Scenario, drifted
from monitoring.summary.build import summarise
from monitoring.training import TrainingError
from monitoring.training.bundle import load_manifest
from monitoring.training.calibration import CalibratedClasses
from monitoring.training.pipeline import fitted
from monitoring.training.search import SearchResult, search
from monitoring.training.split import split_rows
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase
from monitoring.use_case_split import Split
from tests.fixtures.three_classes import NAMES, write_accidents
from tests.training.conftest import Job


def job(case: UseCase, rows: Rows, name: str = "logistic_regression") -> Job:
    split = split_rows(rows, case.split)
    searched = search(case, name, split.train, seed=0)
    return Job(
        case, rows, split, searched, train(case, name, split, searched, data_hash="", seed=0)
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("accidents")


@pytest.fixture(scope="module")
def case(folder: Path) -> UseCase:
    return write_accidents(folder)


@pytest.fixture(scope="module")
def rows(case: UseCase, folder: Path) -> Rows:
    return read_source(case, folder / "data").rows


@pytest.fixture(scope="module")
def in_time(case: UseCase, rows: Rows) -> Job:
    return job(case, rows)


def test_rows_of_a_file_have_their_class_and_whether_it_is_watched(rows: Rows) -> None:
    assert rows.true_class is not None
    assert np.array_equal(rows.label == 1, rows.true_class == NAMES.index("fatal"))
    assert set(rows.true_class) == {0, 1, 2}


@pytest.mark.parametrize("name", ["logistic_regression", "lightgbm", "xgboost"])
def test_every_candidate_learns_all_classes_in_the_declared_order(
    case: UseCase, rows: Rows, name: str
) -> None:
    done = job(case, rows, name)
    scored = done.trained.model.scored(done.split.test)
    assert scored.probabilities is not None
    assert scored.score is not None
    assert scored.true_class is not None
    np.testing.assert_allclose(scored.probabilities.sum(axis=1), 1)
    np.testing.assert_allclose(scored.probabilities[:, 2], scored.score, rtol=1e-12)
    for place in range(3):
        own = scored.true_class == place
        mean = scored.probabilities[:, place]
        assert mean[own].mean() > mean[~own].mean() + 0.05
        assert mean.sum() == pytest.approx(own.sum(), rel=0.25)


def test_figures_of_the_watched_class_are_those_of_the_binary_machinery(in_time: Job) -> None:
    card, classes = in_time.trained.model.test, in_time.trained.model.test_classes
    assert classes is not None
    fatal = classes.classes[2]
    assert (fatal.rows, fatal.right) == (card.positives, card.detected)
    assert (fatal.recall, fatal.precision, fatal.f1) == (card.recall, card.precision, card.f1)
    assert fatal.watched
    assert classes.cost is not None
    assert card.money is not None


def test_figures_by_class_are_those_of_the_rows(in_time: Job) -> None:
    model, test = in_time.trained.model, in_time.split.test
    assert model.test_classes is not None
    assert isinstance(model.pipeline, CalibratedClasses)
    before = in_time.split.before_test
    tested = fitted(in_time.case, model.candidate, before, in_time.searched.parameters, seed=0)
    truth = test.true_class
    # A model of the rows before them: calibration and threshold differ, what it tells apart not.
    decided = tested.predict(test.features)
    assert model.test_classes.labelled == len(test)
    assert np.array_equal(np.sum(model.test_classes.matrix, axis=1), np.bincount(truth))
    assert model.test_classes.macro is not None
    assert model.test_classes.macro.f1 == pytest.approx(
        f1_score(truth, decided, average="macro"), abs=0.15
    )
    assert summarise(model.scored(test), model.reference).classes is not None


def test_a_model_of_classes_is_the_same_after_saving_and_loading(
    in_time: Job, tmp_path: Path
) -> None:
    in_time.trained.save(tmp_path / "trained")
    assert load_manifest(tmp_path / "trained" / "bundle").format == 4
    loaded = Trained.load(tmp_path / "trained").model
    assert loaded.test_classes == in_time.trained.model.test_classes
    before, after = (model.scored(in_time.split.test) for model in (in_time.trained.model, loaded))
    assert np.array_equal(np.asarray(after.probabilities), np.asarray(before.probabilities))
    in_time.searched.save(tmp_path / "search.npz")
    again = SearchResult.load(tmp_path / "search.npz")
    assert np.array_equal(
        np.asarray(again.probabilities), np.asarray(in_time.searched.probabilities)
    )


def test_classes_are_split_at_random_and_calibrated_without_a_validation_part(
    case: UseCase, rows: Rows
) -> None:
    split = Split(by="random", random_state=42, train=0.7, test=0.3)
    done = job(case.model_copy(update={"split": split}), rows)
    for part in done.split.parts.values():
        shares = np.bincount(np.asarray(part.true_class), minlength=3) / len(part)
        whole = np.bincount(np.asarray(rows.true_class), minlength=3) / len(rows)
        assert shares == pytest.approx(whole, abs=0.002)
    validation = done.trained.model.reference.validation
    assert validation is not None
    assert validation.classes is not None
    assert validation.classes.rows.sum() == len(rows)


@pytest.mark.parametrize("scenario", [Scenario.PRIOR, Scenario.CONCEPT])
def test_planted_drift_of_labels_moves_the_classes_with_them(
    rows: Rows, scenario: Scenario
) -> None:
    after = drifted(rows, scenario, seed=0)
    assert after.true_class is not None
    assert not np.array_equal(after.label, rows.label)
    assert np.array_equal(after.label == 1, after.true_class == 2)


def test_a_class_that_the_train_part_lacks_is_an_error(case: UseCase, rows: Rows) -> None:
    split = split_rows(rows, case.split)
    searched = search(case, "logistic_regression", split.train, seed=0)
    assert split.train.true_class is not None
    merged = np.minimum(split.train.true_class, 1).astype(np.int8)
    lacking = replace(split, train=replace(split.train, true_class=merged))
    with pytest.raises(TrainingError, match="the train part has no rows of class fatal"):
        train(case, "logistic_regression", lacking, searched, data_hash="", seed=0)
