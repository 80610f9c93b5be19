"""Panels of the model: performance, money, and estimates before labels arrive."""

from __future__ import annotations

from dataclasses import replace

from monitoring.rows.rows import Role
from monitoring.signals.dashboards.panel import (
    NO_DATA,
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
    ALARMS_AT,
    CAPACITY_USED,
    COST_AT,
    DETECTED,
    ESTIMATE_COST_ERROR,
    ESTIMATE_ERROR,
    ESTIMATED,
    ESTIMATED_COST,
    ESTIMATED_COST_INTERVAL,
    ESTIMATED_INTERVAL,
    F1,
    FALSE_ALARM_RATE,
    FALSE_ALARMS,
    INTERVAL,
    LABEL_CORRECTIONS,
    LABEL_COVERAGE,
    LABEL_PROBLEMS,
    MISSED,
    MISSED_AT,
    MONEY_CAUGHT,
    MONEY_MISSED,
    NET_SAVING,
    POSITIVES,
    PR_AUC,
    PRECISION,
    PRECISION_AT_CAPACITY,
    RECALL,
    RECALL_AT_CAPACITY,
    RETURN_ON_COST,
    RETURN_ON_COST_INTERVAL,
    REVIEW_COST,
    ROC_AUC,
)
from monitoring.wording import capitalised

NO_SHADOW = "no shadow"
"""Shown in place of a challenger where none scores in shadow."""

_COLOURS = {RECALL: "blue", PRECISION: "yellow"}
"""The same in every panel, and the same for an estimate, which is dashed."""

_CURVE_HEIGHT = 11
"""Height of a table with one row per threshold, and of the panel beside it."""


def performance(queries: CaseQueries) -> Panel:
    """Return the panel of F1, precision and recall at the decision threshold."""
    one = queries.case.words.positive
    return Panel(
        CasePanel.PERFORMANCE,
        f"{one.upper()} detection performance",
        f"F1, precision and recall of the class {one} at the decision threshold, in {MATURE}. "
        "Higher is better. Where there is no data, the Status table says why.",
        Display.STAT,
        Scale.RATIO,
        tuple(queries.live(metric) for metric in (F1, PRECISION, RECALL)),
        width=8,
    )


def impact(queries: CaseQueries) -> Panel:
    """Return the panel of positives caught and missed, and of false alarms."""
    many = queries.case.words.positives
    return Panel(
        CasePanel.IMPACT,
        "Business impact",
        f"{capitalised(many)} caught and missed, and false alarms, in {MATURE}.",
        Display.STAT,
        Scale.COUNT,
        (
            queries.live(DETECTED, f"{capitalised(many)} caught"),
            queries.live(MISSED, f"{capitalised(many)} missed"),
            queries.live(FALSE_ALARMS),
            queries.live(POSITIVES, f"All {many}"),
        ),
        width=8,
    )


def performance_over_time(queries: CaseQueries) -> Panel:
    """Return the panel of the figures over time, with the interval of recall."""
    band = _band(queries, INTERVAL, "Recall", of=RECALL)
    return Panel(
        CasePanel.PERFORMANCE_OVER_TIME,
        "Performance over time",
        f"F1, precision and recall in {MATURE}; recall, the thick line, with its 95% "
        "interval in grey. Dashed: limits past which an alert fires.",
        Display.LINES,
        Scale.RATIO,
        (
            queries.live(F1),
            queries.live(PRECISION, colour=_COLOURS[PRECISION]),
            queries.live(RECALL, look=LineStyle.MAIN, colour=_COLOURS[RECALL]),
            *band,
        ),
        width=8,
    )


def _band(
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


def money_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of money, review capacity and ranking."""
    scale = scale_of(NET_SAVING, queries.case.costs.currency)
    money = (NET_SAVING, MONEY_CAUGHT, MONEY_MISSED, REVIEW_COST)
    return (
        Panel(
            CasePanel.MONEY,
            "Money",
            f"Net saving compared with having no model, in {MATURE}: losses prevented, "
            "losses not prevented, and what its alarms cost.",
            Display.STAT,
            scale,
            tuple(queries.live(metric) for metric in money),
        ),
        Panel(
            CasePanel.MONEY_OVER_TIME,
            "Money over time",
            "The same figures, window by window. A net saving below 0 means that the model costs "
            "more than it brings.",
            Display.LINES,
            scale,
            tuple(queries.live(metric) for metric in money),
        ),
        Panel(
            CasePanel.CAPACITY,
            "Review capacity used",
            "Alarms as a share of what the team can review in the same time. Above 100% some "
            "alarms are never looked at.",
            Display.LINES,
            Scale.RATIO,
            (queries.live(CAPACITY_USED),),
            width=8,
            nothing=NO_DATA
            if queries.case.costs.reviews_per_day
            else "costs.reviews_per_day is not declared",
        ),
        Panel(
            CasePanel.FALSE_ALARM_RATE,
            "False alarm rate",
            "False alarms among all rows that are not " + queries.case.words.positives + ".",
            Display.LINES,
            Scale.RATIO,
            (queries.live(FALSE_ALARM_RATE),),
            width=8,
        ),
        Panel(
            CasePanel.RANKING,
            "Ranking",
            "How well the score ranks, independent of the threshold: PR-AUC, ROC-AUC, and "
            "precision and recall among the highest scores that the team can review.",
            Display.LINES,
            Scale.RATIO,
            tuple(
                queries.live(metric)
                for metric in (PR_AUC, ROC_AUC, PRECISION_AT_CAPACITY, RECALL_AT_CAPACITY)
            ),
            width=8,
            whole=True,
        ),
        _cost_curve(queries),
        Panel(
            CasePanel.RETURN_ON_COST,
            "Return on cost",
            "Loss prevented per unit of money spent on alarms, with its 95% interval in "
            "grey. Below 1 the alarms cost more than they bring.",
            Display.LINES,
            Scale.NUMBER,
            (
                queries.live(RETURN_ON_COST, look=LineStyle.MAIN),
                *_band(queries, RETURN_ON_COST_INTERVAL, "Return on cost"),
            ),
            height=_CURVE_HEIGHT,
        ),
    )


def _cost_curve(queries: CaseQueries) -> Panel:
    many = queries.case.words.positives
    by = COST_AT.labels
    return Panel(
        CasePanel.COST_CURVE,
        "Cost by decision threshold",
        f"What {MATURE} would have cost at thresholds around the one in use, at half, a "
        "quarter and so on of its odds, and at multiples of them. Where another threshold costs "
        "much less than the one in use, window after window, retrain.",
        Display.TABLE,
        Scale.TEXT,
        (
            replace(queries.each(COST_AT, *by), name=COST_AT.key),
            replace(queries.each(ALARMS_AT, *by), name=ALARMS_AT.key),
            replace(queries.each(MISSED_AT, *by), name=MISSED_AT.key),
        ),
        height=_CURVE_HEIGHT,
        columns=(
            Column("threshold", "threshold", worst_first=True),
            Column("used", "in use"),
            Column(COST_AT.key, "cost", scale_of(COST_AT, queries.case.costs.currency)),
            Column(ALARMS_AT.key, "alarms", Scale.COUNT),
            Column(MISSED_AT.key, f"{many} missed", Scale.COUNT),
        ),
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
    estimates = (
        queries.live(
            ESTIMATED,
            f"{ratio.title}, estimated",
            look=LineStyle.ESTIMATE,
            colour=colour,
            of=ratio.key,
        )
        for ratio, colour in _COLOURS.items()
    )
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
                *estimates,
                *realised,
                *_band(queries, ESTIMATED_INTERVAL, "Recall, estimated", of=RECALL),
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
            "Estimated cost",
            "Estimated cost of the window just closed, reviews and losses together (dashed), "
            "with its 95% interval in grey; the cost of the newest mature window; and how far "
            "that was from its own estimate.",
            Display.LINES,
            scale_of(ESTIMATED_COST, queries.case.costs.currency),
            (
                queries.live(ESTIMATED_COST, look=LineStyle.ESTIMATE),
                queries.total("Realised cost", MONEY_MISSED, REVIEW_COST),
                queries.live(ESTIMATE_COST_ERROR),
                *_band(queries, ESTIMATED_COST_INTERVAL, "Estimated cost"),
            ),
            width=24,
        ),
    )
