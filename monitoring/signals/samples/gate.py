"""Samples of what the gate said of the newest challenger."""

from __future__ import annotations

from collections.abc import Iterator

from monitoring.performance.paired import Comparison, Difference
from monitoring.signals.catalogue import (
    GATE_COST,
    GATE_DECISION,
    GATE_RECALL,
    GATE_ROWS,
)
from monitoring.signals.metric import Metric
from monitoring.signals.sample import Sample, known


def gate_samples(
    *, version: str, rule: str, outcome: str, rows: int, positives: int, found: Comparison | None
) -> tuple[Sample, ...]:
    """Return the decision and the numbers that it rests on.

    Parameters
    ----------
    version
        The challenger's.
    rule, outcome
        Short words of fixed sets.
    rows, positives
        Labelled rows that neither model has seen; of the first champion's test.
    found
        Both models on them; None where they were not compared.
    """
    named = {"version": version, "rule": rule, "outcome": outcome}
    return (
        Sample(GATE_DECISION, 1, named),
        Sample(GATE_ROWS, rows, {"of": "rows"}),
        Sample(GATE_ROWS, positives, {"of": "positives"}),
        *(() if found is None else _changes(found)),
    )


def _changes(found: Comparison) -> Iterator[Sample]:
    yield from _change(GATE_RECALL, found.recall, 1.0)
    if found.cost is not None and found.old_cost:
        yield from _change(GATE_COST, found.cost, found.old_cost)


def _change(metric: Metric, found: Difference, of: float) -> Iterator[Sample]:
    for bound, value in (("value", found.value), ("low", found.low), ("high", found.high)):
        yield from known(metric, value / of, bound=bound)
