"""Table: a panel's declared columns as Grafana's transformations and overrides."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import common, table
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue

from monitoring.signals.dashboards.colours import GOOD, WARNING, number_steps
from monitoring.signals.dashboards.panel import THIS, Column, Panel, Scale

_NARROWEST = 90
"""Pixels of a column: on a phone the rest is one swipe away, not gone."""

_DECIMALS = {Scale.RATIO: 1, Scale.SUM: 0, Scale.AGE: 1}


def drawn_table(panel: Panel) -> table.Panel:
    """Return a table with the declared columns, in their order, and no others."""
    drawn = table.Panel().show_header(show_header=True).min_width(_NARROWEST)
    if len(panel.queries) > 1:
        drawn = drawn.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    drawn = drawn.with_transformation(_organised(panel))
    for column in panel.columns:
        drawn = drawn.override_by_name(column.title, _properties(column))
    by = [column for column in panel.columns if column.worst_first]
    return drawn.sort_by(
        [common.TableSortByFieldState().display_name(c.title).desc(desc=True) for c in by]
    )


def _organised(panel: Panel) -> DataTransformerConfig:
    alone = len(panel.queries) == 1
    values = {
        query.name: "Value" if alone else f"Value #{chr(ord('A') + number)}"
        for number, query in enumerate(panel.queries)
    }
    fields = [values.get(column.source, column.source) for column in panel.columns]
    hidden = {field for field in ("Time", *values.values()) if field not in fields}
    options = {
        "excludeByName": dict.fromkeys(sorted(hidden), True),
        "indexByName": {field: place for place, field in enumerate(fields)},
        "renameByName": {f: c.title for f, c in zip(fields, panel.columns, strict=True)},
    }
    return DataTransformerConfig(id_val="organize", options=options)


def _properties(column: Column) -> list[DynamicConfigValue]:
    said: dict[str, Any] = {"unit": str(column.scale)}
    if column.width is not None:
        said["custom.width"] = column.width
    if column.scale in _DECIMALS:
        said["decimals"] = _DECIMALS[Scale(column.scale)]
    if column.limits:
        said["thresholds"] = number_steps(column.limits).build()
        said["custom.displayMode"] = "color-text"
    if column.calm:
        calm = {text: {"color": GOOD, "index": n} for n, text in enumerate(column.calm)}
        said["mappings"] = [{"type": "value", "options": calm}]
        said["color"] = {"mode": "fixed", "fixedColor": WARNING}
        said["custom.displayMode"] = "color-text"
    if column.opens:
        url = column.opens.url.replace(THIS, "${__value.text}")
        said["links"] = [{"title": column.opens.title, "url": url}]
    return [DynamicConfigValue(id_val=name, value=value) for name, value in said.items()]
