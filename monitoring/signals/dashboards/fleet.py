"""The dashboard of all watched models, the worst first."""

from __future__ import annotations

from monitoring.signals.alerts.causes import ALERTS
from monitoring.signals.catalogue import DRIFT_SCORE, LAST_SUCCESS, MISSED, MONEY_MISSED, RECALL
from monitoring.signals.dashboards.panel import (
    ITS_BOARD,
    NOT_EVEN_ONE,
    Board,
    Column,
    Display,
    Leads,
    Limit,
    Panel,
    Query,
    Scale,
    Section,
)
from monitoring.signals.dashboards.places import FLEET, HEALTH, FleetPanel, path_of
from monitoring.signals.metric import USE_CASE, Metric
from monitoring.signals.part import Pipeline
from monitoring.signals.promql import live, series
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

_BY_CASE = f"by ({USE_CASE})"
_ANY_WARNING = Limit(Side.ABOVE, Severity.WARNING, 0)


def fleet_board() -> Board:
    """Return the dashboard of all models; its first table leads to each model's own."""
    return Board(
        uid=FLEET,
        title="Fleet",
        description="Every watched model, the one with most critical alarms first.",
        sections=(
            Section(
                "Models",
                (
                    _models(),
                    _course(FleetPanel.RECALL, RECALL, Scale.RATIO, "Higher is better."),
                    _course(FleetPanel.DRIFT, DRIFT_SCORE, Scale.RATIO, "Lower is better."),
                    _course(FleetPanel.MISSED, MISSED, Scale.COUNT, "Lower is better."),
                ),
            ),
        ),
        links=(Leads("Pipeline health", path_of(HEALTH)),),
    )


def _all(metric: Metric) -> str:
    return f"max {_BY_CASE} ({series(metric.name, **live(metric))})"


def _models() -> Panel:
    report = series(LAST_SUCCESS.name, pipeline=Pipeline.REPORT.value)
    return Panel(
        FleetPanel.MODELS,
        "Models, worst first",
        "Firing alarms, the figures of the newest mature window, money in each model's own "
        "currency, and the time since its last report. Click a model for its dashboard.",
        Display.TABLE,
        Scale.COUNT,
        (
            Query(_firing(Severity.CRITICAL), "critical"),
            Query(_firing(Severity.WARNING), "warnings"),
            Query(_all(RECALL), "recall"),
            Query(_all(MISSED), "missed"),
            Query(_all(MONEY_MISSED), "money missed"),
            Query(_all(DRIFT_SCORE), "drift score"),
            Query(f"time() - max {_BY_CASE} ({report})", "last report"),
        ),
        width=24,
        height=8,
        columns=(
            Column(USE_CASE, "model", opens=ITS_BOARD, width=160),
            Column("critical", "critical", Scale.COUNT, (NOT_EVEN_ONE,), worst_first=True),
            Column("warnings", "warnings", Scale.COUNT, (_ANY_WARNING,), worst_first=True),
            Column("recall", "recall", Scale.RATIO),
            Column("missed", "missed", Scale.COUNT),
            Column("money missed", "money missed", Scale.SUM),
            Column("drift score", "drift score", Scale.RATIO),
            Column("last report", "last report", Scale.AGE),
        ),
    )


def _firing(severity: Severity) -> str:
    """Return how many alerts of each model fire: one that names several figures is one."""
    of_models = {"alertstate": "firing", USE_CASE: "~.+"}
    firing = series(ALERTS, **of_models)
    alerts = series(ALERTS, **of_models, severity=severity.value)
    known = f"max {_BY_CASE} ({LAST_SUCCESS.name} or {firing})"
    counted = f"count {_BY_CASE} (count by ({USE_CASE}, alertname) ({alerts}))"
    return f"{counted} or 0 * {known}"


def _course(place: FleetPanel, metric: Metric, scale: Scale, good: str) -> Panel:
    return Panel(
        place,
        f"{metric.title} by model",
        f"{metric.help} {good}",
        Display.LINES,
        scale,
        (Query(_all(metric), f"{{{{{USE_CASE}}}}}"),),
        width=8,
        whole=scale is Scale.RATIO,
    )
