"""Asking a Prometheus: at one moment, over a span of time, many questions at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import requests

from monitoring.errors import TocsinError

if TYPE_CHECKING:
    from monitoring.secrecy import SignIn

_TIMEOUT = 30

_LABEL = re.compile(r"\{\{\s*(\w+)\s*\}\}")

_AT_ONCE = 8
"""Questions that are asked side by side; by default Prometheus works on up to 20 of all askers."""


class PrometheusError(TocsinError, RuntimeError):
    """Prometheus does not answer, or not as asked; the message names the remedy."""


@dataclass(frozen=True)
class Series:
    """A series as Prometheus returned it.

    Attributes
    ----------
    labels
        Without its name.
    times
        Seconds since 1970, ascending.
    values
        As many as `times`; NaN and infinity are among them where the query gives them.
    """

    labels: Mapping[str, str]
    times: tuple[float, ...]
    values: tuple[float, ...]

    @property
    def newest(self) -> float:
        """The last value."""
        return self.values[-1]

    def named(self, template: str) -> str:
        """Return a name in which ``{{label}}`` stands for the value of that label."""
        return _LABEL.sub(lambda found: self.labels.get(found[1], ""), template)


@dataclass(frozen=True)
class Span:
    """A span of time, and how far apart its points are, seconds."""

    start: datetime
    end: datetime
    step: int


class Prometheus:
    """One Prometheus.

    Parameters
    ----------
    url
        Its address.
    sign_in
        Where it asks for basic authentication.
    """

    def __init__(self, url: str, sign_in: SignIn | None = None) -> None:
        self.url = url.rstrip("/")
        self._auth = None if sign_in is None else sign_in.pair

    def at(self, expr: str, moment: datetime) -> tuple[Series, ...]:
        """Return what a query gives at a moment.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        found = self.ask("query", query=expr, time=moment.timestamp())
        return _read(found["result"], found["resultType"])

    def over(self, expr: str, span: Span) -> tuple[Series, ...]:
        """Return what a query gives over a span of time.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        between = {
            "start": span.start.timestamp(),
            "end": span.end.timestamp(),
            "step": span.step,
        }
        return _read(self.ask("query_range", query=expr, **between)["result"], "matrix")

    def each_at(self, queries: Iterable[str], moment: datetime) -> dict[str, tuple[Series, ...]]:
        """Return what several queries give at a moment, by their PromQL.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        return self._each(queries, lambda expr: self.at(expr, moment))

    def each_over(self, queries: Iterable[str], span: Span) -> dict[str, tuple[Series, ...]]:
        """Return what several queries give over a span of time, by their PromQL.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        return self._each(queries, lambda expr: self.over(expr, span))

    def _each(
        self, queries: Iterable[str], ask: Callable[[str], tuple[Series, ...]]
    ) -> dict[str, tuple[Series, ...]]:
        asked = sorted(set(queries))
        with ThreadPoolExecutor(_AT_ONCE) as askers:
            return dict(zip(asked, askers.map(ask, asked), strict=True))

    def ask(self, what: str, **parameters: object) -> Any:
        """Return the data of an answer of its API.

        Raises
        ------
        PrometheusError
            It does not answer.
        """
        method = "POST" if parameters else "GET"
        url = f"{self.url}/api/v1/{what}"
        try:
            answer = requests.request(
                method, url, data=parameters, auth=self._auth, timeout=_TIMEOUT
            )
            answer.raise_for_status()
            return answer.json()["data"]
        except (requests.RequestException, KeyError, TypeError) as error:
            msg = (
                f"Prometheus at {self.url} does not answer: {_reason(error)}; check that it "
                "runs, that TOCSIN_PROMETHEUS_URL names it, and if it asks for a user "
                "TOCSIN_PROMETHEUS_USER and TOCSIN_PROMETHEUS_PASSWORD"
            )
            raise PrometheusError(msg) from error


def _reason(error: Exception) -> str:
    """Return what went wrong in a few words, without what libraries say of themselves."""
    if isinstance(error, requests.ConnectionError):
        return "no connection"
    return str(error)


def _read(result: Any, kind: str) -> tuple[Series, ...]:
    if kind == "scalar":
        return (Series({}, (float(result[0]),), (float(result[1]),)),)
    found = []
    for one in result:
        points = one["values"] if kind == "matrix" else [one["value"]]
        labels = {name: value for name, value in one["metric"].items() if name != "__name__"}
        times, values = zip(*points, strict=True)
        found.append(Series(labels, tuple(map(float, times)), tuple(map(float, values))))
    return tuple(found)
