"""The shipped use cases on their real data: good enough, and no row of the future used."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from monitoring.rows.rows import Rows
from monitoring.training.search import search
from monitoring.training.split import split_in_time
from monitoring.training.train import train
from monitoring.use_case import UseCase
from tests.training.conftest import with_candidates


@pytest.mark.real
@pytest.mark.parametrize(
    ("use_case", "rows", "candidate", "point", "floor"),
    [
        # A quick candidate: `make bench-job` trains all of them, of which xgboost ranks best.
        ("fraud_case", "real_cards", "lightgbm", {"num_leaves": 7}, 0.75),
        ("student_case", "real_students", "logistic_regression", {"C": 0.1}, 0.88),
    ],
)
def test_real_rows_give_a_model_that_ranks_and_promises_well(
    use_case: str,
    rows: str,
    candidate: str,
    point: dict[str, object],
    floor: float,
    request: pytest.FixtureRequest,
) -> None:
    shipped: UseCase = request.getfixturevalue(use_case)
    # Every second row: `make bench-job` trains on all of them.
    real: Rows = request.getfixturevalue(rows).take(slice(None, None, 2))
    one = shipped.candidates[candidate]
    assert all(value in one.search[name] for name, value in point.items())
    grid = {name: [value] for name, value in point.items()}
    case = with_candidates(shipped, {candidate: one.model_copy(update={"search": grid})})

    split = split_in_time(real.labelled, case.split)
    searched = search(case, candidate, split.train, seed=0)
    model = train(case, candidate, split, searched, data_hash="", seed=0).model

    assert len(split.test) == pytest.approx(0.2 * len(real), rel=0.01)
    assert split.train.event_time[-1] < split.validation.event_time[0]
    assert split.validation.event_time[-1] < split.test.event_time[0]
    assert model.held_out is not None
    tested = np.isin(model.held_out.row_id, split.test.row_id)
    scores = model.held_out.score[tested]
    assert average_precision_score(split.test.label, scores) >= floor
    assert model.test.pr_auc.value == pytest.approx(
        average_precision_score(split.test.label, scores), abs=0.01
    )
    for part in (split.validation, split.test):
        promised = model.held_out.score[np.isin(model.held_out.row_id, part.row_id)]
        error = np.sqrt((promised * (1 - promised)).sum())
        assert abs(promised.sum() - (part.label == 1).sum()) < 3 * error
