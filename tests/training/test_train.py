"""A candidate becomes a model: fitted on the past, tuned on what came next, tested on the rest."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from monitoring.performance.scorecard import CardStatus
from monitoring.rows.rows import moment64, together
from monitoring.summary.files import save
from monitoring.training import TrainingError
from monitoring.training.train import Trained, train
from monitoring.use_case import Costs, MissedCost
from tests.training.conftest import Job


@pytest.fixture(params=["cards", "survey"])
def job(request: pytest.FixtureRequest) -> Job:
    trained: Job = request.getfixturevalue(request.param)
    return trained


def test_both_use_cases_train_a_model_that_is_worth_having(job: Job) -> None:
    card = job.trained.model.test
    assert card.status is CardStatus.JUDGED
    assert card.labelled == len(job.split.test)
    assert card.pr_auc.value is not None
    assert card.pr_auc.value > 2 * card.positives / card.labelled or card.pr_auc.value > 0.8
    assert card.money is not None
    assert card.money.net_saving > 0


def test_scores_promise_as_many_positives_as_come(job: Job) -> None:
    held_out = job.trained.model.held_out
    assert held_out is not None
    promised = held_out.score[-len(job.split.test) :]
    # Three standard errors of a sum of independent rows, and a tenth for a changing base rate.
    room = 3 * np.sqrt((promised * (1 - promised)).sum()) + 0.1 * promised.sum()
    assert abs(promised.sum() - (job.split.test.label == 1).sum()) < room


def test_the_threshold_is_the_cheapest_on_scores_of_models_that_had_not_seen_the_rows(
    job: Job,
) -> None:
    costs, rows = job.case.costs, together([job.split.validation, job.split.test])
    scores = job.trained.model.reference_sample["score"].to_numpy()[-len(rows) :]
    loss = np.full(len(scores), costs.missed.fixed)
    if rows.amount is not None:
        loss += costs.missed.of_amount * rows.amount

    def cost(threshold: float) -> float:
        alarm, positive = scores >= threshold, rows.label == 1
        reviews = alarm.sum() * costs.review + (alarm & ~positive).sum() * costs.false_alarm
        return float(loss[positive & ~alarm].sum() + reviews)

    chosen = cost(job.trained.model.threshold)
    assert chosen <= min(cost(t) for t in np.quantile(scores, np.linspace(0, 1, 200))) + 1e-6


def test_the_model_says_which_rows_it_was_made_of(job: Job) -> None:
    model = job.trained.model
    assert job.split.validation is not None
    rows = together([job.split.validation, job.split.test])
    assert moment64(model.trained_as_of) == job.split.test.event_time[-1]
    assert model.reference.training.rows == len(job.rows)
    assert model.reference.validation is not None
    assert model.reference.validation.rows == len(rows)
    assert model.held_out is not None
    assert np.array_equal(model.held_out.row_id, rows.row_id)
    assert sum(model.reference.importance.values()) == pytest.approx(1)
    assert [part.rows for part in job.trained.parts] == [
        len(job.split.train), len(job.split.validation), len(job.split.test)
    ]  # fmt: skip
    assert model.data_hash == "d" * 64


def test_the_sample_for_reports_holds_training_rows_with_scores_out_of_fold(job: Job) -> None:
    sample, part = job.trained.model.reference_sample, job.rows
    assert list(sample.columns) == [*job.trained.model.features.names, "score", "label"]
    assert len(sample) == len(part)
    assert np.array_equal(sample["label"], part.label)
    scored = sample["score"].notna().to_numpy()
    later = np.arange(len(job.split.train), len(part))
    assert np.array_equal(np.flatnonzero(scored), [*job.searched.positions, *later])
    in_sample = job.trained.model.score(part.features)
    assert not np.array_equal(sample["score"][scored], in_sample[scored])


def test_the_sample_for_reports_is_bounded(cards: Job) -> None:
    small = cards.case.report.model_copy(update={"sample": 500})
    case = cards.case.model_copy(update={"report": small})
    trained = train(case, "logistic_regression", cards.split, cards.searched, data_hash="", seed=0)
    assert len(trained.model.reference_sample) == 500


def test_the_same_rows_give_the_same_model(cards: Job) -> None:
    again = train(
        cards.case, "logistic_regression", cards.split, cards.searched, data_hash="", seed=0
    )
    features = cards.split.test.features
    assert np.array_equal(again.model.score(features), cards.trained.model.score(features))
    assert _bytes(again.model.reference) == _bytes(cards.trained.model.reference)
    assert again.model.reference_sample.equals(cards.trained.model.reference_sample)


def test_what_was_trained_is_the_same_after_saving_and_loading(job: Job, tmp_path: Path) -> None:
    job.trained.save(tmp_path / "trained")
    job.trained.save(tmp_path / "trained")  # a retry
    loaded = Trained.load(tmp_path / "trained")
    assert loaded.validation == job.trained.validation
    assert loaded.model.test == job.trained.model.test
    assert loaded.parts == job.trained.parts
    assert loaded.tried == job.trained.tried
    features = job.split.test.features
    assert np.array_equal(loaded.model.score(features), job.trained.model.score(features))
    assert [path.name for path in tmp_path.iterdir()] == ["trained"]


def test_positives_that_cost_nothing_give_no_threshold_and_say_so(cards: Job) -> None:
    case = cards.case.model_copy(update={"costs": Costs(missed=MissedCost(), false_alarm=1)})
    with pytest.raises(TrainingError, match=r"fraud: no decision threshold.*costs\.missed"):
        train(case, "logistic_regression", cards.split, cards.searched, data_hash="", seed=0)


def _answered(rows):  # type: ignore[no-untyped-def]
    return replace(rows, features=rows.features.assign(V1=rows.label * 1000.0))


def _bytes(reference) -> bytes:  # type: ignore[no-untyped-def]
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        save(reference, Path(folder) / "reference.json.gz")
        return (Path(folder) / "reference.json.gz").read_bytes()
