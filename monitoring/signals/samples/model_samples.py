"""Samples of the serving model, of retrain decisions and of the gate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from monitoring.performance.paired_comparison import Comparison, Difference
from monitoring.signals.catalogue import (
    GATE_COST,
    GATE_DECISION,
    GATE_RECALL,
    GATE_ROWS,
    MODEL,
    NEW_LABELLED,
    PROMOTED,
    PROMOTIONS_HELD,
    RETRAIN_DECISION,
    WAITING_FOR_LABELS,
)
from monitoring.signals.metric import Metric, Sample, known
from monitoring.signals.statuses import SAME_LIBRARIES, RetrainDecision


def model_samples(
    *,
    version: str,
    candidate: str,
    data_hash: str,
    moved_libraries: Sequence[str],
    promoted: datetime | None,
    held: bool,
) -> tuple[Sample, ...]:
    """Return which model serves, since when where that is known, and whether others may follow.

    Parameters
    ----------
    moved_libraries
        Those that are another version here than where it was trained, each in words.
    """
    since = None if promoted is None else promoted.timestamp()
    info = {
        "version": version,
        "candidate": candidate,
        "data_hash": data_hash,
        "libraries": "; ".join(moved_libraries) or SAME_LIBRARIES,
    }
    return (
        Sample(MODEL, 1, info),
        *known(PROMOTED, since, version=version),
        *known(PROMOTIONS_HELD, int(held)),
    )


def retrain_samples(
    *, decision: RetrainDecision, reason: str, new_labelled: int, waiting_for_labels: bool
) -> tuple[Sample, ...]:
    """Return what a retrain run decided, and on what.

    Parameters
    ----------
    reason
        Short words of a fixed set: each is a series of its own.
    new_labelled
        Labelled production rows that no retrain has consumed.
    waiting_for_labels
        Whether drift asks for a retrain while too few labels of the drifted time have come.
    """
    return (
        Sample(RETRAIN_DECISION, 1, {"decision": decision.value, "reason": reason}),
        *known(NEW_LABELLED, new_labelled),
        *known(WAITING_FOR_LABELS, int(waiting_for_labels)),
    )


def gate_samples(
    *,
    version: str,
    rule: str,
    outcome: str,
    rows: int,
    positives: int,
    comparison: Comparison | None,
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
    comparison
        Both models on them; None where they were not compared.
    """
    named = {"version": version, "rule": rule, "outcome": outcome}
    return (
        Sample(GATE_DECISION, 1, named),
        Sample(GATE_ROWS, rows, {"of": "rows"}),
        Sample(GATE_ROWS, positives, {"of": "positives"}),
        *(() if comparison is None else _changes(comparison)),
    )


def _changes(comparison: Comparison) -> Iterator[Sample]:
    yield from _change(GATE_RECALL, comparison.recall, 1.0)
    if comparison.cost is not None and comparison.old_cost:
        yield from _change(GATE_COST, comparison.cost, comparison.old_cost)


def _change(metric: Metric, difference: Difference, of: float) -> Iterator[Sample]:
    for bound, value in (
        ("value", difference.value),
        ("low", difference.low),
        ("high", difference.high),
    ):
        yield from known(metric, value / of, bound=bound)
