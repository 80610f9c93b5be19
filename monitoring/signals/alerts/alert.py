"""What an alert is, and what it says in the template languages of Prometheus and Grafana."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import Protocol

from monitoring.signals.links import Addresses, Link
from monitoring.signals.metric import Metric, decimal
from monitoring.signals.thresholds import Side
from monitoring.use_case import Severity

VALUE = "<value>"
"""Stands for the measured value in an alert's words."""

_LABEL = re.compile(r"<label ([a-z_]+)>")


def label_value(name: str) -> str:
    """Return what stands in an alert's words for the value of one of its labels."""
    return f"<label {name}>"


class ValueFormat(StrEnum):
    """How a value is written in messages."""

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
        What it means, in the use case's words; `VALUE` and `label_value` may occur in it.
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


_UNKNOWN = "unknown"


def literal(text: str) -> str:
    """Return a template, of Prometheus and of Grafana, that writes `text` and nothing else.

    It holds no brace of the text's own, for one before an action would become a part of it, and
    no `$`, which some versions of Grafana expand from the environment in annotations too.
    """
    return re.sub("[{$]", lambda sign: f'{{{{ "\\x{ord(sign[0]):02x}" }}}}', text)


class Form(Protocol):
    """Writes values into an alert's words; safe where there is no value."""

    def value(self, shown: ValueFormat) -> str:
        """Return the template of the measured value."""
        ...

    def money(self, query: str, words: str) -> str:
        """Return the template of the result of `query`, followed by `words`."""
        ...


class PrometheusForm:
    """Templates of Prometheus: values by name, other figures by query."""

    def value(self, shown: ValueFormat) -> str:
        """Return the template of the measured value."""
        return f"{{{{ $value | {_written(shown)} }}}}"

    def money(self, query: str, words: str) -> str:
        """Return the template of the result of `query`, followed by `words`."""
        amount = f'{{{{ . | first | value | printf "%.0f" }}}} {literal(words)}'
        return f"{{{{ with query `{query}` }}}}{amount}{{{{ else }}}}{_UNKNOWN}{{{{ end }}}}"


class GrafanaForm:
    """Templates of Grafana: values by the letter of their expression, nil under no data.

    `VALUE` and `MONEY` are the letters of the reduced value and of the reduced money. A rule of
    which any query has no data has no data as a whole, so money that is not known is a number
    below 0, which no cost is.
    """

    VALUE = "B"
    MONEY = "E"
    UNKNOWN_MONEY = "or on () vector(-1)"

    def value(self, shown: ValueFormat) -> str:
        """Return the template of the measured value."""
        return self._with(self.VALUE, f"{{{{ .Value | {_written(shown)} }}}}")

    def money(self, query: str, words: str) -> str:  # noqa: ARG002 - the rule runs the query
        """Return the template of the rule's own money expression, followed by `words`."""
        known = f"{{{{ .Value | {_written(ValueFormat.COUNT)} }}}} {literal(words)}"
        safe = f"{{{{ if ge .Value 0.0 }}}}{known}{{{{ else }}}}{_UNKNOWN}{{{{ end }}}}"
        return self._with(self.MONEY, safe)

    def _with(self, letter: str, template: str) -> str:
        return f"{{{{ with $values.{letter} }}}}{template}{{{{ else }}}}{_UNKNOWN}{{{{ end }}}}"


def _written(shown: ValueFormat) -> str:
    return {
        ValueFormat.RATIO: 'printf "%.2f"',
        ValueFormat.COUNT: 'printf "%.0f"',
        ValueFormat.DURATION: "humanizeDuration",
    }[shown]


def texts(alert: Alert, form: Form, addresses: Addresses) -> dict[str, str]:
    """Return the annotations of an alert: what, value, money, and links."""
    value = form.value(alert.shown)
    limit = _limit(alert)
    annotations = {
        "summary": literal(alert.title),
        "description": _filled(literal(alert.meaning), value),
        "value": f"{value} ({limit})" if limit else value,
        "dashboard_url": literal(addresses.panel(alert.link, alert.use_case)),
        "report_url": literal(addresses.reports(alert.use_case)),
        "runbook_url": literal(addresses.runbook(alert.name)),
    }
    if alert.money is not None:
        annotations["money"] = _money(alert.money, form)
    return annotations


def _filled(meaning: str, value: str) -> str:
    """Return the words of an alert with templates in the place of what stands for values."""
    return _LABEL.sub(r"{{ $labels.\1 }}", meaning.replace(VALUE, value))


def labels(alert: Alert) -> dict[str, str]:
    """Return the labels that alerts are routed and grouped by."""
    case = {} if alert.use_case is None else {"use_case": alert.use_case}
    return {**case, "severity": alert.severity_label, **alert.labels}


def _limit(alert: Alert) -> str:
    if alert.shown is ValueFormat.DURATION or alert.severity is None:
        return ""
    return f"fires {alert.side} {decimal(alert.limit)}"


def _money(money: MoneyAtStake, form: Form) -> str:
    return form.money(money.query, f"{money.currency} {money.words}")
