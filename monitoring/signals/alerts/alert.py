"""What an alert is: when it fires, what it means, where it is seen."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from monitoring.signals.links import Link
from monitoring.signals.metric import Metric, decimal, exact_percent, grouped
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

VALUE = "<value>"
"""Stands for the measured value and its limit in an alert's words: ``57% (limit 60%)``."""


def label_value(name: str) -> str:
    """Return what stands in an alert's words for the value of one of its labels."""
    return f"<label {name}>"


class ValueFormat(StrEnum):
    """How a value is written in messages."""

    RATIO = "ratio"
    POINTS = "points"
    COUNT = "count"
    FLAG = "flag"
    DURATION = "duration"

    def limit(self, value: float) -> str:
        """Return a limit as it is written: 60%, 1,000."""
        return grouped(value) if self is ValueFormat.COUNT else exact_percent(value)


@dataclass(frozen=True)
class MoneyAtStake:
    """What an alert means in money: a figure that is looked up when it fires.

    Attributes
    ----------
    query
        PromQL; one value, by use case.
    words
        What the figure is: ``lost to missed frauds``.
    """

    metric: Metric
    query: str
    currency: str
    words: str


@dataclass(frozen=True)
class Counts:
    """The counts behind a ratio, looked up when its alert fires: ``24 of 29 features``.

    Attributes
    ----------
    part, whole
        PromQL; one value each, by use case.
    of
        What is counted, in the plural.
    """

    part: str
    whole: str
    of: str


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
        What it means, in the use case's words; `VALUE` and `label_value` may occur in it. Where
        there are `counts`, `VALUE` reads ``24 of 29 features (83%, limit 30%)``.
    severity
        None for the watchdog, which notifies nobody.
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
    shown: ValueFormat = ValueFormat.COUNT
    guards: tuple[str, ...] = ()
    hold: timedelta = timedelta(0)
    money: MoneyAtStake | None = None
    counts: Counts | None = None
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def condition(self) -> str:
        """PromQL that has a series exactly where the alert fires."""
        fires = f"{self.value} {self.side.sign} {decimal(self.limit)}"
        return " ".join((fires, *self.guards))

    @property
    def guarded_value(self) -> str:
        """PromQL of the value wherever it counts, for a comparison that is made elsewhere."""
        return " ".join((self.value, *self.guards))

    @property
    def limit_words(self) -> str:
        """The limit as people read it; nothing where it says no more than that the alert fires."""
        if self.shown is ValueFormat.FLAG or self.shown is ValueFormat.DURATION:
            return ""
        if self.shown is ValueFormat.COUNT and not self.limit:
            return ""
        return f"limit {self.shown.limit(self.limit)}"

    @property
    def severity_label(self) -> str:
        """Value of the label `severity`."""
        return self.severity.value if self.severity else "none"

    @property
    def uid(self) -> str:
        """A stable identity of at most 40 characters."""
        identity = "/".join(
            (self.use_case or "", self.name, self.severity_label, *self.labels.values())
        )
        return f"tocsin-{hashlib.blake2s(identity.encode(), digest_size=12).hexdigest()}"


def labels(alert: Alert) -> dict[str, str]:
    """Return the labels that alerts are routed and grouped by."""
    case = {} if alert.use_case is None else {"use_case": alert.use_case}
    return {**case, "severity": alert.severity_label, **alert.labels}
