"""Alerts on a model's figures, one for every threshold that a use case sets."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.signals.alerts.alert import VALUE, Alert, Counts, MoneyAtStake, ValueFormat
from monitoring.signals.alerts.inhibition import unless_broken, unless_stale
from monitoring.signals.catalogue import (
    DRIFT_SCORE,
    DRIFTED_FEATURES,
    QUARANTINED,
    TESTED_FEATURES,
)
from monitoring.signals.links import CasePanel, Link, board_of
from monitoring.signals.metric import USE_CASE, Metric, Unit, decimal
from monitoring.signals.performance_metrics import (
    CAPACITY_USED,
    DETECTED,
    ESTIMATE_ERROR,
    ESTIMATED_COST,
    F1,
    FALSE_ALARMS,
    LABEL_COVERAGE,
    LABEL_PROBLEMS,
    MISSED,
    MONEY_MISSED,
    POSITIVES,
    PRECISION,
    RECALL,
    REVIEW_COST,
)
from monitoring.signals.pipelines import Pipeline, look_back
from monitoring.signals.promql import live, newest, now
from monitoring.signals.thresholds import (
    NEEDS_POSITIVES,
    BusinessThreshold,
    Side,
    business_thresholds,
)
from monitoring.use_case import Severity, UseCase
from monitoring.wording import capitalised

_PANELS = {
    RECALL: CasePanel.PERFORMANCE_OVER_TIME,
    PRECISION: CasePanel.PERFORMANCE_OVER_TIME,
    F1: CasePanel.PERFORMANCE_OVER_TIME,
    MISSED: CasePanel.IMPACT,
    CAPACITY_USED: CasePanel.CAPACITY,
    DRIFT_SCORE: CasePanel.DRIFT_OVER_TIME,
    LABEL_COVERAGE: CasePanel.COVERAGE,
    ESTIMATE_ERROR: CasePanel.ESTIMATE_ERROR,
    QUARANTINED: CasePanel.QUARANTINED,
    LABEL_PROBLEMS: CasePanel.LABEL_PROBLEMS,
}


_COUNTED_BY_REASON = (QUARANTINED, LABEL_PROBLEMS)
"""Metrics with a series per reason, which the alert adds up."""


def business_alerts(case: UseCase) -> tuple[Alert, ...]:
    """Return an alert for each business threshold of a use case."""
    thresholds = business_thresholds(case)
    return tuple(_alert(case, threshold, thresholds) for threshold in thresholds)


def alert_name(metric: Metric, side: Side) -> str:
    """Return the name of a metric's alert: RecallLow, MissedHigh."""
    words = "".join(word.capitalize() for word in metric.key.split("_"))
    return f"{words}{'Low' if side is Side.BELOW else 'High'}"


def newest_live(case: UseCase, metric: Metric) -> str:
    """Return the newest value that a business alert looks at."""
    return newest(
        metric,
        case.name,
        look_back(case, Pipeline.REPORT),
        how="sum" if metric in _COUNTED_BY_REASON else "max",
        **live(metric),
    )


def unless_critical(
    value: str, threshold: BusinessThreshold, others: Sequence[BusinessThreshold]
) -> str:
    """Return a value that a threshold looks at: of a warning, only up to the critical limit."""
    if threshold.severity is not Severity.WARNING:
        return value
    critical = (
        one
        for one in others
        if one.metric is threshold.metric and one.severity is Severity.CRITICAL
    )
    limit = next(critical, None)
    return value if limit is None else f"({value} {limit.side.opposite} {decimal(limit.value)})"


def enough_positives(case: UseCase) -> str:
    """Return PromQL that has a series where realised figures may be judged."""
    return f"{newest_live(case, POSITIVES)} >= {case.min_positives}"


def _alert(
    case: UseCase, threshold: BusinessThreshold, others: tuple[BusinessThreshold, ...]
) -> Alert:
    metric, side, shown = threshold.metric, threshold.side, _shown(threshold.metric)
    return Alert(
        name=alert_name(metric, side),
        use_case=case.name,
        title=f"{case.title}: {_subject(case, metric)} {side} {shown.limit(threshold.value)}",
        meaning=_meaning(case, metric),
        severity=threshold.severity,
        value=unless_critical(newest_live(case, metric), threshold, others),
        side=side,
        limit=threshold.value,
        link=Link(board_of(case.name), _PANELS[metric]),
        shown=shown,
        guards=tuple(_guards(case, metric)),
        money=_money(case, metric),
        counts=_counts(case, metric),
    )


def _shown(metric: Metric) -> ValueFormat:
    if metric is ESTIMATE_ERROR:
        return ValueFormat.POINTS
    return ValueFormat.RATIO if metric.unit is Unit.RATIO else ValueFormat.COUNT


def _subject(case: UseCase, metric: Metric) -> str:
    return f"missed {case.words.positives}" if metric is MISSED else metric.title.lower()


def _guards(case: UseCase, metric: Metric) -> list[str]:
    guards = []
    if metric in NEEDS_POSITIVES:
        guards.append(f"and on ({USE_CASE}) {enough_positives(case)}")
    if metric is QUARANTINED:
        guards.append(unless_broken(case))
    return [*guards, unless_stale(case, Pipeline.REPORT)]


def _meaning(case: UseCase, metric: Metric) -> str:
    one, many = case.words.positive, case.words.positives
    mature = "in the newest mature window"
    return {
        RECALL: f"The model caught {VALUE} {mature}.",
        PRECISION: f"Of what was flagged {mature}, {VALUE} were {many}.",
        F1: f"F1 of the class {one} was {VALUE} {mature}.",
        MISSED: f"{capitalised(many)} that the model missed {mature}: {VALUE}.",
        CAPACITY_USED: f"Alarms came to {VALUE} of what the team can review.",
        DRIFT_SCORE: f"No longer distributed as in training: {VALUE}.",
        LABEL_COVERAGE: f"Only {VALUE} of the rows {mature} have their label, so what is said of "
        "recall and money there may mislead.",
        ESTIMATE_ERROR: f"Recall as estimated before the labels came was wrong by {VALUE}: the "
        "scores may no longer mean what they did, as when a new kind of "
        f"{one} appears.",
        QUARANTINED: f"Rows that did not pass the schema check, and were not scored: {VALUE}.",
        LABEL_PROBLEMS: "Labels that contradict the first of their row, came before their event, "
        f"or belong to no row or to several: {VALUE}.",
    }[metric]


def _counts(case: UseCase, metric: Metric) -> Counts | None:
    """Return the counts that a ratio is made of, where a reader would ask of how many it is."""
    if metric is RECALL:
        caught, there = (newest_live(case, one) for one in (DETECTED, POSITIVES))
        return Counts(caught, there, case.words.positives)
    if metric is PRECISION:
        caught = newest_live(case, DETECTED)
        alarms = f"{caught} + on ({USE_CASE}) {newest_live(case, FALSE_ALARMS)}"
        return Counts(caught, alarms, "alarms")
    if metric is DRIFT_SCORE:
        drifted, tested = (newest_live(case, one) for one in (DRIFTED_FEATURES, TESTED_FEATURES))
        return Counts(drifted, tested, "features")
    return None


def _money(case: UseCase, metric: Metric) -> MoneyAtStake:
    estimate = "estimated cost of the newest window"
    stake, words = {
        RECALL: (MONEY_MISSED, f"lost to missed {case.words.positives}"),
        F1: (MONEY_MISSED, f"lost to missed {case.words.positives}"),
        MISSED: (MONEY_MISSED, f"lost to missed {case.words.positives}"),
        PRECISION: (REVIEW_COST, "spent on alarms"),
        CAPACITY_USED: (REVIEW_COST, "spent on alarms"),
        QUARANTINED: (ESTIMATED_COST, f"{estimate}, without these rows"),
    }.get(metric, (ESTIMATED_COST, estimate))
    # An estimate that the newest push lacks is unknown: an older one is of another window.
    query = now(stake, case.name) if stake is ESTIMATED_COST else newest_live(case, stake)
    return MoneyAtStake(stake, query, case.costs.currency, words)
