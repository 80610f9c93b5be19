"""Form: the two template languages in which an alert's words are written."""

from __future__ import annotations

from typing import Protocol

from monitoring.signals.alerts.alert import Shown

_UNKNOWN = "not known"


class Form(Protocol):
    """Writes values into an alert's words; safe where there is no value."""

    def value(self, shown: Shown) -> str:
        """Return the template of the measured value."""
        ...

    def money(self, query: str, words: str) -> str:
        """Return the template of the result of `query`, followed by `words`."""
        ...


class PrometheusForm:
    """Templates of Prometheus: values by name, other figures by query."""

    def value(self, shown: Shown) -> str:
        """Return the template of the measured value."""
        return f"{{{{ $value | {_written(shown)} }}}}"

    def money(self, query: str, words: str) -> str:
        """Return the template of the result of `query`, followed by `words`."""
        found = f'{{{{ . | first | value | printf "%.0f" }}}} {words}'
        return f"{{{{ with query `{query}` }}}}{found}{{{{ else }}}}{_UNKNOWN}{{{{ end }}}}"


class GrafanaForm:
    """Templates of Grafana: values by the letter of their expression, nil under no data.

    `VALUE` and `MONEY` are the letters of the reduced value and of the reduced money. A rule of
    which any query has no data has no data as a whole, so money that is not known is a number
    below 0, which no cost is.
    """

    VALUE = "B"
    MONEY = "E"
    UNKNOWN_MONEY = "or on () vector(-1)"

    def value(self, shown: Shown) -> str:
        """Return the template of the measured value."""
        return self._with(self.VALUE, f"{{{{ .Value | {_written(shown)} }}}}")

    def money(self, query: str, words: str) -> str:  # noqa: ARG002 - the rule runs the query
        """Return the template of the rule's own money expression, followed by `words`."""
        known = f"{{{{ .Value | {_written(Shown.COUNT)} }}}} {words}"
        safe = f"{{{{ if ge .Value 0.0 }}}}{known}{{{{ else }}}}{_UNKNOWN}{{{{ end }}}}"
        return self._with(self.MONEY, safe)

    def _with(self, letter: str, found: str) -> str:
        return f"{{{{ with $values.{letter} }}}}{found}{{{{ else }}}}{_UNKNOWN}{{{{ end }}}}"


def _written(shown: Shown) -> str:
    return {
        Shown.RATIO: 'printf "%.2f"',
        Shown.COUNT: 'printf "%.0f"',
        Shown.DURATION: "humanizeDuration",
    }[shown]
