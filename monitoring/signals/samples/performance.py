"""Samples of scorecards and estimates."""

from __future__ import annotations

from monitoring.performance.types import CardStatus, Estimate, Money, Ratio, Scorecard
from monitoring.rows.role import Role
from monitoring.signals.about import About, Unmeasured, performance_of
from monitoring.signals.catalogue import (
    CAPACITY_USED,
    DETECTED,
    ESTIMATE_ERROR,
    ESTIMATED,
    ESTIMATED_COST,
    F1,
    FALSE_ALARM_RATE,
    FALSE_ALARMS,
    INTERVAL,
    LABEL_COVERAGE,
    MISSED,
    MONEY_CAUGHT,
    MONEY_MISSED,
    NET_SAVING,
    POSITIVES,
    PR_AUC,
    PRECISION,
    PRECISION_AT_CAPACITY,
    RECALL,
    RECALL_AT_CAPACITY,
    REVIEW_COST,
    ROC_AUC,
)
from monitoring.signals.metric import Metric, Stage
from monitoring.signals.sample import Sample, known
from monitoring.signals.samples.status import status_sample

_NOTHING_COUNTED = (CardStatus.NO_ROWS, CardStatus.NO_LABELS, CardStatus.NOT_MATURE)


def scorecard_samples(
    card: Scorecard, *, stage: Stage, role: Role, capacity: float | None = None
) -> tuple[Sample, ...]:
    """Return the samples of a scorecard.

    Parameters
    ----------
    capacity
        Alarms that the team can review in the card's window; None where it is unlimited.
    """
    where = {"stage": stage.value, "role": role.value}
    status = status_sample(performance_of(stage, role), card.status)
    live = stage is Stage.PRODUCTION and role is Role.CHAMPION
    coverage = known(LABEL_COVERAGE, card.coverage) if live else ()
    if card.status in _NOTHING_COUNTED:
        return (status, *coverage)
    return (
        status,
        *coverage,
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
        *_money(card.money, where),
    )


def estimate_samples(estimate: Estimate) -> tuple[Sample, ...]:
    """Return the samples of an estimate, under names of its own."""
    ratios = (
        (RECALL, estimate.recall),
        (PRECISION, estimate.precision),
        (F1, estimate.f1),
        (PR_AUC, estimate.pr_auc),
    )
    return (
        status_sample(About.ESTIMATE, estimate.status),
        *(s for metric, ratio in ratios for s in known(ESTIMATED, ratio.value, of=metric.key)),
        *known(ESTIMATED_COST, estimate.cost),
    )


def error_samples(estimated: Estimate | None, realised: Scorecard) -> tuple[Sample, ...]:
    """Return how far an estimate lay from the truth, once the labels of its window came.

    Only a realised figure that may be judged says anything about the estimate.

    Parameters
    ----------
    estimated
        What was estimated for the window of `realised`; None where nobody did.
    """
    if estimated is None:
        return (status_sample(About.ESTIMATE_ERROR, Unmeasured.NO_ESTIMATE),)
    before, after = estimated.recall.value, realised.recall.value
    status = realised.status if before is not None else estimated.status
    told = status_sample(About.ESTIMATE_ERROR, status)
    if status is not CardStatus.JUDGED or before is None or after is None:
        return (told,)
    return (*known(ESTIMATE_ERROR, abs(before - after)), told)


def _ratio(metric: Metric, ratio: Ratio | None, where: dict[str, str]) -> tuple[Sample, ...]:
    if ratio is None:
        return ()
    return (
        *known(metric, ratio.value, **where),
        *known(INTERVAL, ratio.low, **where, of=metric.key, bound="low"),
        *known(INTERVAL, ratio.high, **where, of=metric.key, bound="high"),
    )


def _money(money: Money | None, where: dict[str, str]) -> tuple[Sample, ...]:
    if money is None:
        return ()
    return (
        *known(MONEY_CAUGHT, money.caught, **where),
        *known(MONEY_MISSED, money.missed, **where),
        *known(REVIEW_COST, money.reviews + money.false_alarms, **where),
        *known(NET_SAVING, money.net_saving, **where),
    )
