"""What the gate can distinguish: how often a challenger that is so is found to be cheaper."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.gate_world import CASE, FRAUD_RATE
from benchmarks.table import table
from monitoring.performance.paired_comparison import Comparison, RowOutcomes, compared

CHAMPION = 0.75
CHALLENGERS = (0.75, 0.80, 0.90)
FRAUDS = (30, 100, 300)
ALIKE = 0.9
"""Share of frauds that are as hard for one model as for the other."""

RUNS = 200


def print_power() -> None:
    """Print how often the gate's rule is met."""
    sure, points = CASE.retrain.sure, 100 * CASE.retrain.recall_not_worse_by
    print(
        f"## Of {RUNS} challengers of a champion that catches {CHAMPION:.0%}, and alarms as "
        "often, the share that\n"
    )
    head = ("frauds", "challenger catches", f"is {sure:.0%} sure to cost less")
    table((*head, f"loses at most {points:g} points of recall", "takes over"), _shares())


def _shares() -> Iterator[Sequence[object]]:
    sure, allowed = CASE.retrain.sure, CASE.retrain.recall_not_worse_by
    for frauds in FRAUDS:
        for catches in CHALLENGERS:
            found = list(_comparisons(frauds, catches))
            less = np.array([one.cost.below >= sure for one in found if one.cost])
            kept = np.array([one.recall.value >= -allowed for one in found])
            shares = (less, kept, less & kept)
            yield frauds, f"{catches:.0%}", *(f"{share.mean():.0%}" for share in shares)


def _comparisons(frauds: int, catches: float) -> Iterator[Comparison]:
    for seed in range(RUNS):
        rng = np.random.default_rng(seed)
        rows = round(frauds / FRAUD_RATE)
        positive = np.arange(rows) < frauds
        amounts = np.exp(np.log(40) + rng.normal(size=rows))
        hard = rng.random(rows)
        yield compared(
            _outcomes(_caught(hard, catches, rng), positive, amounts, rng),
            _outcomes(_caught(hard, CHAMPION, rng), positive, amounts, rng),
            positive,
        )


def _caught(hard: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    own = rng.random(len(hard))
    return np.where(rng.random(len(hard)) < ALIKE, hard, own) < share


def _outcomes(
    caught: np.ndarray, positive: np.ndarray, amounts: np.ndarray, rng: np.random.Generator
) -> RowOutcomes:
    costs = CASE.costs
    false_alarm = (rng.random(len(positive)) < 0.005) * (costs.false_alarm + costs.review)
    cost = np.where(positive, np.where(caught, costs.review, amounts), false_alarm)
    return RowOutcomes(caught=caught & positive, cost=cost)
