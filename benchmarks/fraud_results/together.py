"""Every experiment and every ensemble of them on one cut, calibrated and measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.fraud_results.cards import Cards
from benchmarks.fraud_results.combine import (
    Scores,
    beta,
    calibrated,
    known_labels,
    mean_of,
    ranks_of,
    stacked,
)
from benchmarks.fraud_results.cuts import Cut, Places
from benchmarks.fraud_results.experiments import BASE, CASE
from benchmarks.fraud_results.measure import (
    Interval,
    Part,
    Precision,
    Result,
    precision_of,
    result,
    threshold_of,
)
from benchmarks.fraud_results.run import Experiment, averaged, run

TREES = (BASE, "lightgbm", "random_forest")
ALL = (*TREES, "logistic_regression", "mlp")
STEPS = ("xgboost, small steps", "xgboost, small steps, seed 1", "xgboost, small steps, seed 2")
WIDE = (
    "xgboost, small steps",
    "lightgbm, 31 leaves, 300 trees",
    "extra trees",
    "mlp 64-32",
    "logistic_regression",
)
ENSEMBLES: dict[str, tuple[tuple[str, ...], str]] = {
    "mean of small steps from three seeds": (STEPS, "mean"),
    "mean of xgboost and lightgbm": (TREES[:2], "mean"),
    "mean of three kinds of trees": (TREES, "mean"),
    "mean of the five candidates": (ALL, "mean"),
    "mean rank of the five": (ALL, "rank"),
    "the five stacked": (ALL, "stack"),
    "mean of five larger ones": (WIDE, "mean"),
    "mean rank of five larger ones": (WIDE, "rank"),
}
"""Members and how they speak together, by name."""
MEMBERS = {name for members, _ in ENSEMBLES.values() for name in members}


@dataclass(frozen=True, eq=False)
class Judged:
    """One line of the comparison.

    Attributes
    ----------
    inner
        Average precision of the folds: the only figure that may choose.
    above
        How far its average precision on the test rows lies above that of `BASE`.
    """

    name: str
    family: str
    inner: float
    scores: Scores
    result: Result
    above: Interval
    cpu: float


def every(
    experiments: Sequence[Experiment], cards: Cards, cut: Cut, progress: Callable[[str], None]
) -> list[Judged]:
    """Return experiments, in their order, and after them every ensemble on a cut."""
    known: dict[str, Scores] = {}
    lines: list[tuple[str, str, float, float]] = []
    labels = known_labels(cards, cut)
    for experiment in experiments:
        progress(f"{cut.name}: {experiment.name}")
        scored = run(experiment, cards, cut)
        known[experiment.name] = calibrated(scored, labels, beta)
        lines.append((experiment.name, experiment.family, scored.inner, scored.cpu))
    for name, scores in _ensembles(known, cards, cut):
        known[name] = scores
        lines.append((name, "Ensembles", averaged(cards, cut, scores.folds), 0.0))
    base = precision_of(known[BASE].test, cards.label[cut.test])
    return [
        judged(name, family, inner, known[name], cards, cut, base=base, cpu=cpu)
        for name, family, inner, cpu in lines
    ]


def alone(experiment: Experiment, cards: Cards, cut: Cut, base: Precision | None = None) -> Judged:
    """Return one experiment on a cut; above itself by 0 where there is no base."""
    scored = run(experiment, cards, cut)
    scores = calibrated(scored, known_labels(cards, cut), beta)
    return judged(
        experiment.name, experiment.family, scored.inner, scores, cards, cut, base=base,
        cpu=scored.cpu,
    )  # fmt: skip


def judged(
    name: str,
    family: str,
    inner: float,
    scores: Scores,
    cards: Cards,
    cut: Cut,
    *,
    base: Precision | None = None,
    cpu: float = 0.0,
) -> Judged:
    """Return what scores come to: threshold by the cut's rows for it, then the test rows."""
    test = part_of(cards, cut.test)
    if cut.tune is None:
        places = np.concatenate([fold.score for fold in cut.folds])
        order = np.argsort(places)
        known = part_of(cards, places[order])
        threshold = threshold_of(scores.folds[order], known, CASE.costs)
    else:
        threshold = threshold_of(scores.tune, part_of(cards, cut.tune), CASE.costs)
    found = result(scores.test, test, threshold, CASE.costs)
    return Judged(
        name=name,
        family=family,
        inner=inner,
        scores=scores,
        result=found,
        above=found.average_precision.above(base or found.average_precision),
        cpu=cpu,
    )


def part_of(cards: Cards, places: Places) -> Part:
    """Return the truth of rows at `places`; of drawn rows, the days are their share of the time."""
    times = cards.rows.event_time
    first, last = int(places[0]), int(places[-1])
    span = float((times[last] - times[first]) / np.timedelta64(1, "D"))
    share = len(places) / (last - first + 1)
    return Part(cards.label[places], cards.amount[places], span * share)


def _ensembles(known: dict[str, Scores], cards: Cards, cut: Cut) -> Iterator[tuple[str, Scores]]:
    for name, (members, how) in ENSEMBLES.items():
        yield name, combined([known[member] for member in members], how, cards, cut)


def combined(members: Sequence[Scores], how: str, cards: Cards, cut: Cut) -> Scores:
    """Return what members say together: `mean`, `rank` or `stack`."""
    if how == "stack":
        return stacked(members, cards, cut)
    return mean_of(members) if how == "mean" else ranks_of(members)
