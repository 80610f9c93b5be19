"""Samples by class, and of averages over classes."""

from __future__ import annotations

from collections.abc import Iterator

from monitoring.drift.verdict import FeatureVerdict
from monitoring.performance.averages import Averages
from monitoring.performance.class_estimate import ClassEstimate
from monitoring.performance.class_scorecard import ClassScorecard
from monitoring.performance.intervals import Ratio
from monitoring.signals.class_metrics import (
    AVERAGED,
    CLASS_COST,
    CLASS_DRIFT,
    CLASS_F1,
    CLASS_INTERVAL,
    CLASS_PRECISION,
    CLASS_RECALL,
    DECIDED,
    ESTIMATED_CLASS,
    ESTIMATED_CLASS_COST,
    EXPECTED_CLASS,
)
from monitoring.signals.metric import Metric, Sample, Stage, known
from monitoring.signals.performance_metrics import F1, PRECISION, RECALL
from monitoring.signals.statuses import Subject, classes_of, status_sample


def averaged_samples(
    averages: dict[str, Averages | None], where: dict[str, str]
) -> Iterator[Sample]:
    """Yield precision, recall and F1 of each average over classes that there is."""
    for name, average in averages.items():
        if average is not None:
            for metric, value in (
                (RECALL, average.recall),
                (PRECISION, average.precision),
                (F1, average.f1),
            ):
                yield from known(AVERAGED, value, **where, average=name, of=metric.key)


def class_samples(card: ClassScorecard, *, stage: Stage, role: str) -> Iterator[Sample]:
    """Yield the samples of a scorecard by class."""
    where = {"stage": stage.value, "role": role}
    yield status_sample(classes_of(stage, role), card.status)
    if card.macro is None:
        return
    names = [one.name for one in card.classes]
    for one, row in zip(card.classes, card.matrix, strict=True):
        own = {**where, "class": one.name}
        yield from _ratio(CLASS_RECALL, RECALL, one.recall, own)
        yield from _ratio(CLASS_PRECISION, PRECISION, one.precision, own)
        yield from _ratio(CLASS_F1, F1, one.f1, own)
        for decided, rows in zip(names, row, strict=True):
            yield from known(DECIDED, rows, **own, decided=decided)
    yield from known(CLASS_COST, card.cost, **where)


def _ratio(metric: Metric, of: Metric, ratio: Ratio, own: dict[str, str]) -> Iterator[Sample]:
    yield from known(metric, ratio.value, **own)
    yield from known(CLASS_INTERVAL, ratio.low, **own, of=of.key, bound="low")
    yield from known(CLASS_INTERVAL, ratio.high, **own, of=of.key, bound="high")


def class_estimate_samples(estimate: ClassEstimate) -> Iterator[Sample]:
    """Yield the samples of an estimate by class."""
    yield status_sample(Subject.CLASS_ESTIMATE, estimate.status)
    for one in estimate.classes:
        own = {"class": one.name}
        yield from known(EXPECTED_CLASS, one.rows, **own)
        for of, ratio in ((RECALL, one.recall), (PRECISION, one.precision), (F1, one.f1)):
            yield from known(ESTIMATED_CLASS, ratio.value, **own, of=of.key)
    yield from known(ESTIMATED_CLASS_COST, estimate.cost)


def class_drift_samples(verdict: FeatureVerdict | None) -> Iterator[Sample]:
    """Yield the samples of the drift of the decided classes; none where there are two values."""
    if verdict is not None:
        yield status_sample(Subject.CLASS_DRIFT, verdict.status)
        yield from known(CLASS_DRIFT, verdict.effect)
