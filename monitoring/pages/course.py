"""The course of figures over time, as Plotly draws it in a browser."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from itertools import pairwise
from typing import Any

from monitoring.signals.dashboards.panel import (
    Limit,
    LineStyle,
    Panel,
    Query,
    Scale,
    currency_of,
)
from monitoring.signals.dashboards.queries import GREY
from monitoring.signals.prometheus import Series
from monitoring.use_case import Severity

_COLOURS = ("#3d85c6", "#d98e04", "#6aa84f", "#a64ca6", "#c0504d", "#45818e", "#8d6e63", "#7f7f7f")
"""Of lines that have none of their own: to be seen on white and on black."""

_BY_NAME = {
    "blue": "#3d85c6",
    "yellow": "#d98e04",
    "orange": "#e08a00",
    "green": "#6aa84f",
    "purple": "#a64ca6",
    GREY: GREY,
}

_LIMITS = {Severity.WARNING: "#e08a00", Severity.CRITICAL: "#d64541", None: "#3d85c6"}

_BAND = "rgba(127, 127, 127, 0.28)"

_ROOM = 1.05
"""How far beyond the highest number an axis reaches."""

_NARROW = 0.05
"""Reach of an axis of shares whose ticks need a decimal."""

_EDGES = (LineStyle.LOW, LineStyle.HIGH)

_STEPS = 1.5
"""Steps without a point after which it is not taken for rounding."""


@dataclass(frozen=True)
class Mark:
    """A moment that is drawn into every course."""

    when: datetime
    words: str
    colour: str


def marks_of(series: Sequence[Series], text: str, colour: str) -> list[Mark]:
    """Return the moments that series hold as their values, each once."""
    found = {
        (value, one.named(text)) for one in series for value in one.values if math.isfinite(value)
    }
    return [
        Mark(datetime.fromtimestamp(seconds, UTC), words, _BY_NAME.get(colour, colour))
        for seconds, words in sorted(found)
    ]


def figure_of(
    panel: Panel, found: Sequence[tuple[Query, Sequence[Series]]], marks: Sequence[Mark]
) -> Mapping[str, Any]:
    """Return the figure of a panel's lines, their bands and limits, and of the marks."""
    import plotly.graph_objects as go

    figure, number = go.Figure(), 0
    titles = {line.name: line.title for line in panel.lines}
    low: Series | None = None
    for query, series in found:
        for one in series:
            if query.look is LineStyle.HIGH and low is not None:
                figure.add_trace(_band(low, one))
            low = one if query.look is LineStyle.LOW else low
            colour = _BY_NAME.get(query.colour or "", _COLOURS[number % len(_COLOURS)])
            figure.add_trace(_line(query, one, colour, titles))
            number += query.look not in _EDGES and query.colour is None
    for limit in panel.limits:
        figure.add_hline(limit.value, line=_dashed(limit))
    ends = [time for _, series in found for one in series for time in (one.times[0], one.times[-1])]
    for mark in marks:
        if min(ends) <= mark.when.timestamp() <= max(ends):
            figure.add_vline(
                mark.when.timestamp() * 1000,
                line={"color": mark.colour, "width": 1, "dash": "dot"},
                annotation={
                    "text": "▼",
                    "hovertext": escape(mark.words, quote=False),
                    "font": {"color": mark.colour},
                },
            )
    figure.update_layout(_layout(panel, _reach(panel, found)))
    drawn: Mapping[str, Any] = json.loads(figure.to_json())
    return drawn


def _line(query: Query, series: Series, colour: str, titles: Mapping[str, str]) -> Any:
    import plotly.graph_objects as go

    edge = query.look in _EDGES
    times, values = _with_gaps(series)
    name = series.named(query.name)
    return go.Scatter(
        x=times,
        y=values,
        # Plotly makes elements of what looks like tags.
        name=escape(titles.get(name, name), quote=False),
        mode="lines" if edge or len(values) > 1 else "markers",
        line={
            "color": colour,
            # A pushed figure holds until the next one: a slope between two would be invented.
            "shape": "hv",
            "width": 0 if edge else 3 if query.look is LineStyle.MAIN else 1.5,
            "dash": "dash" if query.look is LineStyle.ESTIMATE else "solid",
        },
        showlegend=not edge and query.look is not LineStyle.UNJUDGED,
    )


def _band(low: Series, high: Series) -> Any:
    """Return the area between two edges, which has a hole wherever they have one."""
    import plotly.graph_objects as go

    times: list[str | None] = []
    values: list[float | None] = []
    for stretch in _stretches(low, high):
        # A value holds until the next one: two corners for each.
        ends = [*(time for time, _, _ in stretch[1:]), stretch[-1][0]]
        lower = [
            (at, one)
            for (time, one, _), end in zip(stretch, ends, strict=True)
            for at in (time, end)
        ]
        upper = [
            (at, one)
            for (time, _, one), end in zip(stretch, ends, strict=True)
            for at in (time, end)
        ]
        around = [*lower, *reversed(upper)]
        times += [*(_moment(time) for time, _ in around), None]
        values += [*(value for _, value in around), None]
    return go.Scatter(
        x=times,
        y=values,
        mode="none",
        fill="toself",
        fillcolor=_BAND,
        hoverinfo="skip",
        showlegend=False,
    )


def _stretches(low: Series, high: Series) -> list[list[tuple[float, float, float]]]:
    """Return time, lower and upper edge wherever there are both, parted where there was none."""
    upper = dict(zip(high.times, high.values, strict=True))
    both = [
        (time, value, upper[time])
        for time, value in zip(low.times, low.values, strict=True)
        if time in upper and math.isfinite(value) and math.isfinite(upper[time])
    ]
    gap = _gap([time for time, _, _ in both])
    stretches: list[list[tuple[float, float, float]]] = []
    for point in both:
        if stretches and point[0] - stretches[-1][-1][0] <= gap:
            stretches[-1].append(point)
        else:
            stretches.append([point])
    return stretches


def _with_gaps(series: Series) -> tuple[list[str], list[float | None]]:
    """Return times and values; a missing value where there was none for more than a step."""
    gap = _gap(series.times)
    times: list[str] = []
    values: list[float | None] = []
    for place, (time, value) in enumerate(zip(series.times, series.values, strict=True)):
        if place and time - series.times[place - 1] > gap:
            times.append(_moment(series.times[place - 1] + gap / _STEPS))
            values.append(None)
        times.append(_moment(time))
        values.append(value if math.isfinite(value) else None)
    return times, values


def _gap(times: Sequence[float]) -> float:
    """Return how far apart two points are at most between which figures were there."""
    return _STEPS * min((after - before for before, after in pairwise(times)), default=0)


def _moment(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _dashed(limit: Limit) -> Mapping[str, Any]:
    return {"color": _LIMITS[limit.severity], "width": 1.5, "dash": "dash"}


def _reach(panel: Panel, found: Sequence[tuple[Query, Sequence[Series]]]) -> tuple[float, float]:
    values = [
        value
        for _, series in found
        for one in series
        for value in one.values
        if math.isfinite(value)
    ]
    low, high = panel.axis
    lowest, highest = min(values, default=low), max(values, default=high)
    return min(low, lowest * _ROOM if lowest < 0 else lowest), max(high, highest * _ROOM)


def _layout(panel: Panel, reach: tuple[float, float]) -> Mapping[str, Any]:
    currency = currency_of(panel.scale)
    ticks, hover = ",", ",.4~g" if currency is None else ",.0f"
    if panel.scale == Scale.RATIO:
        ticks, hover = ",.1%" if reach[1] - reach[0] < _NARROW else ",.0%", ",.1%"
    return {
        "template": "none",
        "height": 260,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "hovermode": "x unified",
        "legend": {"orientation": "h", "y": -0.25},
        # Turned, as they would be on a phone, they would run into the legend.
        "xaxis": {"automargin": True, "type": "date", "tickangle": 0, "nticks": 5},
        "yaxis": {
            "automargin": True,
            "range": list(reach),
            "tickformat": ticks,
            "hoverformat": hover,
            "tickprefix": "" if currency is None else f"{currency} ",
        },
    }
