"""Panels of money: over time, per threshold, and what alarms bring."""

from __future__ import annotations

from dataclasses import replace

from monitoring.signals.dashboards.panel import (
    NO_DATA,
    Column,
    Display,
    Limit,
    LineStyle,
    Panel,
    Query,
    Scale,
    scale_of,
)
from monitoring.signals.dashboards.performance_panels import band
from monitoring.signals.dashboards.queries import MATURE, CaseQueries
from monitoring.signals.links import CasePanel
from monitoring.signals.performance_metrics import (
    ALARMS_AT,
    CAPACITY_USED,
    COST_AT,
    COST_OF_DRIFT,
    FALSE_ALARM_RATE,
    FALSE_ALARMS,
    MISSED,
    MISSED_AT,
    MONEY_CAUGHT,
    MONEY_MISSED,
    NET_SAVING,
    POSITIVES,
    PR_AUC,
    PRECISION_AT_CAPACITY,
    RECALL_AT_CAPACITY,
    RETURN_ON_COST,
    RETURN_ON_COST_INTERVAL,
    REVIEW_COST,
    ROC_AUC,
)
from monitoring.signals.statuses import Subject
from monitoring.signals.thresholds import Side
from monitoring.wording import capitalised

_CURVE_HEIGHT = 8
"""Height of the bars of costs, and of the panel beside them."""

_AT_THRESHOLDS = (COST_AT, ALARMS_AT, MISSED_AT)


def money_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of money, review capacity and ranking."""
    scale = scale_of(NET_SAVING, queries.case.costs.currency)
    money = (NET_SAVING, MONEY_CAUGHT, MONEY_MISSED, REVIEW_COST)
    return (
        Panel(
            CasePanel.MONEY_OVER_TIME,
            "Money per 1,000 rows",
            "Net saving compared with having no model, losses prevented, losses not prevented, and "
            "what alarms cost, window by window. A net saving below 0 means that the model costs "
            "more than it brings.",
            Display.LINES,
            scale,
            tuple(
                queries.per_thousand(queries.live(metric), Subject.PERFORMANCE) for metric in money
            ),
        ),
        Panel(
            CasePanel.MISSED_OVER_TIME,
            "Missed and false alarms per 1,000 rows",
            f"{capitalised(queries.case.words.positives)} missed, false alarms, and all "
            f"{queries.case.words.positives}, window by window.",
            Display.LINES,
            Scale.NUMBER,
            tuple(
                queries.per_thousand(queries.live(metric, name, limits=False), Subject.PERFORMANCE)
                for metric, name in (
                    (MISSED, None),
                    (FALSE_ALARMS, None),
                    (POSITIVES, f"All {queries.case.words.positives}"),
                )
            ),
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
        _cost_choice(queries),
        _cost_of_drift(queries),
        Panel(
            CasePanel.RETURN_ON_COST,
            "Return on cost",
            "Loss prevented per unit of money spent on alarms, with its 95% interval in "
            "grey. Below 1 the alarms cost more than they bring.",
            Display.LINES,
            Scale.NUMBER,
            (
                replace(queries.live(RETURN_ON_COST, look=LineStyle.MAIN), limits=(_EVEN,)),
                *band(queries, RETURN_ON_COST_INTERVAL, "Return on cost"),
            ),
            width=8,
        ),
    )


_EVEN = Limit(Side.BELOW, None, 1)
"""Where alarms cost as much as they bring."""


def _cost_curve(queries: CaseQueries) -> Panel:
    many = queries.case.words.positives
    of_each = {metric: queries.each(metric, "threshold").expr for metric in _AT_THRESHOLDS}
    used = queries.each(COST_AT, "threshold", used="yes").expr
    cheapest = f"bottomk(1, {of_each[COST_AT]})"
    others = f"{of_each[COST_AT]} unless on (threshold) {used} unless on (threshold) {cheapest}"
    cost = scale_of(COST_AT, queries.case.costs.currency)
    return Panel(
        CasePanel.COST_CURVE,
        "Cost by decision threshold",
        f"What {MATURE} would have cost at thresholds around the one in use, at half, a "
        "quarter and so on of its odds, and at multiples of them. Where another threshold costs "
        "much less than the one in use, window after window, retrain.",
        Display.CURVE,
        cost,
        (
            Query(others, "other thresholds", optional=True),
            Query(used, "in use"),
            Query(f"{cheapest} unless on (threshold) {used}", "cheapest", optional=True),
            Query(of_each[ALARMS_AT], ALARMS_AT.key),
            Query(of_each[MISSED_AT], MISSED_AT.key),
        ),
        height=_CURVE_HEIGHT,
        columns=(
            Column("threshold", "threshold", worst_first=True),
            Column("other thresholds", "other thresholds", cost),
            Column("in use", "in use", cost),
            Column("cheapest", "cheapest", cost),
            Column(ALARMS_AT.key, "alarms", Scale.COUNT),
            Column(MISSED_AT.key, f"{many} missed", Scale.COUNT),
        ),
    )


def _cost_choice(queries: CaseQueries) -> Panel:
    each = queries.each(COST_AT, "threshold")
    used = queries.each(COST_AT, "threshold", used="yes")
    return Panel(
        CasePanel.COST_CHOICE,
        "Threshold in use",
        f"What {MATURE} cost at the threshold in use, what it would have cost at the cheapest of "
        "those that are compared, and the difference. One window proves little: the cheapest "
        "moves with chance.",
        Display.STAT,
        scale_of(COST_AT, queries.case.costs.currency),
        (
            replace(used, expr=_shortened(used.expr), name="in use, {{short}}"),
            replace(each, expr=_shortened(f"bottomk(1, {each.expr})"), name="cheapest, {{short}}"),
            Query(f"max({used.expr}) - min({each.expr})", "difference"),
        ),
        width=4,
        height=_CURVE_HEIGHT,
    )


def _cost_of_drift(queries: CaseQueries) -> Panel:
    case = queries.case
    nothing = "No feature of the model drifted, or no cost could be estimated or divided"
    if case.is_watched:
        nothing = "A watched model can't be asked what its rows would have scored"
    elif case.columns.classes is not None:
        nothing = "Costs by class are not divided among features"
    return Panel(
        CasePanel.COST_OF_DRIFT,
        "Cost of drift per 1,000 rows",
        "What each feature that drifted adds to the estimated cost of the window just closed: its "
        "rows are scored again with the feature as it was distributed in training. The remainder "
        "is what these leave of the change. Below 0 the drift made the window cheaper.",
        Display.BARS,
        scale_of(COST_OF_DRIFT, case.costs.currency),
        (replace(queries.each(COST_OF_DRIFT, *COST_OF_DRIFT.labels), name="{{feature}}"),),
        width=16,
        nothing=nothing,
    )


def _shortened(expr: str) -> str:
    """Return PromQL with three digits of the threshold that matter, cut off, as a label `short`."""
    digits = r"(0\\.0*[1-9][0-9]{0,2}|[01]).*"
    return f'label_replace({expr}, "short", "$1", "threshold", "{digits}")'
