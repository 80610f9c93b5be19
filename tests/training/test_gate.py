"""A challenger becomes champion only where it may."""

from dataclasses import replace
from datetime import UTC, timedelta

import numpy as np
import pytest

from monitoring.performance.intervals import Ratio
from monitoring.performance.scorecard import CardStatus
from monitoring.rows.rows import Rows, moment64, together
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
    assert decision.rule is Rule.CHEAPER
    assert decision.reason.startswith("likely to cost less")
    assert decision.compared is not None
    assert decision.compared.cost is not None
    assert decision.compared.cost.below >= cards.case.retrain.sure
    assert decision.rows == decision.compared.rows == len(held_out(cards))


@pytest.mark.parametrize("drift_asked", [False, True])
def test_a_challenger_that_costs_more_or_decides_alike_does_not(
    cards: Job, blind: Model, drift_asked: bool
) -> None:
    for challenger in (blind, cards.trained.model):
        decision = judged(cards, challenger, cards.trained.model, drift_asked=drift_asked)
        assert decision.outcome is Outcome.LOST
        assert decision.reason.startswith("not sure to cost less (0% of the 95%")


def test_how_sure_it_has_to_be_is_the_use_case_s(cards: Job, blind: Model) -> None:
    model = cards.trained.model
    flipped = blind.held_out.alarm.copy()
    model_alarm = model.held_out.alarm
    # Of the alarms that the better model raises, few are the challenger's own.
    some = np.flatnonzero(model_alarm & ~flipped)[:6]
    flipped[some] = True
    near = replace(blind, held_out=replace(blind.held_out, alarm=flipped))
    found = judged(cards, near, blind).compared
    assert found is not None
    assert found.cost is not None
    assert 0.02 < found.cost.below < 0.999
    for sure, promoted in ((found.cost.below - 0.01, True), (found.cost.below + 0.0005, False)):
        case = allowing(cards.case, sure=sure, recall_not_worse_by=1.0)
        assert judged(cards, near, blind, case).promote is promoted


def test_money_saved_by_missing_more_than_allowed_is_not_enough(cards: Job, blind: Model) -> None:
    dear = with_costs(cards.case, review=2000.0)
    strict = judged(cards, blind, cards.trained.model, allowing(dear, recall_not_worse_by=0.05))
    assert strict.outcome is Outcome.LOST
    assert "recall would fall by more than 5 points" in strict.reason
    assert judged(
        cards, blind, cards.trained.model, allowing(dear, recall_not_worse_by=1.0)
    ).promote


def test_what_is_held_is_not_promoted_and_says_why(cards: Job, blind: Model) -> None:
    decision = gate(
        cards.trained.model,
        blind,
        cards.rows,
        cards.case,
        drift_asked=False,
        hold="held: version 3 was taken back",
    )
    assert decision.outcome is Outcome.LOST
    assert decision.reason.startswith("held: version 3 was taken back: ")


def test_a_challenger_gains_nothing_by_alarms_that_nobody_can_review(cards: Job) -> None:
    model = cards.trained.model
    eager = replace(
        model, held_out=replace(model.held_out, alarm=model.held_out.score >= model.threshold / 50)
    )
    unlimited = with_costs(cards.case, review=0.0, false_alarm=0.0, reviews_per_day=None)
    few = with_costs(unlimited, reviews_per_day=1)
    free, flooded = (judged(cards, eager, model, case).compared for case in (unlimited, few))
    assert free is not None
    assert flooded is not None
    assert free.new_recall > free.old_recall
    assert flooded.new_recall == flooded.old_recall


def test_only_scores_of_rows_that_were_not_learned_from_decide(cards: Job, blind: Model) -> None:
    """Of a champion that was saved without such scores, the rows that came after it learned."""
    newest = cards.split.test.event_time
    middle = newest[len(newest) // 2].item().replace(tzinfo=UTC)
    older = replace(blind, held_out=None, trained_as_of=middle)
    assert judged(cards, cards.trained.model, older).rows == int((newest > moment64(middle)).sum())

    label = cards.rows.label.copy()
    seen = len(label) - len(held_out(cards))
    label[:seen] = 1 - label[:seen]
    other_past = replace(cards.rows, label=label)
    assert gate(cards.trained.model, blind, other_past, cards.case, drift_asked=False) == judged(
        cards, cards.trained.model, blind
    )


def held_out(cards: Job) -> Rows:
    """Return the rows that were scored before they were learned from."""
    return together([cards.split.validation, cards.split.test])


@pytest.mark.parametrize("drift_asked", [False, True])
def test_where_too_few_unseen_positives_decide_the_champion_stays(
    cards: Job, blind: Model, drift_asked: bool
) -> None:
    newest = cards.trained.model.trained_as_of + timedelta(days=300)
    unjudged = replace(blind, held_out=None, trained_as_of=newest)
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


def test_both_are_judged_by_their_own_decisions(cards: Job, blind: Model) -> None:
    model, rows = cards.trained.model, held_out(cards)
    served = replace(blind, trained_as_of=rows.event_time[0].item().replace(tzinfo=UTC))
    comparison = judged(cards, model, served).compared
    assert comparison is not None
    later = rows.take(slice(1, None))
    positive = later.label == 1
    assert comparison.new_recall == pytest.approx(model.held_out.alarm[1:][positive].mean())
    alarms = blind.score(later.features) >= blind.threshold
    caught = int(alarms[positive].sum()) + int(blind.held_out.alarm[0] & (rows.label[0] == 1))
    assert comparison.old_recall == pytest.approx(caught / (rows.label == 1).sum(), abs=0.01)


def test_a_decision_is_recorded_with_every_number_it_rests_on(cards: Job, blind: Model) -> None:
    decision = judged(cards, cards.trained.model, blind)
    tags, comparison = gate_tags(decision), decision.compared
    assert comparison is not None
    assert comparison.cost is not None
    assert tags["gate.rule"] == "cheaper"
    assert tags["gate.outcome"] == "promoted"
    assert int(tags["gate.rows"]) == decision.rows
    assert int(tags["gate.positives"]) == decision.positives
    assert float(tags["gate.sure"]) == comparison.cost.below
    assert float(tags["gate.cost_difference"]) == comparison.cost.value
    assert float(tags["gate.cost_difference_high"]) == comparison.cost.high
    assert float(tags["gate.recall_difference_low"]) == comparison.recall.low
    first = judged(cards, cards.trained.model, None)
    assert "gate.cost_difference" not in gate_tags(first)
