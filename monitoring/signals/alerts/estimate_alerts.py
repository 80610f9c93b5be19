"""Alerts on the estimate: recall that is too low before the labels that would prove it."""

from __future__ import annotations

from monitoring.signals.alerts.alert import VALUE, Alert, MoneyAtStake, ValueFormat
from monitoring.signals.alerts.business_alerts import enough_positives, newest_live, unless_critical
from monitoring.signals.alerts.inhibition import unless_stale
from monitoring.signals.catalogue import MODEL
from monitoring.signals.links import CasePanel, Link, board_of
from monitoring.signals.metric import USE_CASE, decimal
from monitoring.signals.performance_metrics import (
    ESTIMATE_HELD,
    ESTIMATED_COST,
    ESTIMATED_INTERVAL,
    ESTIMATED_POSITIVES,
    RECALL,
)
from monitoring.signals.pipelines import Pipeline, look_back
from monitoring.signals.promql import duration, newest, now, select
from monitoring.signals.thresholds import BusinessThreshold, business_thresholds
from monitoring.use_case import UseCase

_BY_VERSION = f"({USE_CASE}, version)"


def estimate_alerts(case: UseCase) -> tuple[Alert, ...]:
    """Return an alert for each limit of recall, on what is estimated of the newest window."""
    limits = [limit for limit in business_thresholds(case) if limit.metric is RECALL]
    return tuple(_alert(case, limit, limits) for limit in limits)


def _alert(case: UseCase, limit: BusinessThreshold, others: list[BusinessThreshold]) -> Alert:
    at_most = newest(
        ESTIMATED_INTERVAL,
        case.name,
        look_back(case, Pipeline.REPORT),
        of=RECALL.key,
        bound="high",
    )
    many, shown = case.words.positives, ValueFormat.RATIO
    return Alert(
        name="EstimatedRecallLow",
        use_case=case.name,
        title=f"{case.title}: estimated recall {limit.side} {shown.limit(limit.value)}",
        meaning=f"The model caught at most {VALUE} of all {many} in the newest window, as "
        "estimated before its labels arrive (upper end of the 95% interval). The estimates of the "
        "last windows whose labels arrived were right.",
        severity=limit.severity,
        value=unless_critical(at_most, limit, others),
        side=limit.side,
        limit=limit.value,
        link=Link(board_of(case.name), CasePanel.ESTIMATED),
        shown=shown,
        guards=(
            f"and on ({USE_CASE}) {_enough_expected(case)}",
            f"and on ({USE_CASE}) {confirmed(case)} == 1",
            f"unless on ({USE_CASE}) {_realised(case, limit)}",
            unless_stale(case, Pipeline.REPORT),
        ),
        money=MoneyAtStake(
            ESTIMATED_COST,
            now(ESTIMATED_COST, case.name),
            case.costs.currency,
            "estimated cost of the newest window",
        ),
    )


def _enough_expected(case: UseCase) -> str:
    expected = newest(ESTIMATED_POSITIVES, case.name, look_back(case, Pipeline.REPORT))
    return f"{expected} >= {case.min_positives}"


def confirmed(case: UseCase) -> str:
    """Return 1 where labels have confirmed every estimate of the champion's lately, else 0.

    Lately: in the newest mature window and in those that ended up to two lengths of a window
    before it. Where the champion has not had two windows of its own that do not overlap, there
    is no series.
    """
    held = select(ESTIMATE_HELD, case.name)
    window, looked_back = case.drift.window, look_back(case, Pipeline.REPORT)
    worst = f"min_over_time({held}[{duration(max(2 * window, looked_back))}])"
    before = f"last_over_time({held}[{duration(looked_back)}] offset {duration(window)})"
    serves = now(MODEL, case.name, by=(USE_CASE, "version"))
    own = f"{worst} and on {_BY_VERSION} {before} and on {_BY_VERSION} {serves}"
    return f"min by ({USE_CASE}) ({own})"


def _realised(case: UseCase, limit: BusinessThreshold) -> str:
    """Return where realised recall is below the same limit, as its own alert has it."""
    low = f"{newest_live(case, RECALL)} {limit.side.sign} {decimal(limit.value)}"
    return f"({low} and on ({USE_CASE}) {enough_positives(case)})"
