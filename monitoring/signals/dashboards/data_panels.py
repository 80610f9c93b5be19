"""Panels of the model in service, and of the data that came."""

from __future__ import annotations

from dataclasses import replace

from monitoring.signals.catalogue import (
    BROKEN_FEATURES,
    F1,
    MODEL,
    NEW_LABELLED,
    PRECISION,
    PROMOTED,
    QUARANTINED,
    RECALL,
    RETRAIN_DECISION,
    WAITING_FOR_LABELS,
    WINDOW_ROWS,
)
from monitoring.signals.dashboards.panel import (
    NOT_EVEN_ONE,
    THIS,
    Column,
    Display,
    Leads,
    Limit,
    Panel,
    Scale,
)
from monitoring.signals.dashboards.places import CasePanel
from monitoring.signals.dashboards.watch import Watch
from monitoring.signals.samples.data import NO_REASON
from monitoring.signals.thresholds import Side


def model_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return which model serves, how it did in its test, and what retrains decided."""
    new_rows = watch.case.retrain.new_rows
    opens = Leads("Open it in MLflow", watch.addresses.model(watch.case.name, THIS))
    model, since = watch.each(MODEL, *MODEL.labels), watch.since(PROMOTED, *PROMOTED.labels)
    return (
        Panel(
            CasePanel.MODEL,
            "Champion",
            "Version, family and training data of the serving model, and how long it has served.",
            Display.TABLE,
            Scale.TEXT,
            (model, replace(since, name="serving for")),
            height=4,
            columns=(
                Column("version", "version", opens=opens),
                Column("candidate", "family"),
                Column("serving for", "serving for", Scale.AGE),
                Column("data_hash", "training data"),
            ),
        ),
        Panel(
            CasePanel.DECISION,
            "Newest retrain",
            "What the newest retrain run decided, and why.",
            Display.TABLE,
            Scale.TEXT,
            (watch.each(RETRAIN_DECISION, *RETRAIN_DECISION.labels),),
            height=4,
            columns=(Column("decision", "decision", width=150), Column("reason", "reason")),
        ),
        Panel(
            CasePanel.TEST_FIGURES,
            "Test of the champion",
            "F1, precision and recall on the test rows that the champion was chosen by: what was "
            "to be expected of it, not what it does now.",
            Display.STAT,
            Scale.RATIO,
            tuple(watch.test(metric) for metric in (F1, PRECISION, RECALL)),
            width=8,
        ),
        Panel(
            CasePanel.NEW_LABELLED,
            "New labelled rows",
            "Labelled production rows that no retrain has used yet; "
            f"{new_rows} of them, the dashed line, start one.",
            Display.LINES,
            Scale.COUNT,
            (replace(watch.live(NEW_LABELLED), limits=(Limit(Side.ABOVE, None, new_rows),)),),
        ),
        Panel(
            CasePanel.WAITING,
            "Waiting for labels",
            "Whether drift asks for a retrain while too few labels of the drifted time have come.",
            Display.STAT,
            Scale.YES_NO,
            (replace(watch.live(WAITING_FOR_LABELS), limits=(NOT_EVEN_ONE,)),),
            width=4,
        ),
    )


def quality_panels(watch: Watch) -> tuple[Panel, ...]:
    """Return what the data was like."""
    aside = watch.each(QUARANTINED, *QUARANTINED.labels)
    named = f'label_replace({aside.expr}, "reason", "all passed", "reason", "{NO_REASON}")'
    return (
        Panel(
            CasePanel.QUARANTINED,
            "Quarantined rows",
            "Rows that the schema check set aside, by reason. They were not scored.",
            Display.LINES,
            Scale.COUNT,
            (replace(aside, expr=named),),
            width=10,
        ),
        Panel(
            CasePanel.BROKEN,
            "Broken columns",
            "Columns that are missing or have changed their type since training.",
            Display.STAT,
            Scale.COUNT,
            (replace(watch.live(BROKEN_FEATURES), limits=(NOT_EVEN_ONE,)),),
            width=4,
        ),
        Panel(
            CasePanel.WINDOW_ROWS,
            "Rows in the window",
            "Rows that each kind of figure is about.",
            Display.LINES,
            Scale.COUNT,
            (watch.each(WINDOW_ROWS, *WINDOW_ROWS.labels),),
            width=10,
        ),
    )
