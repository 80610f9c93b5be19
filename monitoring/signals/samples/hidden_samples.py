"""Samples of what blocking hides."""

from __future__ import annotations

from monitoring.performance.scorecard import Scorecard
from monitoring.signals.hidden_metrics import (
    CONTROL_COST,
    CONTROL_ROWS,
    HIDDEN_TRUTH,
    UNCORRECTED,
    UNCORRECTED_SAVING,
)
from monitoring.signals.metric import Sample, known
from monitoring.signals.performance_metrics import PRECISION, RECALL


def hidden_samples(card: Scorecard) -> tuple[Sample, ...]:
    """Return the samples of a mature window's hidden rows; none where nothing is hidden."""
    hidden = card.hidden
    if hidden is None:
        return ()
    return (
        *known(HIDDEN_TRUTH, hidden.share),
        *known(UNCORRECTED, hidden.recall.value, of=RECALL.key),
        *known(UNCORRECTED, hidden.precision.value, of=PRECISION.key),
        *known(UNCORRECTED_SAVING, hidden.net_saving),
        *known(CONTROL_ROWS, hidden.let_through),
        *known(CONTROL_COST, None if card.money is None else card.money.control),
    )
