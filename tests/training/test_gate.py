"""A challenger becomes champion only where it may."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import CardStatus
from monitoring.training.gate import GateDecision, Outcome, Rule, gate, gate_tags
from monitoring.training.model import Model
from monitoring.training.train import train
from monitoring.use_case import UseCase
from tests.training.conftest import Job


def allowing(case: UseCase, **changes: object) -> UseCase:
    """Return the use case with other fields under `retrain`."""
    return case.model_copy(update={"retrain": case.retrain.model_copy(update=changes)})


def with_costs(case: UseCase, **changes: object) -> UseCase:
    return case.model_copy(update={"costs": case.costs.model_copy(update=changes)})


@pytest.fixture(scope="module")
def blind(cards: Job) -> Model:
    """A model that alarms hardly anything, made of the same rows."""
    model = cards.trained.model
    case = with_costs(cards.case, review=2000.0)
    blind = train(
        case, "logistic_regression", cards.split, cards.searched, data_hash="", seed=0
    ).model
    assert blind.threshold > model.threshold
    return blind


def judged(
    cards: Job,
    challenger: Model,
    champion: Model | None,
    case: UseCase | None = None,
    *,
    drift_asked: bool = False,
) -> GateDecision:
    return gate(challenger, champion, cards.rows, case or cards.case, drift_asked=drift_asked)


def test_the_first_champion_needs_no_rival(cards: Job) -> None:
    decision = judged(cards, cards.trained.model, None, allowing(cards.case, recall_floor=0.1))
    assert decision.promote
    assert "first champion" in decision.reason
    assert (decision.rule, decision.compared) == (Rule.FLOOR, None)
    assert decision.positives == cards.trained.model.test.positives


def test_a_first_champion_below_the_floor_does_not_serve(cards: Job) -> None:
    decision = judged(cards, cards.trained.model, None, allowing(cards.case, recall_floor=0.999))
    assert decision.outcome is Outcome.LOST
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
    assert judged(cards, model, None, allowing(cards.case, recall_floor=0.6)).promote is promoted


@pytest.mark.parametrize("drift_asked", [False, True])
def test_a_challenger_that_surely_costs_less_takes_over(
    cards: Job, blind: Model, drift_asked: bool
) -> None:
    decision = judged(cards, cards.trained.model, blind, drift_asked=drift_asked)
    assert decision.promote
    assert decision.rule is (Rule.NOT_INFERIOR if drift_asked else Rule.SUPERIOR)
    assert decision.reason.startswith(decision.rule.value)
    assert decision.compared is not None
    assert decision.compared.cost is not None
    assert decision.compared.cost.high < 0
    assert decision.rows == decision.compared.rows == len(cards.split.test)


@pytest.mark.parametrize("drift_asked", [False, True])
def test_a_challenger_that_costs_more_does_not(cards: Job, blind: Model, drift_asked: bool) -> None:
    decision = judged(cards, blind, cards.trained.model, drift_asked=drift_asked)
    assert decision.outcome is Outcome.LOST
    assert decision.reason.startswith("not shown to ")


def test_a_challenger_that_decides_alike_takes_over_only_where_drift_asked(cards: Job) -> None:
    model = cards.trained.model
    alike = judged(cards, model, model)
    assert alike.outcome is Outcome.LOST
    assert "not shown to be superior" in alike.reason
    assert judged(cards, model, model, drift_asked=True).promote


def test_the_margin_is_the_use_case_s(cards: Job, blind: Model) -> None:
    worse = judged(cards, blind, cards.trained.model, drift_asked=True)
    assert worse.compared is not None
    assert worse.compared.cost is not None
    assert worse.compared.old_cost is not None
    needed = worse.compared.cost.high / worse.compared.old_cost
    for margin, promoted in ((needed * 1.01, True), (needed * 0.99, False)):
        case = allowing(cards.case, not_inferior_within=margin, recall_not_worse_by=1.0)
        decision = judged(cards, blind, cards.trained.model, case, drift_asked=True)
        assert decision.promote is promoted


def test_money_saved_by_missing_more_than_allowed_is_not_enough(cards: Job, blind: Model) -> None:
    dear = with_costs(cards.case, review=2000.0)
    strict = judged(cards, blind, cards.trained.model, allowing(dear, recall_not_worse_by=0.05))
    assert strict.outcome is Outcome.LOST
    assert "not shown to keep recall within 5 points" in strict.reason
    assert judged(
        cards, blind, cards.trained.model, allowing(dear, recall_not_worse_by=1.0)
    ).promote


def test_a_challenger_gains_nothing_by_alarms_that_nobody_can_review(cards: Job) -> None:
    model = cards.trained.model
    eager = replace(model, threshold=model.threshold / 50)
    unlimited = with_costs(cards.case, review=0.0, false_alarm=0.0, reviews_per_day=None)
    few = with_costs(unlimited, reviews_per_day=1)
    free, flooded = (judged(cards, eager, model, case).compared for case in (unlimited, few))
    assert free is not None
    assert flooded is not None
    assert free.new_recall > free.old_recall
    assert flooded.new_recall == flooded.old_recall


def test_only_rows_that_neither_was_made_of_decide(cards: Job, blind: Model) -> None:
    later = replace(blind, trained_as_of=blind.trained_as_of + timedelta(hours=6))
    assert judged(cards, cards.trained.model, later).rows < len(cards.split.test)

    label = cards.rows.label.copy()
    seen = len(label) - len(cards.split.test)
    label[:seen] = 1 - label[:seen]
    other_past = replace(cards.rows, label=label)
    assert gate(cards.trained.model, blind, other_past, cards.case, drift_asked=False) == judged(
        cards, cards.trained.model, blind
    )


@pytest.mark.parametrize("drift_asked", [False, True])
def test_where_too_few_unseen_positives_decide_the_champion_stays(
    cards: Job, blind: Model, drift_asked: bool
) -> None:
    newest = cards.trained.model.trained_as_of + timedelta(days=300)
    unjudged = replace(blind, trained_as_of=newest)
    decision = judged(cards, cards.trained.model, unjudged, drift_asked=drift_asked)
    assert decision.outcome is Outcome.UNDECIDED
    assert not decision.promote
    assert decision.waiting is drift_asked
    assert "only 0 of the 50 rows and 0 of the 30 frauds" in decision.reason
    assert "the champion stays" in decision.reason


def test_without_amounts_of_frauds_the_champion_stays(cards: Job, blind: Model) -> None:
    unpriced = replace(cards.rows, amount=np.full(len(cards.rows), np.nan))
    decision = gate(cards.trained.model, blind, unpriced, cards.case, drift_asked=False)
    assert decision.outcome is Outcome.LOST
    assert "can't be priced" in decision.reason
    assert "cost" not in " ".join(gate_tags(decision))


def test_both_are_judged_by_their_own_thresholds(cards: Job, blind: Model) -> None:
    comparison = judged(cards, cards.trained.model, blind).compared
    assert comparison is not None
    positive = cards.split.test.label == 1
    for recall, model in (
        (comparison.new_recall, cards.trained.model),
        (comparison.old_recall, blind),
    ):
        alarms = model.score(cards.split.test.features) >= model.threshold
        assert recall == pytest.approx(alarms[positive].mean())


def test_a_decision_is_recorded_with_every_number_it_rests_on(cards: Job, blind: Model) -> None:
    decision = judged(cards, cards.trained.model, blind)
    tags, comparison = gate_tags(decision), decision.compared
    assert comparison is not None
    assert comparison.cost is not None
    assert tags["gate.rule"] == "superior"
    assert tags["gate.outcome"] == "promoted"
    assert int(tags["gate.rows"]) == decision.rows
    assert int(tags["gate.positives"]) == decision.positives
    assert float(tags["gate.cost_difference"]) == comparison.cost.value
    assert float(tags["gate.cost_difference_high"]) == comparison.cost.high
    assert float(tags["gate.recall_difference_low"]) == comparison.recall.low
    first = judged(cards, cards.trained.model, None)
    assert "gate.cost_difference" not in gate_tags(first)
