"""Alert: one rule, said once, before it takes the form of Prometheus or of Grafana."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from monitoring.signals.metric import Metric
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

VALUE = "<value>"
"""Stands for the measured value in an alert's words."""


class Shown(StrEnum):
    """How a value is written for people."""

    RATIO = "ratio"
    COUNT = "count"
    DURATION = "duration"


@dataclass(frozen=True)
class MoneyAtStake:
    """What an alert means in money: a figure that is looked up when it fires.

    Attributes
    ----------
    query
        PromQL; one value, by use case.
    words
        What the figure is.
    """

    metric: Metric
    query: str
    currency: str
    words: str


@dataclass(frozen=True)
class Link:
    """The panel that shows what an alert is about."""

    board: str
    panel: int


@dataclass(frozen=True)
class Alert:
    """One rule.

    Attributes
    ----------
    name
        What kind of alert it is: the runbook has an entry of this name.
    use_case
        Name of the use case; None for what concerns all.
    title
        What happened, in a few words.
    meaning
        What it means, in the use case's words; `VALUE` and ``{{ $labels.x }}`` may stand in it.
    severity
        How loud; None for the watchdog, which no one is to hear.
    value
        PromQL of the measured value, without the last comparison.
    side, limit
        It fires where the value lies strictly on this side of the limit.
    guards
        PromQL that narrows when it fires: ``and on (...) ...``, ``unless on (...) ...``.
    hold
        How long it must last.
    """

    name: str
    use_case: str | None
    title: str
    meaning: str
    severity: Severity | None
    value: str
    side: Side
    limit: float
    link: Link
    shown: Shown = Shown.COUNT
    guards: tuple[str, ...] = ()
    hold: timedelta = timedelta(0)
    money: MoneyAtStake | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def condition(self) -> str:
        """PromQL that has a series exactly where the alert fires."""
        fires = f"{self.value} {self.side.sign} {self.limit:g}"
        return " ".join((fires, *self.guards))

    @property
    def guarded_value(self) -> str:
        """PromQL of the value wherever it counts, for a comparison that is made elsewhere."""
        return " ".join((self.value, *self.guards))

    @property
    def loudness(self) -> str:
        """Value of the label `severity`."""
        return self.severity.value if self.severity else "none"

    @property
    def uid(self) -> str:
        """A stable identity of at most 40 characters."""
        identity = "/".join((self.use_case or "", self.name, self.loudness, *self.labels.values()))
        return f"tocsin-{hashlib.blake2s(identity.encode(), digest_size=12).hexdigest()}"
