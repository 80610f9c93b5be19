"""Panels of the serving model, its retrains and the gate."""

from __future__ import annotations

from dataclasses import replace

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
from monitoring.signals.dashboards.panel import (
    NOT_EVEN_ONE,
    THIS,
    Column,
    Display,
    Limit,
    PageLink,
    Panel,
    Scale,
)
from monitoring.signals.dashboards.queries import CaseQueries
from monitoring.signals.links import CasePanel
from monitoring.signals.performance_metrics import F1, PRECISION, RECALL
from monitoring.signals.thresholds import Side


def adopted_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of a model that was adopted, and of its reference."""
    opens = PageLink("Open it in MLflow", queries.addresses.model(queries.case.name, THIS))
    model, since = queries.each(MODEL, *MODEL.labels), queries.since(PROMOTED, *PROMOTED.labels)
    return (
        Panel(
            CasePanel.MODEL,
            "Adopted version",
            "Version that windows are compared with, its reference's data, and how long ago it was "
            "adopted. The model itself serves elsewhere.",
            Display.TABLE,
            Scale.TEXT,
            (model, replace(since, name="adopted")),
            width=16,
            height=4,
            columns=(
                Column("version", "version", opens=opens),
                Column("adopted", "adopted, ago", Scale.AGE),
                Column("data_hash", "reference data"),
            ),
        ),
        Panel(
            CasePanel.TEST_FIGURES,
            "Performance on the reference",
            "F1, precision and recall on the rows of the reference: what is expected of it, not "
            "its current performance.",
            Display.STAT,
            Scale.RATIO,
            tuple(queries.test(metric) for metric in (F1, PRECISION, RECALL)),
            width=8,
            height=4,
        ),
    )


def model_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of the serving model, its test figures and what retrains decided."""
    new_rows = queries.case.retrain.new_rows
    by_itself = not queries.case.retrain.by_hand
    start = f"; {new_rows} of them (dashed line) start a retrain" if by_itself else ""
    limits = (Limit(Side.ABOVE, None, new_rows),) if by_itself else ()
    opens = PageLink("Open it in MLflow", queries.addresses.model(queries.case.name, THIS))
    model, since = queries.each(MODEL, *MODEL.labels), queries.since(PROMOTED, *PROMOTED.labels)
    return (
        Panel(
            CasePanel.MODEL,
            "Champion",
            "Version, family and training data of the serving model, how long it has served, and "
            "whether the libraries that it scores with are those it was trained with.",
            Display.TABLE,
            Scale.TEXT,
            (model, replace(since, name="serving for")),
            height=4,
            columns=(
                Column("version", "version", opens=opens),
                Column("candidate", "family"),
                Column("serving for", "serving for", Scale.AGE),
                Column("data_hash", "training data"),
                Column("libraries", "libraries"),
            ),
        ),
        Panel(
            CasePanel.DECISION,
            "Newest retrain",
            "Decision of the newest retrain run, and its reason.",
            Display.TABLE,
            Scale.TEXT,
            (queries.each(RETRAIN_DECISION, *RETRAIN_DECISION.labels),),
            height=4,
            columns=(Column("decision", "decision", width=150), Column("reason", "reason")),
        ),
        Panel(
            CasePanel.TEST_FIGURES,
            "Test of the champion",
            "F1, precision and recall on the test rows that the champion was chosen by: the "
            "performance expected of it, not its current one.",
            Display.STAT,
            Scale.RATIO,
            tuple(queries.test(metric) for metric in (F1, PRECISION, RECALL)),
            width=8,
        ),
        Panel(
            CasePanel.NEW_LABELLED,
            "New labelled rows",
            f"Labelled production rows that no retrain has used yet{start}.",
            Display.LINES,
            Scale.COUNT,
            (replace(queries.live(NEW_LABELLED), limits=limits),),
            width=8,
        ),
        Panel(
            CasePanel.WAITING,
            "Waiting for labels",
            "Whether drift calls for a retrain while too few labels of the drifted period have "
            "arrived.",
            Display.STAT,
            Scale.YES_NO,
            (replace(queries.live(WAITING_FOR_LABELS), limits=(NOT_EVEN_ONE,)),),
            width=4,
        ),
        Panel(
            CasePanel.HELD,
            "Promotions held",
            "Whether nothing is promoted, because a champion was taken back and nobody released "
            "promotions since.",
            Display.STAT,
            Scale.YES_NO,
            (replace(queries.live(PROMOTIONS_HELD), limits=(NOT_EVEN_ONE,)),),
            width=4,
        ),
    )


_HEIGHT = 6
"""Height of a value and both ends of its interval."""


def gate_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the decision, both differences with their intervals, and the rows they rest on."""
    allowed = queries.case.retrain
    return (
        Panel(
            CasePanel.GATE,
            "Newest challenger",
            "The gate's decision on it: it takes over where it is "
            f"{allowed.sure:.0%} sure that it costs less than the champion.",
            Display.TABLE,
            Scale.TEXT,
            (queries.each(GATE_DECISION, *GATE_DECISION.labels),),
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
            "Difference in cost and recall between the newest challenger and the champion, on rows "
            "that neither had learned from, with the ends of the 95% intervals. Recall may fall by "
            f"{allowed.recall_not_worse_by:.0%} at most.",
            Display.TABLE,
            Scale.RATIO,
            (
                replace(queries.each(GATE_COST, *GATE_COST.labels), name="cost"),
                replace(queries.each(GATE_RECALL, *GATE_RECALL.labels), name="recall"),
            ),
            width=9,
            height=_HEIGHT,
            columns=(
                Column("bound", "bound", worst_first=True),  # value, low, high
                Column("cost", "cost", Scale.RATIO),
                Column("recall", "recall", Scale.RATIO),
            ),
            nothing="no challenger was compared with a champion yet",
        ),
        Panel(
            CasePanel.GATE_ROWS,
            "Rows at the gate",
            "Labelled rows, and positives among them, behind the newest decision.",
            Display.STAT,
            Scale.COUNT,
            (queries.each(GATE_ROWS, *GATE_ROWS.labels),),
            width=5,
            height=_HEIGHT,
        ),
    )
