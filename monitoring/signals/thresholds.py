"""Business thresholds, from which alerts, panel lines and the README's table are generated."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from monitoring.errors import TocsinError
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.metric import Direction, Metric
from monitoring.signals.performance_metrics import F1, PRECISION, RECALL
from monitoring.use_case import Severity, Threshold, Thresholds, UseCase


class Side(StrEnum):
    """On which side of its value a threshold is crossed; the value itself never is."""

    BELOW = "below"
    ABOVE = "above"

    @property
    def sign(self) -> str:
        """The comparison that holds where the threshold is crossed."""
        return "<" if self is Side.BELOW else ">"

    @property
    def opposite(self) -> str:
        """The comparison that holds where it is not."""
        return ">=" if self is Side.BELOW else "<="


@dataclass(frozen=True)
class BusinessThreshold:
    """One limit, past which an alert of one severity fires."""

    metric: Metric
    side: Side
    severity: Severity
    value: float


class ThresholdError(TocsinError, ValueError):
    """A use case's threshold can't be watched; the message names it and what is allowed."""


METRICS: dict[str, Metric] = {
    metric.key: metric for metric in CATALOGUE if metric.key in Thresholds.model_fields
}
"""The metrics that may have business thresholds, by the name of their field in `Thresholds`."""

NEEDS_POSITIVES = (RECALL, PRECISION, F1)
"""Ratios that are not judged below the use case's minimum of positives."""


def bad_side(metric: Metric) -> Side:
    """Return the side on which a metric is worse."""
    return Side.BELOW if metric.good is Direction.UP else Side.ABOVE


def business_thresholds(case: UseCase) -> tuple[BusinessThreshold, ...]:
    """Return a use case's thresholds, in the order of its fields, the lower severity first.

    Raises
    ------
    ThresholdError
        A threshold lies on the side on which its metric is good.
    """
    thresholds: list[BusinessThreshold] = []
    for key, metric in _in_order_of_fields():
        threshold: Threshold | None = getattr(case.thresholds, key)
        if threshold is None:
            continue
        side = Side.BELOW if threshold.below is not None else Side.ABOVE
        if side is not bad_side(metric):
            msg = (
                f"{case.name}: thresholds.{key}: {metric.title.lower()} is good when it is "
                f"{metric.good}, so it may have `{bad_side(metric)}`, not `{side}`"
            )
            raise ThresholdError(msg)
        limits = threshold.below or threshold.above
        assert limits is not None  # noqa: S101  # nosec B101 # the use case was checked to have one of the two
        thresholds += [
            BusinessThreshold(metric, side, name, value) for name, value in limits.items()
        ]
    return tuple(thresholds)


def _in_order_of_fields() -> list[tuple[str, Metric]]:
    return [(key, METRICS[key]) for key in Thresholds.model_fields]
