"""What a metric is, and a sample of one: a number checked against its declaration."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType

from monitoring.errors import TocsinError

PREFIX = "tocsin"
USE_CASE = "use_case"
"""The label that every metric carries."""
PERFORMANCE_LABELS = ("stage", "role")
"""Those of a figure that says how a model did: on which rows, and as what."""


class Unit(StrEnum):
    """Unit of a metric; its value is the suffix of the name, as Prometheus wants it."""

    RATIO = "ratio"
    FACTOR = "factor"
    CHANGE = "change_ratio"
    ROWS = "rows"
    FEATURES = "features"
    MONEY = "money"
    TIMESTAMP = "timestamp_seconds"
    INFO = "info"
    FLAG = ""


class Direction(StrEnum):
    """Which direction is better."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Stage(StrEnum):
    """Which rows a performance figure is about: the model's test rows, or mature production."""

    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    key
        Its key in use-case files; `monitoring.use_case.Thresholds` has fields of the same names.
    labels
        Labels beside `use_case`, in order.
    """

    key: str
    _: KW_ONLY
    unit: Unit
    title: str
    help: str
    labels: tuple[str, ...] = ()
    good: Direction = Direction.NEITHER

    @property
    def name(self) -> str:
        """Name in Prometheus."""
        named = not self.unit or self.key.endswith(f"_{self.unit}")
        return f"{PREFIX}_{self.key}" if named else f"{PREFIX}_{self.key}_{self.unit}"


def decimal(value: float) -> str:
    """Return the shortest decimal that is exactly this number: 1234567, 0.00001.

    Without an exponent, so that numbers of one length before the point sort as their texts do,
    and so that Prometheus, Grafana and people read the same.
    """
    return format(Decimal(repr(float(value))), "f").removesuffix(".0")


def grouped(value: float) -> str:
    """Return that decimal with its thousands apart, as people read it: 1,234,567."""
    return format(Decimal(decimal(value)), ",f")


def exact_percent(share: float) -> str:
    """Return a share as the percentage that is exactly this number: 30%, 12.5%."""
    return f"{decimal(float(Decimal(repr(float(share))) * 100))}%"


class SampleError(TocsinError, ValueError):
    """A sample does not fit its metric's declaration."""


@dataclass(frozen=True)
class Sample:
    """One number, ready to be published.

    Attributes
    ----------
    value
        In the metric's unit; finite.
    labels
        Exactly the labels that the metric declares; `use_case` is added when it is published.

    Raises
    ------
    SampleError
        The value is not a finite number, or the labels are not the metric's.
    """

    metric: Metric
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not math.isfinite(self.value):
            msg = (
                f"{self.metric.name}: {self.value} is not a number to publish: "
                "leave the sample out and publish a status that explains why"
            )
            raise SampleError(msg)
        if set(self.labels) != set(self.metric.labels):
            msg = (
                f"{self.metric.name}: labels are {', '.join(self.metric.labels) or 'none'}, "
                f"not {', '.join(sorted(self.labels)) or 'none'}"
            )
            raise SampleError(msg)
        ordered = {name: self.labels[name] for name in self.metric.labels}
        object.__setattr__(self, "labels", MappingProxyType(ordered))

    @property
    def series(self) -> tuple[str, ...]:
        """What identifies this sample's series: the name, then the label values."""
        return (self.metric.name, *self.labels.values())

    def __str__(self) -> str:
        inside = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.metric.name}{{{inside}}} {decimal(self.value)}"


def known(metric: Metric, value: float | None, **labels: str) -> tuple[Sample, ...]:
    """Return the sample, or nothing where there is no number: missing is not zero."""
    if value is None or math.isnan(value):
        return ()
    return (Sample(metric, value, labels),)
