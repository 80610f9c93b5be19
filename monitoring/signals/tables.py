"""Tables: the README's lists of metrics and thresholds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from monitoring.signals.alerts.business import alert_name
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.metric import USE_CASE, Metric, Unit
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import UseCase


def metrics_table() -> str:
    """Return every metric of the catalogue, as Markdown."""
    rows = (
        (f"`{metric.name}`", _labels(metric), _unit(metric), _brief(metric), metric.help)
        for metric in CATALOGUE
    )
    return _table(("metric", f"labels beside `{USE_CASE}`", "unit", "also as", "what it is"), rows)


def thresholds_table(cases: Sequence[UseCase]) -> str:
    """Return every business threshold of the use cases, as Markdown."""
    rows = (
        (
            case.title,
            threshold.metric.title,
            f"{threshold.side} {threshold.value:g}",
            threshold.severity.value,
            f"`{alert_name(threshold.metric, threshold.side)}`",
        )
        for case in cases
        for threshold in business_thresholds(case)
    )
    return _table(("use case", "metric", "tells when", "how loud", "alert"), rows)


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


def _brief(metric: Metric) -> str:
    return ", ".join(f"`{brief.name}`" for brief in metric.brief)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
