"""Samples of scorecards and estimates."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from monitoring.performance.class_scorecard import ClassScorecard
from monitoring.performance.cost_attribution import CostAttribution
from monitoring.performance.cost_curve import CostStep
from monitoring.performance.estimate import Estimate
from monitoring.performance.intervals import Ratio
from monitoring.performance.money import Money
from monitoring.performance.scorecard import NOTHING_COUNTED, CardStatus, Scorecard
from monitoring.rows.rows import Role
from monitoring.signals.class_metrics import ACCURACY
from monitoring.signals.metric import Metric, Sample, Stage, decimal, known
from monitoring.signals.performance_metrics import (
    ALARMS_AT,
    CAPACITY_USED,
    COST_AT,
    COST_OF_DRIFT,
    DETECTED,
    ESTIMATE_COST_ERROR,
    ESTIMATE_ERROR,
    ESTIMATE_HELD,
    ESTIMATED,
    ESTIMATED_COST,
    ESTIMATED_COST_INTERVAL,
    ESTIMATED_INTERVAL,
    ESTIMATED_POSITIVES,
    F1,
    FALSE_ALARM_RATE,
    FALSE_ALARMS,
    INTERVAL,
    LABEL_COVERAGE,
    MISSED,
    MISSED_AT,
    MONEY_CAUGHT,
    MONEY_MISSED,
    NET_SAVING,
    POSITIVES,
    PR_AUC,
    PRECISION,
    PRECISION_AT_CAPACITY,
    RECALL,
    RECALL_AT_CAPACITY,
    RETURN_ON_COST,
    RETURN_ON_COST_INTERVAL,
    REVIEW_COST,
    ROC_AUC,
)
from monitoring.signals.samples.class_samples import averaged_samples
from monitoring.signals.samples.hidden_samples import hidden_samples
from monitoring.signals.statuses import Subject, Unmeasured, money_of, performance_of, status_sample


def scorecard_samples(
    card: Scorecard,
    *,
    stage: Stage,
    role: str,
    capacity: float | None = None,
    figures: Collection[str] = (),
    classes: ClassScorecard | None = None,
) -> tuple[Sample, ...]:
    """Return the samples of a scorecard.

    Parameters
    ----------
    role
        A `Role`, or that of one arm: ``arm lightgbm``.
    capacity
        Alarms that the team can review in the card's window; None where it is unlimited.
    figures
        Those that the use case names, beside the usual ones.
    classes
        The figures by class of the same rows, where the target has more than two: averages are
        over these.
    """
    where = {"stage": stage.value, "role": str(role)}
    status = status_sample(performance_of(stage, role), card.status)
    live = stage is Stage.PRODUCTION and role == Role.CHAMPION
    coverage = known(LABEL_COVERAGE, card.coverage) if live else ()
    hidden = hidden_samples(card) if live else ()
    if card.status in NOTHING_COUNTED:
        return (status, *coverage, *hidden)
    averages = (classes or card).averages
    right = None if averages["overall"] is None else averages["overall"].recall
    return (
        status,
        *coverage,
        *hidden,
        *known(POSITIVES, card.positives, **where),
        *known(DETECTED, card.detected, **where),
        *known(MISSED, card.missed, **where),
        *known(FALSE_ALARMS, card.false_alarms, **where),
        *known(CAPACITY_USED, card.alarms / capacity if capacity else None, **where),
        *_ratio(RECALL, card.recall, where),
        *_ratio(PRECISION, card.precision, where),
        *_ratio(F1, card.f1, where),
        *_ratio(FALSE_ALARM_RATE, card.false_alarm_rate, where),
        *_ratio(PR_AUC, card.pr_auc, where),
        *_ratio(ROC_AUC, card.roc_auc, where),
        *_ratio(PRECISION_AT_CAPACITY, card.precision_at_capacity, where),
        *_ratio(RECALL_AT_CAPACITY, card.recall_at_capacity, where),
        *averaged_samples(averages, where),
        *(known(ACCURACY, right, **where) if ACCURACY.key in figures else ()),
        *_money(card.money, where),
        *_money_status(card.money, stage, role),
    )


def cost_samples(steps: Sequence[CostStep]) -> tuple[Sample, ...]:
    """Return the samples of a cost curve, three for each of its few thresholds."""
    samples: list[Sample] = []
    for step in steps:
        where = {"threshold": decimal(step.threshold), "used": "yes" if step.used else "no"}
        samples += known(COST_AT, step.cost, **where)
        samples += known(ALARMS_AT, step.alarms, **where)
        samples += known(MISSED_AT, step.missed, **where)
    return tuple(samples)


def attribution_samples(attribution: CostAttribution) -> tuple[Sample, ...]:
    """Return the samples of what the features that drifted add to the cost."""
    samples: list[Sample] = []
    for part in attribution.parts:
        of = "others" if part.feature is None else "feature"
        samples += known(COST_OF_DRIFT, part.amount, of=of, feature=part.name)
    samples += known(COST_OF_DRIFT, attribution.remainder, of="remainder", feature="remainder")
    return tuple(samples)


def estimate_samples(estimate: Estimate) -> tuple[Sample, ...]:
    """Return the samples of an estimate, under names of its own."""
    return (
        status_sample(Subject.ESTIMATE, estimate.status),
        *(
            sample
            for metric, ratio in _estimated(estimate)
            for sample in (
                *known(ESTIMATED, ratio.value, of=metric.key),
                *known(ESTIMATED_INTERVAL, ratio.low, of=metric.key, bound="low"),
                *known(ESTIMATED_INTERVAL, ratio.high, of=metric.key, bound="high"),
            )
        ),
        *known(ESTIMATED_POSITIVES, estimate.positives if estimate.rows else None),
        *_estimated_cost(estimate),
    )


def error_samples(
    estimated: Estimate | None, realised: Scorecard, *, version: str | None = None
) -> tuple[Sample, ...]:
    """Return how far an estimate lay from the truth, once the labels of its window came.

    Only a realised figure that may be judged measures the estimate.

    Parameters
    ----------
    estimated
        What was estimated for the window of `realised`; None where nothing was.
    version
        Of the model that scored the window, where it is known.
    """
    if estimated is None:
        return (status_sample(Subject.ESTIMATE_ERROR, Unmeasured.NO_ESTIMATE),)
    made = estimated.recall.value is not None
    status = realised.status if made else estimated.status
    about = status_sample(Subject.ESTIMATE_ERROR, status)
    if not made or status is not CardStatus.JUDGED:
        return (about,)
    truth = {
        RECALL: realised.recall,
        PRECISION: realised.precision,
        F1: realised.f1,
        PR_AUC: realised.pr_auc,
        ROC_AUC: realised.roc_auc,
        FALSE_ALARM_RATE: realised.false_alarm_rate,
    }
    return (
        *(
            sample
            for metric, ratio in _estimated(estimated)
            for sample in known(
                ESTIMATE_ERROR, _distance(ratio.value, truth[metric].value), of=metric.key
            )
        ),
        *known(
            ESTIMATE_COST_ERROR,
            _distance(
                None if estimated.cost is None else estimated.cost.value,
                None if realised.money is None else realised.money.cost,
            ),
        ),
        *_held(estimated.recall, realised.recall, version),
        about,
    )


def _held(estimated: Ratio, realised: Ratio, version: str | None) -> tuple[Sample, ...]:
    low, high, value = estimated.low, estimated.high, realised.value
    if low is None or high is None or value is None or version is None:
        return ()
    return known(ESTIMATE_HELD, int(low <= value <= high), version=version)


def _estimated(estimate: Estimate) -> tuple[tuple[Metric, Ratio], ...]:
    return (
        (RECALL, estimate.recall),
        (PRECISION, estimate.precision),
        (F1, estimate.f1),
        (PR_AUC, estimate.pr_auc),
        (ROC_AUC, estimate.roc_auc),
        (FALSE_ALARM_RATE, estimate.false_alarm_rate),
    )


def _estimated_cost(estimate: Estimate) -> tuple[Sample, ...]:
    cost = estimate.cost
    if cost is None:
        return ()
    return (
        *known(ESTIMATED_COST, cost.value),
        *known(ESTIMATED_COST_INTERVAL, cost.low, bound="low"),
        *known(ESTIMATED_COST_INTERVAL, cost.high, bound="high"),
    )


def _distance(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else abs(before - after)


def _ratio(metric: Metric, ratio: Ratio | None, where: dict[str, str]) -> tuple[Sample, ...]:
    if ratio is None:
        return ()
    return (
        *known(metric, ratio.value, **where),
        *known(INTERVAL, ratio.low, **where, of=metric.key, bound="low"),
        *known(INTERVAL, ratio.high, **where, of=metric.key, bound="high"),
    )


def _money_status(money: Money | None, stage: Stage, role: str) -> tuple[Sample, ...]:
    """Return why money is absent, or that some of it is taken for the mean; else nothing."""
    if money is not None and not money.unpriced:
        return ()
    status = Unmeasured.NO_AMOUNTS if money is None else Unmeasured.AMOUNTS_MISSING
    return (status_sample(money_of(stage, role), status),)


def _money(money: Money | None, where: dict[str, str]) -> tuple[Sample, ...]:
    if money is None:
        return ()
    return (
        *known(MONEY_CAUGHT, money.caught, **where),
        *known(MONEY_MISSED, money.missed, **where),
        *known(REVIEW_COST, money.reviews + money.false_alarms, **where),
        *known(NET_SAVING, money.net_saving, **where),
        *known(RETURN_ON_COST, money.return_on_cost.value, **where),
        *known(RETURN_ON_COST_INTERVAL, money.return_on_cost.low, **where, bound="low"),
        *known(RETURN_ON_COST_INTERVAL, money.return_on_cost.high, **where, bound="high"),
    )
