"""Colours: limits as Grafana's steps, for numbers and for dashed lines."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

from monitoring.signals.dashboards.panel import Limit
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

GOOD, PLAIN, WARNING = "green", "text", "orange"
_BY_SEVERITY = {Severity.WARNING: WARNING, Severity.CRITICAL: "red", None: "blue"}


_JUST = 1e-9
"""A number at its upper limit is still good: Grafana's step begins just above it."""


def number_steps(limits: Sequence[Limit]) -> dashboard.ThresholdsConfig:
    """Return the colours of a number, as its alerts have it: bad strictly beyond a limit.

    Each of Grafana's steps holds from its value upwards.
    """
    ordered = sorted(limits, key=lambda limit: limit.value)
    colours = [_BY_SEVERITY[limit.severity] for limit in ordered]
    if ordered and ordered[0].side is Side.BELOW:
        colours = [*colours, GOOD]
    else:
        colours = [GOOD if ordered else PLAIN, *colours]
    begins = (v.value + _JUST if v.side is Side.ABOVE else v.value for v in ordered)
    return _steps([None, *begins], colours)


def line_steps(limits: Sequence[Limit]) -> dashboard.ThresholdsConfig:
    """Return the colours of dashed lines: each step has the colour of the line at its value."""
    ordered = sorted(limits, key=lambda limit: limit.value)
    colours = [PLAIN, *(_BY_SEVERITY[limit.severity] for limit in ordered)]
    return _steps([None, *(limit.value for limit in ordered)], colours)


def _steps(values: list[float | None], colours: list[str]) -> dashboard.ThresholdsConfig:
    steps = [Threshold(value=v, color=c) for v, c in zip(values, colours, strict=True)]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
