"""Other rules of promotion, and of starting a retrain, that the gate is held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np

from benchmarks.gate_policies import (
    Course,
    Day,
    Desk,
    Judge,
    Trainer,
    asked,
    by_calendar,
    by_gate,
    frozen,
)
from benchmarks.gate_world import CASE, DAYS, ROWS_A_DAY
from monitoring.performance.paired_comparison import Comparison
from monitoring.training.gate import GateDecision, Outcome
from monitoring.training.model import Model

FROZEN, GATE, NO_GATE = "never retrained", "gate and probation", "no gate"
SKEWED = "gate and probation, skewed rows kept"

RECENT = 3
"""Newest mature days by which a policy without a gate sees how its champion does."""

HORIZON, RETRAIN_COST = 14, 500.0
"""Days that a stale model would go on, and what a retrain is held to cost, in EUR."""

SLACK, LIMIT = 0.5, 4.0
"""Of the CUSUM, in standard deviations of a day's cost."""


def judged_by(passes: Callable[[Comparison], bool]) -> Judge:
    """Return a judge that lets pass by the comparison that the gate makes."""

    def judge(desk: Desk, challenger: Model, day: int) -> GateDecision | None:
        said = by_gate(desk, challenger, day)
        found = said.compared
        if found is None or found.cost is None or not passes(found):
            return GateDecision(said.rule, Outcome.LOST, "lost", said.rows, said.positives)
        return None

    return judge


def superior(found: Comparison) -> bool:
    """Return whether all of the interval of cost lies below 0, none of recall below -5 points."""
    return found.cost is not None and found.cost.high < 0 and found.recall.low >= -0.05


def three_quarters(found: Comparison) -> bool:
    """Return whether three quarters of the resamples are cheaper."""
    return found.cost is not None and found.cost.below >= 0.75


def bounded_harm(found: Comparison) -> bool:
    """Return whether it is expected to cost less, and 97.5% sure to cost at most a tenth more."""
    cost = found.cost
    return cost is not None and cost.value < 0 and cost.high <= 0.1 * (found.old_cost or 0)


def forecast(trainer: Trainer) -> Course:
    """Retrain and promote where what staleness is forecast to cost outweighs a retrain's cost.

    After Regol, Schwinn, Sprague, Coates and Markovich (CARA, arXiv 2310.04216): the champion's
    excess over its test figures, on the newest mature days, is taken to go on.
    """
    return _watched(trainer, lambda excess: float(np.mean(excess)) * HORIZON > RETRAIN_COST)


def cusum(trainer: Trainer) -> Course:
    """Retrain and promote where the sum of the days' excess costs drifts upwards (Page, 1954)."""
    spread = 200.0
    total = 0.0

    def due(excess: list[float]) -> bool:
        nonlocal total
        total = max(0.0, total + excess[-1] / spread - SLACK)
        if total <= LIMIT:
            return False
        total = 0.0
        return True

    return _watched(trainer, due)


def _watched(trainer: Trainer, due: Callable[[list[float]], bool]) -> Course:
    """Retrain when the champion's cost of its mature days, over what its test promised, asks."""
    mature = CASE.labels.mature_after.days
    serving, since, days, excess = 0, 0, [], list[float]()
    for day in range(1, DAYS + 1):
        cost = trainer.cost(serving, day)
        seen = day - mature
        go = False
        if seen > since:
            test = trainer.model(serving).test
            promised = 0.0 if test.money is None else test.money.cost / test.rows * ROWS_A_DAY
            excess.append(trainer.cost(serving, seen) - promised)
            go = due(excess[-RECENT:]) and trainer.trains(day)
        days.append(Day(day, cost, retrained=go, promoted=go))
        if go:
            serving, since, excess = day, day, []
    return Course(tuple(days))


Policies = Mapping[str, Callable[[Trainer], Course]]

POLICIES: Policies = {
    FROZEN: frozen,
    GATE: partial(asked, judge=by_gate, probation=True),
    "gate alone": partial(asked, judge=by_gate),
    NO_GATE: partial(asked, judge=lambda _desk, _model, _day: None, unskewed=False),
    "95% superior, as before": partial(asked, judge=judged_by(superior)),
    "three quarters of the bootstrap": partial(asked, judge=judged_by(three_quarters)),
    "expected cost, harm bounded": partial(asked, judge=judged_by(bounded_harm)),
    "loss forecast (CARA)": forecast,
    "CUSUM": cusum,
    "every week, no gate": partial(by_calendar, every=7),
    "every day, no gate": partial(by_calendar, every=1),
}
"""The policies compared in sound worlds, by the name they are printed under."""

IN_BROKEN_WORLDS: Policies = {
    FROZEN: frozen,
    GATE: POLICIES[GATE],
    SKEWED: partial(asked, judge=by_gate, probation=True, unskewed=False),
    NO_GATE: POLICIES[NO_GATE],
}
"""Those compared in broken ones."""
