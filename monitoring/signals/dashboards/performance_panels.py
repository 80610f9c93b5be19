"""Panels of the model: performance, money, and estimates before labels arrive."""

from __future__ import annotations

from dataclasses import replace

from monitoring.rows.rows import Role
from monitoring.signals.dashboards.panel import (
    Column,
    Display,
    LineStyle,
    Panel,
    Query,
    Scale,
    scale_of,
)
from monitoring.signals.dashboards.queries import MATURE, CaseQueries
from monitoring.signals.links import CasePanel
from monitoring.signals.metric import Metric, Stage
from monitoring.signals.performance_metrics import (
    DETECTED,
    ESTIMATE_COST_ERROR,
    ESTIMATE_ERROR,
    ESTIMATED,
    ESTIMATED_COST,
    ESTIMATED_COST_INTERVAL,
    ESTIMATED_INTERVAL,
    F1,
    FALSE_ALARMS,
    INTERVAL,
    LABEL_CORRECTIONS,
    LABEL_COVERAGE,
    LABEL_PROBLEMS,
    MISSED,
    MONEY_MISSED,
    NET_SAVING,
    POSITIVES,
    PR_AUC,
    PRECISION,
    RECALL,
    REVIEW_COST,
)
from monitoring.signals.statuses import Subject
from monitoring.wording import capitalised

NO_SHADOW = "no shadow"
"""Shown in place of a challenger where none scores in shadow."""

_COLOURS = {RECALL: "blue", PRECISION: "yellow"}
"""The same in every panel, and the same for an estimate, which is dashed."""


def performance(queries: CaseQueries) -> Panel:
    """Return the panel of F1, precision and recall at the decision threshold."""
    one = queries.case.words.positive
    return Panel(
        CasePanel.PERFORMANCE,
        f"{one.upper()} detection performance",
        f"F1, precision and recall of the class {one} at the decision threshold, in {MATURE}. "
        f"Higher is better. Grey: of fewer than {queries.case.min_positives} "
        f"{queries.case.words.positives}, so that nothing is alerted on. Where there is no data, "
        "the Status table says why.",
        Display.STAT,
        Scale.RATIO,
        tuple(query for metric in (F1, PRECISION, RECALL) for query in queries.judged(metric)),
        width=8,
    )


def impact(queries: CaseQueries) -> Panel:
    """Return the panel of positives caught and missed, of false alarms, and of their money."""
    many, currency = queries.case.words.positives, queries.case.costs.currency
    missed = queries.live(MISSED, f"{capitalised(many)} missed")
    false_alarms = queries.live(FALSE_ALARMS)
    money = (
        replace(queries.live(metric), scale=scale_of(metric, currency))
        for metric in (NET_SAVING, MONEY_MISSED, REVIEW_COST)
    )
    rates = (
        replace(
            queries.per_thousand(query, Subject.PERFORMANCE),
            name=f"{query.name} per 1,000 rows",
            limits=(),
            scale=Scale.NUMBER,
        )
        for query in (missed, false_alarms)
    )
    return Panel(
        CasePanel.IMPACT,
        "Business impact",
        f"{capitalised(many)} caught and missed, false alarms, and what they mean in money, in "
        f"{MATURE}. Net saving: compared with having no model. Per 1,000 rows, for windows differ "
        "in rows.",
        Display.STAT,
        Scale.COUNT,
        (
            queries.live(DETECTED, f"{capitalised(many)} caught"),
            missed,
            false_alarms,
            *money,
            *rates,
        ),
        width=8,
    )


def performance_over_time(queries: CaseQueries) -> Panel:
    """Return the panel of the figures over time, with the interval of recall."""
    edges = band(queries, INTERVAL, "Recall", of=RECALL)
    return Panel(
        CasePanel.PERFORMANCE_OVER_TIME,
        "Performance over time",
        f"F1, precision and recall in {MATURE}; recall, the thick line, with its 95% interval in "
        "grey. Dashed line of recall: as estimated for the window just closed, before its labels. "
        "Grey lines: too few positives to be judged. Dashed across: limits past which an alert "
        "fires.",
        Display.LINES,
        Scale.RATIO,
        (
            *queries.judged(F1),
            *queries.judged(PRECISION, colour=_COLOURS[PRECISION]),
            *queries.judged(RECALL, look=LineStyle.MAIN, colour=_COLOURS[RECALL]),
            _estimated(queries, RECALL),
            *edges,
        ),
        width=8,
    )


def _estimated(queries: CaseQueries, ratio: Metric) -> Query:
    return queries.live(
        ESTIMATED,
        f"{ratio.title}, estimated",
        look=LineStyle.ESTIMATE,
        colour=_COLOURS[ratio],
        of=ratio.key,
    )


def band(
    queries: CaseQueries, interval: Metric, what: str, of: Metric | None = None
) -> tuple[Query, ...]:
    """Return the edges of a 95% interval, where one metric holds several of that named by `of`."""
    named = {} if of is None else {"of": of.key}
    return tuple(
        queries.live(
            interval, f"{what}, 95% {bound}", look=look, limits=False, bound=bound, **named
        )
        for bound, look in (("low", LineStyle.LOW), ("high", LineStyle.HIGH))
    )


def shadow(queries: CaseQueries) -> Panel:
    """Return the panel of the champion beside the model that scores in shadow."""
    many = queries.case.words.positives
    columns = (
        (RECALL, "recall"),
        (PRECISION, "precision"),
        (F1, "F1"),
        (POSITIVES, many),
        (MISSED, "missed"),
        (FALSE_ALARMS, "false alarms"),
        (NET_SAVING, "net saving"),
    )
    currency = queries.case.costs.currency
    stage = Stage.PRODUCTION.value
    arms = queries.case.serve.shares
    of_arms = (
        " Each arm, a version that decides on a share of live rows, is judged on these rows alone, "
        "and the champion on the rest; capacity is divided as the rows are."
    )
    return Panel(
        CasePanel.SHADOW,
        "Champion, shadow and arms" if arms else "Champion and shadow",
        f"The serving model, and the newest challenger, whose scores are logged and never acted "
        f"on, in {MATURE}. The shadow is judged on the rows that it scored and was not trained "
        f"on; where it started late these are fewer. *{NO_SHADOW}*: no challenger scores now, or "
        f"none of its rows is mature yet.{of_arms if arms else ''}",
        Display.TABLE,
        Scale.TEXT,
        (
            *(
                replace(queries.each(metric, "role", stage=stage), name=metric.key)
                for metric, _ in columns
            ),
            queries.placeholder(POSITIVES, "role", NO_SHADOW, stage=stage, role=Role.SHADOW.value),
        ),
        width=24,
        height=5 + len(arms),
        columns=(
            Column("role", "model", width=240 if arms else 110),
            *(Column(m.key, title, scale_of(m, currency)) for m, title in columns),
        ),
    )


def label_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of what is known before labels arrive, and how well."""
    realised = (
        queries.live(ratio, f"{ratio.title}, realised", limits=False, colour=colour)
        for ratio, colour in _COLOURS.items()
    )
    others = (
        queries.live(
            ESTIMATE_ERROR, ratio.title, limits=False, colour=_COLOURS.get(ratio), of=ratio.key
        )
        for ratio in (PRECISION, F1, PR_AUC)
    )
    return (
        Panel(
            CasePanel.COVERAGE,
            "Label coverage",
            "Share of the rows of the newest mature window whose label has arrived. Where it is "
            "low, realised figures rest on few rows.",
            Display.LINES,
            Scale.RATIO,
            (queries.live(LABEL_COVERAGE),),
            width=16,
        ),
        Panel(
            CasePanel.LABEL_PROBLEMS,
            "Labels in doubt",
            "Labels since the window's start whose row has not arrived, that contradict the first "
            "one of their row, which stays valid, or that came before their event. None is "
            "discarded. Corrected: labels that took the place of an earlier one, where the newest "
            "wins.",
            Display.LINES,
            Scale.COUNT,
            (
                queries.each(LABEL_PROBLEMS, *LABEL_PROBLEMS.labels),
                queries.live(LABEL_CORRECTIONS, "Corrected"),
            ),
            width=8,
        ),
        Panel(
            CasePanel.ESTIMATED,
            "Estimated against realised",
            "Estimates (dashed) are of the window just closed, from calibrated scores, before its "
            "labels; realised figures are of the newest mature window, so they follow later. "
            "Grey: the 95% interval of the estimated recall.",
            Display.LINES,
            Scale.RATIO,
            (
                *(_estimated(queries, ratio) for ratio in _COLOURS),
                *realised,
                *band(queries, ESTIMATED_INTERVAL, "Recall, estimated", of=RECALL),
            ),
            whole=True,
        ),
        Panel(
            CasePanel.ESTIMATE_ERROR,
            "Error of the estimate",
            "Distance of estimated from realised figures, once labels have arrived; recall is the "
            "thick line. A large one means that scores are no longer calibrated, a sign of "
            "concept drift.",
            Display.LINES,
            Scale.RATIO,
            (
                queries.live(
                    ESTIMATE_ERROR, RECALL.title, look=LineStyle.MAIN, colour=_COLOURS[RECALL]
                ),
                *others,
            ),
        ),
        Panel(
            CasePanel.ESTIMATED_COST,
            "Estimated cost per 1,000 rows",
            "Estimated cost of the window just closed, reviews and losses together (dashed), "
            "with its 95% interval in grey; the cost of the newest mature window; and how far "
            "that was from its own estimate. Each per 1,000 rows of its own window.",
            Display.LINES,
            scale_of(ESTIMATED_COST, queries.case.costs.currency),
            tuple(
                queries.per_thousand(query, of)
                for query, of in (
                    (queries.live(ESTIMATED_COST, look=LineStyle.ESTIMATE), Subject.ESTIMATE),
                    (
                        queries.total("Realised cost", MONEY_MISSED, REVIEW_COST),
                        Subject.PERFORMANCE,
                    ),
                    (queries.live(ESTIMATE_COST_ERROR), Subject.PERFORMANCE),
                    *(
                        (edge, Subject.ESTIMATE)
                        for edge in band(queries, ESTIMATED_COST_INTERVAL, "Estimated cost")
                    ),
                )
            ),
            width=24,
        ),
    )
