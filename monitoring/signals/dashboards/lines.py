"""Lines: a course over time, with its limits, its band and its estimates told apart."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import common, timeseries
from grafana_foundation_sdk.models.common import (
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    LineInterpolation,
    TooltipDisplayMode,
)
from grafana_foundation_sdk.models.dashboard import DynamicConfigValue

from monitoring.signals.dashboards.colours import PLAIN, line_steps
from monitoring.signals.dashboards.panel import Look, Panel, Query, Scale
from monitoring.signals.thresholds import Side

_MARGIN = 0.1
"""How far beyond its limits an axis reaches, as a share of them."""

_ABOVE_ALL = 1.02
"""A line at 100% is not to lie on the edge, where nobody sees it."""

_LEAST_HEIGHT: dict[str, float] = {Scale.RATIO: 0.01}
"""What an axis has where all its numbers are 0, if not 1."""


def drawn_lines(panel: Panel) -> timeseries.Panel:
    """Return a course with its limits."""
    legend = common.VizLegendOptions().show_legend(True).display_mode(LegendDisplayMode.LIST)
    drawn = (
        timeseries.Panel()
        .legend(legend.placement(LegendPlacement.BOTTOM))
        .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        # A pushed figure holds until the next one: a slope between two would be made up.
        .line_interpolation(LineInterpolation.STEP_AFTER)
    )
    if panel.limits:
        style = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
        drawn = drawn.thresholds_style(style).thresholds(line_steps(panel.limits))
    low, high = _axis(panel)
    drawn = drawn.axis_soft_min(low).axis_soft_max(high)
    low_edge = ""
    for query in panel.queries:
        low_edge = query.name if query.look is Look.LOW else low_edge
        properties = _look(query, low_edge)
        if properties:
            found = [DynamicConfigValue(id_val=i, value=v) for i, v in properties.items()]
            drawn = drawn.override_by_name(query.name, found)
    return drawn


def _axis(panel: Panel) -> tuple[float, float]:
    """Return from where to where an axis reaches at least; numbers beyond widen it.

    It reaches the limits wherever the numbers lie. Without limits it begins at 0, so that a small
    change looks small.
    """
    if panel.whole:
        return 0, _ABOVE_ALL
    values = [limit.value for limit in panel.limits]
    high_is_good = bool(values) and all(limit.side is Side.BELOW for limit in panel.limits)
    low = min(values) * (1 - _MARGIN) if high_is_good else 0
    high = max(values, default=0) * (1 + _MARGIN)
    if high_is_good and panel.scale == Scale.RATIO:
        high = _ABOVE_ALL
    return round(low, 6), round(high, 6) or _LEAST_HEIGHT.get(panel.scale, 1)


def _look(query: Query, low_edge: str) -> dict[str, Any]:
    """Return what makes a line stand out; `low_edge` is the other line of its band."""
    edge = {
        "custom.lineWidth": 0,
        "custom.showPoints": "never",
        "color": {"mode": "fixed", "fixedColor": PLAIN},
        "custom.hideFrom": {"legend": True, "tooltip": False, "viz": False},
    }
    looks: dict[Look, dict[str, Any]] = {
        Look.PLAIN: {},
        Look.MAIN: {"custom.lineWidth": 3},
        Look.ESTIMATE: {"custom.lineStyle": {"fill": "dash", "dash": [6, 6]}},
        Look.LOW: edge,
        Look.HIGH: edge | {"custom.fillBelowTo": low_edge, "custom.fillOpacity": 12},
    }
    own = {"color": {"mode": "fixed", "fixedColor": query.colour}} if query.colour else {}
    return looks[query.look] | own
