"""The shapes of PromQL query that panels, alerts and recording rules are made of."""

from __future__ import annotations

import json
from datetime import timedelta

from monitoring.rows.rows import Role
from monitoring.signals.metric import USE_CASE, Metric, Stage
from monitoring.signals.performance_metrics import ESTIMATE_ERROR, RECALL

DATASOURCE = "tocsin-prometheus"
"""Uid of the Prometheus that Grafana asks, fixed so that committed dashboards find it."""

_UNITS = (("d", 86400), ("h", 3600), ("m", 60), ("s", 1))
BY_CASE = (USE_CASE,)
BY_PIPELINE = (USE_CASE, "pipeline")

UP = "up"
PUSH_TIME = "push_time_seconds"
PUSH_FAILURE_TIME = "push_failure_time_seconds"
ALERTS = "ALERTS"

SERVE_SECONDS = "tocsin_serve_request_seconds"
SERVE_ERRORS = "tocsin_serve_errors"
SERVE_DECISIONS = "tocsin_serve_decisions"
SERVE_SCORE = "tocsin_serve_score"
SERVE_UNSEEN = "tocsin_serve_unseen_categories"
SERVE_ARM_FAILURES = "tocsin_serve_arm_failed_rows"
SERVE_COMPONENT_UP = "tocsin_serve_component_up"

FOREIGN = (
    *(UP, PUSH_TIME, PUSH_FAILURE_TIME, ALERTS),
    *(f"{SERVE_SECONDS}_bucket", f"{SERVE_SECONDS}_count", f"{SERVE_SCORE}_count"),
    *(f"{SERVE_ERRORS}_total", f"{SERVE_DECISIONS}_total", f"{SERVE_UNSEEN}_total"),
    f"{SERVE_ARM_FAILURES}_total",
    SERVE_COMPONENT_UP,
)
"""Names that are not in the catalogue, for no run pushes them: Prometheus and the Pushgateway make
theirs, and the server of the API shows its own to be scraped."""


def series(name: str, **labels: str) -> str:
    """Return the selector of a series' name and labels; a value that starts with ~ is a regex.

    One that starts with !~ is a regex that must not match.
    """
    inside = ",".join(f"{label}{_match(value)}" for label, value in labels.items())
    return f"{name}{{{inside}}}" if inside else name


def _match(value: str) -> str:
    if value.startswith("!~"):
        sign, text = "!~", value[2:]
    elif value.startswith("~"):
        sign, text = "=~", value[1:]
    else:
        sign, text = "=", value
    return f"{sign}{json.dumps(text, ensure_ascii=False)}"


def now(metric: Metric, use_case: str, *, by: tuple[str, ...] = BY_CASE, **labels: str) -> str:
    """Return what the metric is at this moment, by the given labels."""
    return _aggregated("max", by, select(metric, use_case, **labels))


def of_each(metric: Metric, *by: str, **labels: str) -> str:
    """Return what the metric is at this moment in each use case, by further labels."""
    return _aggregated("max", (*BY_CASE, *by), series(metric.name, **labels))


def highest(selector: str) -> str:
    """Return the highest value of the selected series, by use case."""
    return _aggregated("max", BY_CASE, selector)


def newest(
    metric: Metric, use_case: str, within: timedelta, *, how: str = "max", **labels: str
) -> str:
    """Return the newest value that the metric had within `within`, by use case.

    Where series of one metric come and go (reasons, say), those that the last push dropped must
    not count, so older ones are looked up only where there is none at this moment.
    """
    chosen = select(metric, use_case, **labels)
    before = _aggregated(how, BY_CASE, f"last_over_time({chosen}[{duration(within)}])")
    fixed = {USE_CASE, *labels}
    if fixed.issuperset(metric.labels):
        return before
    return f"({_aggregated(how, BY_CASE, chosen)} or {before})"


def select(metric: Metric, use_case: str, **labels: str) -> str:
    """Return the selector of a metric of one use case."""
    return series(metric.name, **{USE_CASE: use_case}, **labels)


def live(metric: Metric) -> dict[str, str]:
    """Return the labels of the figures that business alerts look at: the champion in production.

    Of the estimate's errors, that of recall.
    """
    if metric is ESTIMATE_ERROR:
        return {"of": RECALL.key}
    if "stage" not in metric.labels:
        return {}
    return {"stage": Stage.PRODUCTION.value, "role": Role.CHAMPION.value}


def duration(length: timedelta) -> str:
    """Return a length of time as PromQL writes it, in its largest whole unit: 12h, 90m."""
    seconds = int(length.total_seconds())
    if not seconds:
        return "0s"
    unit, size = next((unit, size) for unit, size in _UNITS if seconds % size == 0)
    return f"{seconds // size}{unit}"


def _aggregated(how: str, by: tuple[str, ...], inner: str) -> str:
    return f"{how} by ({', '.join(by)}) ({inner})"
