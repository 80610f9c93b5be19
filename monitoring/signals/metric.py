"""What a metric is: its name, unit, words and labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

PREFIX = "tocsin"
USE_CASE = "use_case"
"""The label that every metric carries."""


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
    """Which way is good."""

    UP = "up"
    DOWN = "down"
    NEITHER = "neither"


class Stage(StrEnum):
    """Which rows a performance figure is about: the model's test rows, or mature production."""

    TEST = "test"
    PRODUCTION = "production"


@dataclass(frozen=True)
class BriefName:
    """One of the brief's metric names: an MLflow key, and a recording rule in Prometheus.

    Attributes
    ----------
    stage
        The stage it shows; None for metrics without one.
    fraud_only
        Whether the name says fraud, so that it may stand for that use case alone.
    """

    name: str
    stage: Stage | None = None
    fraud_only: bool = False


@dataclass(frozen=True)
class Metric:
    """One metric.

    Attributes
    ----------
    key
        Its short name; `monitoring.use_case.Thresholds` has fields of the same names.
    labels
        Labels beside `use_case`, in order.
    """

    key: str
    unit: Unit
    title: str
    help: str
    labels: tuple[str, ...] = ()
    good: Direction = Direction.NEITHER
    brief: tuple[BriefName, ...] = ()

    @property
    def name(self) -> str:
        """Name in Prometheus."""
        said = not self.unit or self.key.endswith(f"_{self.unit}")
        return f"{PREFIX}_{self.key}" if said else f"{PREFIX}_{self.key}_{self.unit}"
