"""Samples of the serving model and of what a retrain decided."""

from __future__ import annotations

from datetime import datetime

from monitoring.signals.about import Decided
from monitoring.signals.catalogue import (
    MODEL,
    NEW_LABELLED,
    PROMOTED,
    RETRAIN_DECISION,
    WAITING_FOR_LABELS,
)
from monitoring.signals.sample import Sample, known


def model_samples(
    *, version: str, candidate: str, data_hash: str, promoted: datetime | None
) -> tuple[Sample, ...]:
    """Return which model serves, and since when where that is known."""
    since = None if promoted is None else promoted.timestamp()
    info = {"version": version, "candidate": candidate, "data_hash": data_hash}
    return (Sample(MODEL, 1, info), *known(PROMOTED, since, version=version))


def retrain_samples(
    *, decision: Decided, reason: str, new_labelled: int, waiting_for_labels: bool
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
