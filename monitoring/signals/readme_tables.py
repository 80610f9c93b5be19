"""The README's generated tables: metrics, and the thresholds of the use cases."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from monitoring.errors import TocsinError
from monitoring.signals.alerts.business_alerts import alert_name
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.metric import USE_CASE, Metric, Unit, decimal
from monitoring.signals.short_names import declared_by
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import UseCase

_END = "<!-- end -->"


class MarkerError(TocsinError, ValueError):
    """A README has a marker without its end; the message names it."""


def with_tables(readme: str, cases: Sequence[UseCase]) -> str:
    """Return a README with its generated tables as they should be.

    Raises
    ------
    MarkerError
        The beginning of a table has no end after it.
    """
    for name, table in (("metrics", metrics_table(cases)), ("thresholds", thresholds_table(cases))):
        begin = f"<!-- generated: {name} -->"
        before, marker, rest = readme.partition(begin)
        if not marker:
            continue
        table_there, end, after = rest.partition(_END)
        if not end or "<!-- generated:" in table_there:
            msg = f"README.md: {begin} has no {_END} after it: add one where the table ends"
            raise MarkerError(msg)
        readme = f"{before}{begin}\n\n{table}\n{_END}{after}"
    return readme


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
    return _table(head, rows)


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
    return _table(("use case", "metric", "fires when", "severity", "alert"), rows)


def plain(text: str) -> str:
    """Return text as it stands in a table of Markdown: on one line, with no markup of its own."""
    escaped = re.sub(r"([\\`*_{}\[\]()#+!|~-])", r"\\\1", " ".join(text.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"
