"""Panels by class: of a target of more than two classes, and averages over classes of any."""

from __future__ import annotations

from dataclasses import replace

from monitoring.rows.rows import Role
from monitoring.signals.class_metrics import (
    ACCURACY,
    AVERAGED,
    CLASS_COST,
    CLASS_DRIFT,
    CLASS_F1,
    CLASS_INTERVAL,
    CLASS_PRECISION,
    CLASS_RECALL,
    DECIDED,
    ESTIMATED_CLASS,
    ESTIMATED_CLASS_COST,
    EXPECTED_CLASS,
)
from monitoring.signals.dashboards.panel import (
    NO_DATA,
    Column,
    Display,
    LineStyle,
    Panel,
    Scale,
    Section,
    scale_of,
)
from monitoring.signals.dashboards.queries import MATURE, CaseQueries
from monitoring.signals.links import CasePanel
from monitoring.signals.metric import Metric, Stage
from monitoring.signals.performance_metrics import F1, PRECISION, RECALL
from monitoring.signals.promql import live
from monitoring.use_case_columns import Classes

_LIVE = live(CLASS_RECALL)


def averages(queries: CaseQueries) -> Panel:
    """Return the panel of averages over classes."""
    ratios = ((RECALL, "recall"), (PRECISION, "precision"), (F1, "F1"))
    return Panel(
        CasePanel.AVERAGES,
        "Averages over classes",
        f"For comparison with other tools, in {MATURE}. Macro counts every class alike, weighted "
        "by its rows, overall every row. Where one class is rare, all but macro say little of it.",
        Display.TABLE,
        Scale.TEXT,
        tuple(
            replace(queries.each(AVERAGED, "average", **_LIVE, of=metric.key), name=metric.key)
            for metric, _ in ratios
        ),
        height=6,
        columns=(
            Column("average", "average"),
            *(Column(metric.key, title, Scale.RATIO) for metric, title in ratios),
        ),
    )


def accuracy(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panel of accuracy, where the use case names it among its figures."""
    if ACCURACY.key not in queries.case.figures:
        return ()
    return (
        Panel(
            CasePanel.ACCURACY,
            "Accuracy",
            f"Share of all rows that were decided right, in {MATURE}. Nothing is alerted on it: "
            "where a class is rare it stays high whatever happens to that class.",
            Display.LINES,
            Scale.RATIO,
            (queries.live(ACCURACY),),
            height=6,
            whole=True,
        ),
    )


def class_section(queries: CaseQueries, classes: Classes) -> Section:
    """Return the section of a target of classes."""
    return Section(
        "Classes",
        (
            _by_class(queries, classes),
            _confusion(queries, classes),
            _over_time(queries, CasePanel.CLASS_RECALL, CLASS_RECALL, "Recall"),
            _estimated(queries),
            _over_time(queries, CasePanel.CLASS_PRECISION, CLASS_PRECISION, "Precision"),
            _drift(queries),
            _cost(queries),
            *_of_arms(queries, classes),
        ),
    )


def _by_class(queries: CaseQueries, classes: Classes) -> Panel:
    low = queries.each(CLASS_INTERVAL, "class", **_LIVE, of=RECALL.key, bound="low")
    high = queries.each(CLASS_INTERVAL, "class", **_LIVE, of=RECALL.key, bound="high")
    watched = " and ".join(classes.watched)
    return Panel(
        CasePanel.CLASSES,
        "Figures by class",
        f"Each class against the rest, in {MATURE}. Watched: {watched}, whose missing costs "
        "money. Expected: rows of the window just closed, before their labels.",
        Display.TABLE,
        Scale.TEXT,
        (
            *(
                replace(queries.each(metric, "class", **_LIVE), name=metric.key)
                for metric in (CLASS_RECALL, CLASS_PRECISION, CLASS_F1)
            ),
            replace(low, name="low"),
            replace(high, name="high"),
            replace(queries.each(EXPECTED_CLASS, "class"), name=EXPECTED_CLASS.key),
        ),
        columns=(
            Column("class", "class", width=130),
            Column(CLASS_RECALL.key, "recall", Scale.RATIO),
            Column("low", "95% from", Scale.RATIO),
            Column("high", "to", Scale.RATIO),
            Column(CLASS_PRECISION.key, "precision", Scale.RATIO),
            Column(CLASS_F1.key, "F1", Scale.RATIO),
            Column(EXPECTED_CLASS.key, "expected", Scale.COUNT),
        ),
    )


def _of_arms(queries: CaseQueries, classes: Classes) -> tuple[Panel, ...]:
    """Return the panel of champion and arms by class, where arms are declared."""
    if not queries.case.serve.shares:
        return ()
    rows = len(classes.names) * (1 + len(queries.case.serve.shares))
    deciding = {"stage": Stage.PRODUCTION.value, "role": f"~{Role.CHAMPION}|{Role.ARM} .+"}
    ratios = ((CLASS_RECALL, "recall"), (CLASS_PRECISION, "precision"), (CLASS_F1, "F1"))
    return (
        Panel(
            CasePanel.ARM_CLASSES,
            "Champion and arms by class",
            f"Each class against the rest, in {MATURE}: of each model on the rows that it decided "
            "on, and on no other's.",
            Display.TABLE,
            Scale.TEXT,
            tuple(
                replace(queries.each(metric, "role", "class", **deciding), name=metric.key)
                for metric, _ in ratios
            ),
            width=24,
            height=3 + rows,
            columns=(
                Column("role", "model", width=240),
                Column("class", "class"),
                *(Column(metric.key, title, Scale.RATIO) for metric, title in ratios),
            ),
        ),
    )


def _confusion(queries: CaseQueries, classes: Classes) -> Panel:
    names = sorted(classes.names)  # as the rows are: Prometheus has an order of its own
    return Panel(
        CasePanel.CONFUSION,
        "Confusion matrix: true by decided class",
        f"Rows by their true class, and how many of them were decided to be of each, in {MATURE}.",
        Display.TABLE,
        Scale.TEXT,
        tuple(
            replace(queries.each(DECIDED, "class", **_LIVE, decided=name), name=f"decided {name}")
            for name in names
        ),
        columns=(
            Column("class", "true", width=130),
            *(Column(f"decided {name}", name, Scale.COUNT) for name in names),
        ),
    )


def _over_time(queries: CaseQueries, panel: CasePanel, metric: Metric, what: str) -> Panel:
    return Panel(
        panel,
        f"{what} by class",
        f"{metric.help} In {MATURE}.",
        Display.LINES,
        Scale.RATIO,
        (queries.each(metric, "class", **_LIVE),),
        width=8,
        whole=True,
    )


def _estimated(queries: CaseQueries) -> Panel:
    estimated = queries.each(ESTIMATED_CLASS, "class", of=RECALL.key)
    return Panel(
        CasePanel.CLASS_ESTIMATE,
        "Estimated recall by class",
        "What class probabilities promise for the window just closed, before its labels arrive. "
        "Where there is no data, the Status table says why.",
        Display.LINES,
        Scale.RATIO,
        (replace(estimated, look=LineStyle.ESTIMATE),),
        width=8,
        whole=True,
    )


def _drift(queries: CaseQueries) -> Panel:
    return Panel(
        CasePanel.CLASS_DRIFT,
        "Drift of the decided classes",
        "Drift effect of how often each class is decided, against validation rows. It does not "
        "count in the drift score.",
        Display.LINES,
        Scale.RATIO,
        (queries.live(CLASS_DRIFT),),
        width=8,
    )


def _cost(queries: CaseQueries) -> Panel:
    scale = scale_of(CLASS_COST, queries.case.costs.currency)
    return Panel(
        CasePanel.CLASS_COST,
        "Cost by class",
        f"What {MATURE} cost by the cost matrix of classes, and what the window just closed is "
        "expected to cost. No data where the use case has no `costs.matrix`.",
        Display.LINES,
        scale,
        (
            queries.live(CLASS_COST, "Realised"),
            queries.live(ESTIMATED_CLASS_COST, "Estimated", look=LineStyle.ESTIMATE),
        ),
        width=8,
        nothing=NO_DATA if queries.case.costs.matrix else "costs.matrix is not declared",
    )
