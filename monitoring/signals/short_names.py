"""Short names that a use case gives to metrics, in MLflow and in recording rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.errors import TocsinError
from monitoring.signals.catalogue import CATALOGUE
from monitoring.signals.metric import Metric, Stage
from monitoring.use_case import ShortName, UseCase

_SUMMED_UP = {"stage", "role"}
"""The labels that a short name settles: the stage it names, and the champion's role."""


class ShortNameError(TocsinError, ValueError):
    """A use case's short name stands for no metric; the message names it and what is allowed."""


@dataclass(frozen=True)
class NamedMetric:
    """A metric under a short name.

    Attributes
    ----------
    stage
        The stage whose figure it shows; None for a metric without stages.
    """

    name: str
    metric: Metric
    stage: Stage | None


_NAMEABLE = {metric.key: metric for metric in CATALOGUE if _SUMMED_UP.issuperset(metric.labels)}
"""The metrics that have one value per use case, or one per stage and role, by their keys."""


def named_metrics(case: UseCase) -> tuple[NamedMetric, ...]:
    """Return the short names that a use case declares, in the catalogue's order of metrics.

    Raises
    ------
    ShortNameError
        A short name is the name of a metric itself, stands for a metric that is not in the
        catalogue or has labels that a short name can't settle, or lacks the metric's stage.
    """
    named = [_named(case, name, declared) for name, declared in case.short_names.items()]
    return tuple(sorted(named, key=lambda one: CATALOGUE.index(one.metric)))


def declared_by(cases: Sequence[UseCase]) -> dict[NamedMetric, tuple[UseCase, ...]]:
    """Return every short name with the use cases that declare it, in the catalogue's order.

    Raises
    ------
    ShortNameError
        As `named_metrics`.
    """
    declaring: dict[NamedMetric, list[UseCase]] = {}
    for case in cases:
        for named in named_metrics(case):
            declaring.setdefault(named, []).append(case)
    in_order = sorted(declaring, key=lambda named: CATALOGUE.index(named.metric))
    return {named: tuple(declaring[named]) for named in in_order}


def _named(case: UseCase, name: str, declared: ShortName) -> NamedMetric:
    where = f"{case.name}: short_names.{name}"
    if name in {metric.name for metric in CATALOGUE}:
        msg = f"{where}: this is the name of a metric itself: choose another"
        raise ShortNameError(msg)
    metric = _NAMEABLE.get(declared.metric)
    if metric is None:
        msg = (
            f"{where}: no metric {declared.metric!r} can have a short name: "
            f"there are {', '.join(sorted(_NAMEABLE))}"
        )
        raise ShortNameError(msg)
    staged = "stage" in metric.labels
    if staged and declared.stage is None:
        msg = f"{where}: {metric.key} is measured in test and in production: give `stage`"
        raise ShortNameError(msg)
    if not staged and declared.stage is not None:
        msg = f"{where}: {metric.key} has no stages: remove `stage`"
        raise ShortNameError(msg)
    return NamedMetric(name, metric, None if declared.stage is None else Stage(declared.stage))
