"""A challenger becomes champion only where it may."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from monitoring.performance.types import CardStatus, Ratio
from monitoring.training.calibration import CalibratedClassifier
from monitoring.training.gate import gate
from monitoring.training.model import Model
from monitoring.training.train import train
from monitoring.use_case import UseCase
from tests.training.conftest import Job


def with_floor(case: UseCase, floor: float) -> UseCase:
    retrain = case.retrain.model_copy(update={"recall_floor": floor})
    return case.model_copy(update={"retrain": retrain})


@pytest.fixture(scope="module")
def blind(cards: Job) -> Model:
    """A model that alarms hardly anything, made of the same rows."""
    model = cards.trained.model
    dear = cards.case.costs.model_copy(update={"review": 2000.0})
    case = cards.case.model_copy(update={"costs": dear})
    blind = train(case, "logistic_regression", cards.split, cards.found, data_hash="", seed=0).model
    assert blind.threshold > model.threshold
    return blind


def test_the_first_champion_needs_no_rival(cards: Job) -> None:
    decision = gate(cards.trained.model, None, cards.rows, with_floor(cards.case, 0.1))
    assert decision.promote
    assert "first champion" in decision.reason
    assert decision.figures.challenger == cards.trained.model.test


def test_a_first_champion_below_the_floor_does_not_serve(cards: Job) -> None:
    decision = gate(cards.trained.model, None, cards.rows, with_floor(cards.case, 0.999))
    assert not decision.promote
    assert "below the floor of 100%" in decision.reason


@pytest.mark.parametrize(("high", "promoted"), [(0.9, True), (0.5, False)])
def test_of_too_few_positives_only_a_recall_that_surely_fails_the_floor_counts(
    cards: Job, high: float, promoted: bool
) -> None:
    card = replace(
        cards.trained.model.test,
        status=CardStatus.TOO_FEW_POSITIVES,
        recall=Ratio(0.4, 0.1, high),
    )
    model = replace(cards.trained.model, test=card)
    assert gate(model, None, cards.rows, with_floor(cards.case, 0.6)).promote is promoted


def test_a_challenger_that_costs_no_more_takes_over(cards: Job, blind: Model) -> None:
    decision = gate(cards.trained.model, blind, cards.rows, cards.case)
    assert decision.promote
    assert "costs no more" in decision.reason
    assert decision.figures.champion is not None
    assert decision.figures.rows == len(cards.split.test)


def test_a_challenger_that_costs_more_does_not(cards: Job, blind: Model) -> None:
    decision = gate(blind, cards.trained.model, cards.rows, cards.case)
    assert not decision.promote
    assert "would cost more" in decision.reason


def test_only_rows_that_neither_was_made_of_decide(cards: Job, blind: Model) -> None:
    later = replace(blind, trained_as_of=blind.trained_as_of + timedelta(hours=12))
    few = gate(cards.trained.model, later, cards.rows, cards.case).figures
    assert few.rows < len(cards.split.test)

    label = cards.rows.label.copy()
    seen = len(label) - len(cards.split.test)
    label[:seen] = 1 - label[:seen]
    other_past = replace(cards.rows, label=label)
    assert gate(cards.trained.model, blind, other_past, cards.case) == gate(
        cards.trained.model, blind, cards.rows, cards.case
    )


def test_where_too_few_unseen_positives_decide_the_champion_stays(cards: Job, blind: Model) -> None:
    newest = cards.trained.model.trained_as_of + timedelta(days=300)
    decision = gate(
        cards.trained.model, replace(blind, trained_as_of=newest), cards.rows, cards.case
    )
    assert not decision.promote
    assert "only 0 rows with 0 frauds" in decision.reason
    assert "the champion stays" in decision.reason


def test_both_are_judged_by_their_own_thresholds(cards: Job, blind: Model) -> None:
    figures = gate(cards.trained.model, blind, cards.rows, cards.case).figures
    assert isinstance(blind.pipeline, CalibratedClassifier)
    assert figures.challenger is not None
    assert figures.champion is not None
    for card, model in ((figures.challenger, cards.trained.model), (figures.champion, blind)):
        alarms = model.score(cards.split.test.features) >= model.threshold
        assert card.threshold == model.threshold
        assert card.alarms == int(np.sum(alarms))
