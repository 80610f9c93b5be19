"""The tables of docs/reference/metrics.md: metrics, and the thresholds of the use cases."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.manual.markdown import plain, table
from monitoring.signals.alerts.business_alerts import alert_name
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.metric import USE_CASE, Metric, Unit, decimal
from monitoring.signals.short_names import declared_by
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import UseCase


def metrics_table(cases: Sequence[UseCase]) -> str:
    """Return every metric of the catalogue with its short names, as Markdown."""
    names: dict[Metric, list[str]] = {}
    for named in declared_by(cases):
        names.setdefault(named.metric, []).append(f"`{named.name}`")
    rows = (
        (
            f"`{metric.name}`",
            _labels(metric),
            _unit(metric),
            ", ".join(dict.fromkeys(names.get(metric, ()))),
            metric.help,
        )
        for metric in CATALOGUE
    )
    head = ("metric", f"labels beside `{USE_CASE}`", "unit", "short names", "description")
    return table(head, rows)


def thresholds_table(cases: Sequence[UseCase]) -> str:
    """Return every business threshold of the use cases, as Markdown."""
    rows = (
        (
            plain(case.title),
            threshold.metric.title,
            f"{threshold.side} {decimal(threshold.value)}",
            threshold.severity.value,
            f"`{alert_name(threshold.metric, threshold.side)}`",
        )
        for case in cases
        for threshold in business_thresholds(case)
    )
    return table(("use case", "metric", "fires when", "severity", "alert"), rows)


def _labels(metric: Metric) -> str:
    return ", ".join(f"`{label}`" for label in metric.labels)


def _unit(metric: Metric) -> str:
    return {
        Unit.TIMESTAMP: "seconds since 1970",
        Unit.RATIO: "0 to 1",
        Unit.FACTOR: "times",
        Unit.CHANGE: "share, below 0 is less",
        Unit.INFO: "1",
        Unit.FLAG: "0 or 1",
    }.get(metric.unit, metric.unit.value)
