"""Panels of the model in service, and of the data that came."""

from __future__ import annotations

from monitoring.signals.catalogue import (
    BROKEN_FEATURES,
    MODEL,
    NEW_LABELLED,
    PROMOTED,
    QUARANTINED,
    RETRAIN_DECISION,
    STATUS,
    WAITING_FOR_LABELS,
    WINDOW_END,
    WINDOW_ROWS,
)
from monitoring.signals.dashboards.panel import Display, Panel, Scale
from monitoring.signals.dashboards.places import CasePanel
from monitoring.signals.dashboards.watch import Watch


def model_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return which model serves, and what retrains decided."""
    return (
        Panel(
            CasePanel.MODEL,
            "Champion",
            "Version, family and training data of the serving model, and how long it has served.",
            Display.TABLE,
            Scale.AGE,
            (watch.each(MODEL, *MODEL.labels), watch.since(PROMOTED, *PROMOTED.labels)),
        ),
        Panel(
            CasePanel.DECISION,
            "Newest retrain",
            "What the newest retrain run decided, and why.",
            Display.TABLE,
            Scale.COUNT,
            (watch.each(RETRAIN_DECISION, *RETRAIN_DECISION.labels),),
        ),
        Panel(
            CasePanel.NEW_LABELLED,
            "New labelled rows",
            "Labelled production rows that no retrain has used yet; "
            f"{watch.case.retrain.new_rows} of them start one.",
            Display.LINES,
            Scale.COUNT,
            (watch.live(NEW_LABELLED),),
        ),
        Panel(
            CasePanel.WAITING,
            "Waiting for labels",
            "Whether drift asks for a retrain while too few labels have come since it began.",
            Display.STAT,
            Scale.YES_NO,
            (watch.live(WAITING_FOR_LABELS),),
        ),
    )


def quality_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return what the data was like, and why a figure is not there."""
    return (
        Panel(
            CasePanel.QUARANTINED,
            "Quarantined rows",
            "Rows that the schema check set aside, by reason. They were not scored.",
            Display.LINES,
            Scale.COUNT,
            (watch.each(QUARANTINED, *QUARANTINED.labels),),
        ),
        Panel(
            CasePanel.BROKEN,
            "Broken columns",
            "Columns that are missing or have changed their type since training.",
            Display.STAT,
            Scale.COUNT,
            (watch.live(BROKEN_FEATURES),),
        ),
        Panel(
            CasePanel.WINDOW_ROWS,
            "Rows in the window",
            "Rows that each kind of figure is about.",
            Display.LINES,
            Scale.COUNT,
            (watch.each(WINDOW_ROWS, *WINDOW_ROWS.labels),),
        ),
        Panel(
            CasePanel.WINDOW_AGE,
            "Age of the figures",
            "Time since the end of the window that each kind of figure is about.",
            Display.STAT,
            Scale.AGE,
            (watch.since(WINDOW_END, *WINDOW_END.labels),),
        ),
        Panel(
            CasePanel.STATUS,
            "Status",
            "Whether each kind of figure could be computed and judged, and if not, why.",
            Display.TABLE,
            Scale.COUNT,
            (watch.each(STATUS, *STATUS.labels),),
            width=24,
        ),
    )
