"""Accuracy and figures of cross-validation: only where they are named, never alerted on."""

import numpy as np
import pytest
from pydantic import ValidationError
from sklearn.metrics import accuracy_score

from monitoring.rows.rows import Role
from monitoring.signals.class_metrics import ACCURACY
from monitoring.signals.metric import Stage
from monitoring.signals.samples import scorecard_samples
from monitoring.training.run_record import metrics
from monitoring.training.train import train
from monitoring.use_case import Thresholds
from tests.training.conftest import Job


def test_figures_that_are_not_named_are_not_computed(cards: Job) -> None:
    logged = metrics(cards.case, cards.trained)
    assert not [name for name in logged if "accuracy" in name or name.startswith("cv_")]
    card = cards.trained.model.test
    samples = scorecard_samples(card, stage=Stage.TEST, role=Role.CHAMPION)
    assert ACCURACY not in {sample.metric for sample in samples}


def test_accuracy_is_that_of_the_alarms_on_the_test_part(cards: Job) -> None:
    case = cards.case.model_copy(update={"figures": ("accuracy",)})
    done = train(case, "logistic_regression", cards.split, cards.searched, data_hash="", seed=0)
    logged = metrics(case, done)
    model, test = done.model, cards.split.test
    assert model.held_out is not None
    decided = model.held_out.alarm[-len(test) :]
    assert logged["test_accuracy"] == pytest.approx(accuracy_score(test.label, decided))
    for name in ("macro_precision", "weighted_recall", "overall_recall", "macro_recall"):
        assert 0 < logged[f"test_{name}"] <= 1
    samples = scorecard_samples(
        model.test, stage=Stage.TEST, role=Role.CHAMPION, figures=("accuracy",)
    )
    (accuracy,) = [sample for sample in samples if sample.metric is ACCURACY]
    assert accuracy.value == logged["test_accuracy"]
    assert np.isclose(logged["test_overall_recall"], accuracy.value)


@pytest.mark.parametrize(
    "figure", ["accuracy", "cv_accuracy", "cv_f1_weighted", "macro_f1", "class_recall"]
)
def test_no_alert_may_rest_on_them(figure: str) -> None:
    with pytest.raises(ValidationError, match=f"no field `{figure}`"):
        Thresholds.model_validate({figure: {"below": {"warning": 0.5}}})
