"""The dashboard of all watched models, the worst first."""

from __future__ import annotations

from monitoring.signals.alerts.causes import ALERTS
from monitoring.signals.catalogue import DRIFT_SCORE, LAST_SUCCESS, MISSED, RECALL
from monitoring.signals.dashboards.panel import (
    Board,
    BoardLink,
    Display,
    Panel,
    Query,
    Scale,
    Section,
)
from monitoring.signals.dashboards.places import FLEET, HEALTH, FleetPanel
from monitoring.signals.metric import USE_CASE, Metric
from monitoring.signals.promql import live, series

_BY_CASE = f"by ({USE_CASE})"


def fleet_board() -> Board:
    """Return the dashboard of all models; its first table leads to each model's own."""
    return Board(
        uid=FLEET,
        title="Fleet",
        description="Every watched model, the one with most alarms first.",
        sections=(
            Section(
                "Models",
                (
                    Panel(
                        FleetPanel.MODELS,
                        "Models, worst first",
                        "Firing alarms: a critical one counts as a hundred warnings. Click a "
                        "model for its dashboard.",
                        Display.TABLE,
                        Scale.COUNT,
                        (
                            Query(_alarms(), "alarms"),
                            Query(_all(RECALL), "recall"),
                            Query(_all(MISSED), "missed"),
                            Query(_all(DRIFT_SCORE), "drift score"),
                        ),
                        width=24,
                        height=10,
                    ),
                    _course(FleetPanel.RECALL, RECALL, Scale.RATIO, "Higher is better."),
                    _course(FleetPanel.DRIFT, DRIFT_SCORE, Scale.RATIO, "Lower is better."),
                    _course(FleetPanel.MISSED, MISSED, Scale.COUNT, "Lower is better."),
                ),
            ),
        ),
        links=(BoardLink("Pipeline health", f"/d/{HEALTH}"),),
    )


def _all(metric: Metric) -> str:
    return f"max {_BY_CASE} ({series(metric.name, **live(metric))})"


def _alarms() -> str:
    def firing(severity: str) -> str:
        return f"count {_BY_CASE} ({series(ALERTS, alertstate='firing', severity=severity)})"

    none = f"0 * max {_BY_CASE} ({LAST_SUCCESS.name})"
    critical = f"({firing('critical')} or {none})"
    return f"100 * {critical} + ({firing('warning')} or {none})"


def _course(place: FleetPanel, metric: Metric, scale: Scale, good: str) -> Panel:
    return Panel(
        place,
        f"{metric.title} by model",
        f"{metric.help} {good}",
        Display.LINES,
        scale,
        (Query(_all(metric), f"{{{{{USE_CASE}}}}}"),),
        width=8,
    )
