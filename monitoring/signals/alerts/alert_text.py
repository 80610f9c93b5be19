"""What an alert says, in the template languages of Prometheus and of Grafana."""

from __future__ import annotations

import re
from typing import Protocol

from monitoring.signals.alerts.alert import VALUE, Alert, Counts, MoneyAtStake, ValueFormat
from monitoring.signals.links import Addresses
from monitoring.signals.metric import USE_CASE

_LABEL = re.compile(r"<label ([a-z_]+)>")

# A dollar sign by its number: some versions of Grafana expand those from the environment.
_THOUSANDS = r'reReplaceAll "^(-?[0-9]+)([0-9]{3})\x24" "\x241,\x242"'
_MILLIONS = r'reReplaceAll "^(-?[0-9]+)([0-9]{3})," "\x241,\x242,"'
_COUNT = f'printf "%.0f" | {_THOUSANDS} | {_MILLIONS}'
_WRITTEN = {
    ValueFormat.RATIO: "humanizePercentage",
    ValueFormat.POINTS: 'humanizePercentage | reReplaceAll "%" " points"',
    ValueFormat.COUNT: _COUNT,
    ValueFormat.FLAG: _COUNT,
    ValueFormat.DURATION: "humanizeDuration",
}
"""How a number becomes text, in both languages."""

_UNKNOWN = "unknown"
"""What a rule of Grafana says that can't be evaluated; what is sent then is another message."""


def literal(text: str) -> str:
    """Return a template, of Prometheus and of Grafana, that writes `text` and nothing else.

    It holds no brace of the text's own, for one before an action would become a part of it, and
    no `$`, which some versions of Grafana expand from the environment in annotations too.
    """
    return re.sub("[{$]", lambda sign: f'{{{{ "\\x{ord(sign[0]):02x}" }}}}', text)


class Form(Protocol):
    """Writes figures into an alert's words."""

    def value(self, shown: ValueFormat) -> str:
        """Return the template of the measured value."""
        ...

    def counted(self, counts: Counts, known: str, unknown: str) -> str:
        """Return the template of both counts and `known`; of `unknown` where they are not known."""
        ...

    def money(self, money: MoneyAtStake) -> str:
        """Return the template of an amount and what it is; of nothing where it is not known."""
        ...


class PrometheusForm:
    """Templates of Prometheus: the value by name, other figures by query."""

    def value(self, shown: ValueFormat) -> str:
        """Return the template of the measured value."""
        return f"{{{{ $value | {_WRITTEN[shown]} }}}}"

    def counted(self, counts: Counts, known: str, unknown: str) -> str:
        """Return the template of both counts and `known`; of `unknown` where they are not known."""
        both = f"({counts.part}) and on ({USE_CASE}) ({counts.whole})"
        said = f"{self._first(counts.part)} of {self._first(counts.whole)} {known}"
        return f"{{{{ if query `{both}` }}}}{said}{{{{ else }}}}{unknown}{{{{ end }}}}"

    def money(self, money: MoneyAtStake) -> str:
        """Return the template of an amount and what it is; of nothing where it is not known."""
        amount = f"{money.currency} {self._first(money.query)} {literal(money.words)}"
        return f"{{{{ if query `{money.query}` }}}}{amount}{{{{ end }}}}"

    def _first(self, query: str) -> str:
        return f"{{{{ query `{query}` | first | value | {_WRITTEN[ValueFormat.COUNT]} }}}}"


class GrafanaForm:
    """Templates of Grafana: figures by the letter of their expression, nil under no data.

    A rule of which any query has no data has no data as a whole, so a figure that is looked up
    and not known is a number below 0, which no count and no cost is.
    """

    VALUE, MONEY, PART, WHOLE = "B", "E", "G", "I"
    """The letters of the reduced expressions."""

    KNOWN_OR_LESS = "or on () vector(-1)"

    def value(self, shown: ValueFormat) -> str:
        """Return the template of the measured value."""
        known = f"{{{{ .Value | {_WRITTEN[shown]} }}}}"
        return f"{{{{ with $values.{self.VALUE} }}}}{known}{{{{ else }}}}{_UNKNOWN}{{{{ end }}}}"

    def counted(self, counts: Counts, known: str, unknown: str) -> str:  # noqa: ARG002 - the rule runs the queries
        """Return the template of both counts and `known`; of `unknown` where they are not known."""
        part, whole = self._known(self.PART), self._known(self.WHOLE)
        said = f"{self._count(self.PART)} of {self._count(self.WHOLE)} {known}"
        return f"{{{{ if and ({part}) ({whole}) }}}}{said}{{{{ else }}}}{unknown}{{{{ end }}}}"

    def money(self, money: MoneyAtStake) -> str:
        """Return the template of an amount and what it is; of nothing where it is not known."""
        amount = f"{money.currency} {self._count(self.MONEY)} {literal(money.words)}"
        return f"{{{{ if {self._known(self.MONEY)} }}}}{amount}{{{{ end }}}}"

    def _known(self, letter: str) -> str:
        return f"and $values.{letter} (ge $values.{letter}.Value 0.0)"

    def _count(self, letter: str) -> str:
        return f"{{{{ $values.{letter}.Value | {_WRITTEN[ValueFormat.COUNT]} }}}}"


def texts(alert: Alert, form: Form, addresses: Addresses) -> dict[str, str]:
    """Return the annotations of an alert: what, value, money, and links."""
    annotations = {
        "summary": literal(alert.title),
        "description": _filled(literal(alert.meaning), _value(alert, form)),
        "dashboard_url": literal(addresses.panel(alert.link, alert.use_case)),
        "report_url": literal(addresses.reports(alert.use_case)),
        "runbook_url": literal(addresses.runbook(alert.name)),
    }
    if alert.shown is not ValueFormat.FLAG:
        annotations["value"] = _with_limit(alert, form.value(alert.shown))
    if alert.money is not None:
        annotations["money"] = form.money(alert.money)
    return annotations


def _value(alert: Alert, form: Form) -> str:
    """Return the template of the value in a sentence: ``24 of 29 features (83%, limit 30%)``."""
    value = form.value(alert.shown)
    if alert.counts is None:
        return _with_limit(alert, value)
    of = literal(alert.counts.of)
    known = f"{of} ({value}, {alert.limit_words})"
    return form.counted(alert.counts, known, _with_limit(alert, f"{value} of the {of}"))


def _with_limit(alert: Alert, value: str) -> str:
    return f"{value} ({alert.limit_words})" if alert.limit_words else value


def _filled(meaning: str, value: str) -> str:
    """Return the words of an alert with templates in the place of what stands for values."""
    return _LABEL.sub(r"{{ $labels.\1 }}", meaning).replace(VALUE, value)
