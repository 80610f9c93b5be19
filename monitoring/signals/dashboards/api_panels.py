"""Panels of the API that answers predictions and takes labels."""

from __future__ import annotations

from monitoring.signals.dashboards.panel import (
    Display,
    Panel,
    Query,
    Scale,
)
from monitoring.signals.links import HealthPanel
from monitoring.signals.metric import USE_CASE
from monitoring.signals.promql import (
    SERVE_ARM_FAILURES,
    SERVE_DECISIONS,
    SERVE_ERRORS,
    SERVE_SCORE,
    SERVE_SECONDS,
    SERVE_UNSEEN,
)

_UNUSED = "nobody asked the API"


def api_panels() -> tuple[Panel, ...]:
    """Return the panels of requests, decisions and versions."""
    slowest = f"histogram_quantile(0.99, sum by (route, le) ({_rate(f'{SERVE_SECONDS}_bucket')}))"
    return (
        Panel(
            HealthPanel.REQUESTS,
            "Requests per second",
            "Requests to the API by route and HTTP status: 4xx was refused, 5xx failed.",
            Display.LINES,
            Scale.NUMBER,
            (
                Query(
                    f"sum by (route, status) ({_rate(f'{SERVE_SECONDS}_count')})",
                    "{{route}} · {{status}}",
                ),
            ),
            nothing=_UNUSED,
        ),
        Panel(
            HealthPanel.ANSWER_TIME,
            "Time to answer, 99 of 100",
            "Ninety-nine of a hundred requests of the last five minutes were answered within it.",
            Display.LINES,
            Scale.AGE,
            (Query(slowest, "{{route}}"),),
            nothing=_UNUSED,
        ),
        Panel(
            HealthPanel.REFUSED,
            "Refused and failed requests",
            "Per second, by the kind of error.",
            Display.LINES,
            Scale.NUMBER,
            (Query(f"sum by (kind) ({_rate(f'{SERVE_ERRORS}_total')})", "{{kind}}"),),
            nothing="no request was refused",
        ),
        Panel(
            HealthPanel.DECISIONS,
            "Decisions per second",
            "Rows that the API scored, by what was decided.",
            Display.LINES,
            Scale.NUMBER,
            (
                Query(
                    f"sum by ({USE_CASE}, decision) ({_rate(f'{SERVE_DECISIONS}_total')})",
                    "{{use_case}} · {{decision}}",
                ),
            ),
            nothing=_UNUSED,
        ),
        Panel(
            HealthPanel.UNSEEN,
            "Categories never seen in training",
            "Rows of the last hour that the API scored though the model never saw their category, "
            "by column. Many of one column: something was renamed, or is new.",
            Display.LINES,
            Scale.COUNT,
            (
                Query(
                    f"sum by ({USE_CASE}, column) (increase({SERVE_UNSEEN}_total[1h])) > 0",
                    "{{use_case}} · {{column}}",
                ),
            ),
            nothing="no category was new",
        ),
        Panel(
            HealthPanel.ARM_FAILURES,
            "Rows that an arm failed to score",
            "Rows of the last hour that a version with a share of the live rows could not score; "
            "the champion answered them, and the server's log says why.",
            Display.LINES,
            Scale.COUNT,
            (
                Query(
                    f"sum by ({USE_CASE}, model_version) "
                    f"(increase({SERVE_ARM_FAILURES}_total[1h])) > 0",
                    "{{use_case}} · version {{model_version}}",
                ),
            ),
            nothing="no arm failed",
        ),
        Panel(
            HealthPanel.VERSIONS,
            "Rows per second by version",
            "Rows that each version scored: the champion, the arms that answer shares of its rows, "
            "and candidates that were asked by name.",
            Display.LINES,
            Scale.NUMBER,
            (
                Query(
                    f"sum by ({USE_CASE}, model_version) ({_rate(f'{SERVE_SCORE}_count')})",
                    "{{use_case}} · version {{model_version}}",
                ),
            ),
            nothing=_UNUSED,
        ),
    )


def _rate(name: str) -> str:
    return f"rate({name}[5m])"
