"""Sample: one number of one metric, checked against the catalogue's declaration of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from monitoring.signals.metric import Metric


class SampleError(ValueError):
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
                "leave the sample out and say why with a status"
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
        """What tells this sample's series from others: the name, then the label values."""
        return (self.metric.name, *self.labels.values())

    def __str__(self) -> str:
        inside = ",".join(f'{name}="{value}"' for name, value in self.labels.items())
        return f"{self.metric.name}{{{inside}}} {self.value:g}"


def known(metric: Metric, value: float | None, **labels: str) -> tuple[Sample, ...]:
    """Return the sample, or nothing where there is no number: missing is not zero."""
    if value is None or math.isnan(value):
        return ()
    return (Sample(metric, value, labels),)
