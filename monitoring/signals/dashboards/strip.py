"""The strip above a use case's board: how things stand, in one line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from monitoring.signals.catalogue import DRIFT_SCORE, MODEL, PROMOTED, SCORE_DRIFT
from monitoring.signals.dashboards.panel import (
    ANY_WARNING,
    NOT_EVEN_ONE,
    Column,
    Display,
    Limit,
    Panel,
    Query,
    Scale,
    scale_of,
)
from monitoring.signals.dashboards.queries import MATURE, CaseQueries, limits_of
from monitoring.signals.links import CasePanel
from monitoring.signals.metric import USE_CASE, Metric
from monitoring.signals.performance_metrics import (
    ESTIMATED,
    ESTIMATED_COST,
    ESTIMATED_COST_INTERVAL,
    ESTIMATED_INTERVAL,
    NET_SAVING,
    RECALL,
)
from monitoring.signals.promql import ALERTS, now, series
from monitoring.signals.statuses import Subject
from monitoring.use_case import Severity

_HEIGHT = 4
NO_ALERT = "no alert is firing"


def strip(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the panels of how things stand: alerts, money, recall now and before, drift, model."""
    saving = queries.live(NET_SAVING)
    panels = (
        _firing(queries),
        Panel(
            CasePanel.SAVING_NOW,
            "Net saving",
            f"What the model saved, less what its alarms cost, in {MATURE}; and per 1,000 rows, "
            "for windows differ in rows.",
            Display.STAT,
            scale_of(NET_SAVING, queries.case.costs.currency),
            (
                replace(saving, name="of the window", limits=(Limit.below(0),)),
                replace(queries.per_thousand(saving, Subject.PERFORMANCE), name="per 1,000 rows"),
            ),
            width=3,
        ),
        Panel(
            CasePanel.RECALL_NOW,
            "Recall, realised",
            f"Recall in {MATURE}, and how long ago that window ended. What happened since is in "
            "the estimate.",
            Display.STAT,
            Scale.RATIO,
            (*queries.judged(RECALL), queries.ended(Subject.PERFORMANCE)),
            width=3,
        ),
        _estimated_recall(queries),
        _estimated_cost(queries),
        Panel(
            CasePanel.DRIFT_NOW,
            "Drift",
            "Share of features that drifted, and drift effect of the model's score: the share "
            "counts small changes and large ones alike, the score weighs features as the model "
            "does.",
            Display.STAT,
            Scale.RATIO,
            (queries.live(DRIFT_SCORE, "features drifted"), queries.live(SCORE_DRIFT, "score")),
            width=3,
        ),
        Panel(
            CasePanel.CHAMPION_NOW,
            "Champion",
            "The version that serves, and for how long.",
            Display.STAT,
            Scale.AGE,
            (_champion(queries),),
            width=3,
        ),
    )
    return tuple(replace(panel, height=_HEIGHT) for panel in panels)


def alert_list(queries: CaseQueries) -> Panel:
    """Return the list of the alerts that fire."""
    firing = series(ALERTS, alertstate="firing", **{USE_CASE: queries.case.name})
    return Panel(
        CasePanel.ALERTS,
        "Firing alerts",
        "Alerts on this model that fire now, and since when. The runbook says what to do.",
        Display.ALERTS,
        Scale.TEXT,
        (Query(f"max by (alertname, severity) ({firing})", "firing"),),
        width=8,
        height=9,
        columns=(Column("alertname", "alert"), Column("severity", "severity")),
        nothing=NO_ALERT,
    )


def _firing(queries: CaseQueries) -> Panel:
    def count(severity: Severity) -> str:
        of_case = {"alertstate": "firing", USE_CASE: queries.case.name}
        firing = series(ALERTS, **of_case, severity=severity.value)
        return f"count(count by (alertname) ({firing})) or vector(0)"

    return Panel(
        CasePanel.FIRING,
        "Alerts",
        "Alerts on this model that fire now.",
        Display.STAT,
        Scale.COUNT,
        (
            Query(count(Severity.CRITICAL), "critical", (NOT_EVEN_ONE,)),
            Query(count(Severity.WARNING), "warnings", (ANY_WARNING,)),
        ),
        width=3,
    )


def _estimated_recall(queries: CaseQueries) -> Panel:
    value = queries.live(ESTIMATED, "recall", of=RECALL.key)
    return Panel(
        CasePanel.ESTIMATE_NOW,
        "Recall, estimated",
        "Recall of the window just closed, before its labels arrive, with its 95% interval. An "
        "alert looks at its upper end where labels have confirmed the last estimates.",
        Display.STAT,
        Scale.RATIO,
        (
            replace(value, limits=limits_of(queries.thresholds, RECALL)),
            *_ends(queries, ESTIMATED_INTERVAL, of=RECALL.key),
            queries.ended(Subject.ESTIMATE),
        ),
        width=5,
    )


def _estimated_cost(queries: CaseQueries) -> Panel:
    return Panel(
        CasePanel.COST_NOW,
        "Cost, estimated",
        "What the window just closed is expected to cost, losses and reviews together, with its "
        "95% interval.",
        Display.STAT,
        scale_of(ESTIMATED_COST, queries.case.costs.currency),
        (queries.live(ESTIMATED_COST, "cost"), *_ends(queries, ESTIMATED_COST_INTERVAL)),
        width=4,
    )


def _ends(queries: CaseQueries, interval: Metric, **labels: Any) -> Iterator[Query]:
    """Yield both ends of an interval."""
    for bound, words in (("low", "from"), ("high", "to")):
        yield queries.live(interval, f"95% {words}", limits=False, bound=bound, **labels)


def _champion(queries: CaseQueries) -> Query:
    by = (USE_CASE, "version")
    model = now(MODEL, queries.case.name, by=(*by, "candidate"))
    promoted = now(PROMOTED, queries.case.name, by=by)
    since = f"(time() - {promoted}) * on (use_case, version) group_left (candidate) {model}"
    return Query(since, "version {{version}}, {{candidate}}")
