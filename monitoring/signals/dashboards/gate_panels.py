"""Panels of the gate: what it said of the newest challenger, and on what numbers."""

from __future__ import annotations

from dataclasses import replace

from monitoring.signals.catalogue import GATE_COST, GATE_DECISION, GATE_RECALL, GATE_ROWS
from monitoring.signals.dashboards.panel import Column, Display, Panel, Scale
from monitoring.signals.dashboards.places import CasePanel
from monitoring.signals.dashboards.watch import Watch

_HEIGHT = 6
"""Room for a value and both ends of its interval."""


def gate_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return the decision, both differences with their intervals, and the rows they rest on."""
    allowed = watch.case.retrain
    return (
        Panel(
            CasePanel.GATE,
            "Newest challenger",
            "What the gate said of it. *superior*: it has to be shown to cost less than the "
            "champion. *not inferior*: drift asked for it, so that it may cost up to "
            f"{allowed.not_inferior_within:.0%} more.",
            Display.TABLE,
            Scale.TEXT,
            (watch.each(GATE_DECISION, *GATE_DECISION.labels),),
            width=10,
            height=_HEIGHT,
            columns=(
                Column("version", "version", width=80),
                Column("outcome", "outcome"),
                Column("rule", "held to"),
            ),
        ),
        Panel(
            CasePanel.GATE_CHANGE,
            "Challenger against champion",
            "What the newest challenger costs more than the champion, and catches more, on rows "
            "that neither had seen, with the ends of the 95% intervals. For *superior* the high "
            "end of cost lies below 0; the low end of recall lies no lower than "
            f"-{allowed.recall_not_worse_by:.0%} for either.",
            Display.TABLE,
            Scale.RATIO,
            (
                replace(watch.each(GATE_COST, *GATE_COST.labels), name="cost"),
                replace(watch.each(GATE_RECALL, *GATE_RECALL.labels), name="recall"),
            ),
            width=9,
            height=_HEIGHT,
            columns=(
                Column("bound", "bound", worst_first=True),  # value, low, high
                Column("cost", "cost", Scale.RATIO),
                Column("recall", "recall", Scale.RATIO),
            ),
            nothing="no challenger has met a champion yet",
        ),
        Panel(
            CasePanel.GATE_ROWS,
            "Rows at the gate",
            "Labelled rows, and positives among them, that the newest decision rests on.",
            Display.STAT,
            Scale.COUNT,
            (watch.each(GATE_ROWS, *GATE_ROWS.labels),),
            width=5,
            height=_HEIGHT,
        ),
    )
