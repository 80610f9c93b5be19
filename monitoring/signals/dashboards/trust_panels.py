"""Panels of how far to trust the figures: why one is not there, and how old they are."""

from __future__ import annotations

from monitoring.drift.verdict import DriftStatus
from monitoring.performance.types import CardStatus
from monitoring.signals.about import Notified
from monitoring.signals.catalogue import STATUS, WINDOW_END
from monitoring.signals.dashboards.panel import Column, Display, Panel, Scale
from monitoring.signals.dashboards.places import CasePanel
from monitoring.signals.dashboards.watch import Watch

_CALM = (DriftStatus.TESTED, CardStatus.JUDGED, Notified.DELIVERED, Notified.NO_WEBHOOK)
"""Statuses that need no attention."""


def trust_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return the status and the age of each kind of figure."""
    return (
        Panel(
            CasePanel.STATUS,
            "Status",
            "Whether each kind of figure could be computed and judged, and if not, why.",
            Display.TABLE,
            Scale.TEXT,
            (watch.each(STATUS, *STATUS.labels),),
            width=16,
            height=9,
            columns=(
                Column("of", "figures"),
                Column("status", "status", calm=_CALM),
            ),
        ),
        Panel(
            CasePanel.WINDOW_AGE,
            "Age of the figures",
            "Time since the end of the window that each kind of figure is about. Those of "
            "performance wait for labels.",
            Display.STAT,
            Scale.AGE,
            (watch.since(WINDOW_END, *WINDOW_END.labels),),
            width=8,
            height=9,
        ),
    )
