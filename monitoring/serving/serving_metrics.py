"""What the server counts of its own answers, for Prometheus to scrape at `/metrics`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from monitoring.signals.promql import (
    SERVE_ARM_FAILURES,
    SERVE_COMPONENT_UP,
    SERVE_DECISIONS,
    SERVE_ERRORS,
    SERVE_SCORE,
    SERVE_SECONDS,
    SERVE_UNSEEN,
)

if TYPE_CHECKING:
    from monitoring.serving.live_models import LiveModel
    from monitoring.serving.scoring import Prediction

_SECONDS = (0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 5, 10)
_SCORES = tuple(tenth / 10 for tenth in range(1, 11))


class ServingMetrics:
    """Counters and histograms of one server."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            SERVE_SECONDS,
            "Time from a request to its answer.",
            ["route", "status"],
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._scores = Histogram(
            SERVE_SCORE,
            "Scores that were answered.",
            ["use_case", "model_version"],
            buckets=_SCORES,
            registry=self._registry,
        )
        self._decisions = Counter(
            SERVE_DECISIONS,
            "Decisions that were answered: alarm, control or none, or the class that was decided.",
            ["use_case", "decision"],
            registry=self._registry,
        )
        self._errors = Counter(
            SERVE_ERRORS,
            "Requests that were refused or failed, by the kind of error.",
            ["route", "kind"],
            registry=self._registry,
        )
        self._unseen = Counter(
            SERVE_UNSEEN,
            "Rows scored with a category that the model never saw in training, by column.",
            ["use_case", "column"],
            registry=self._registry,
        )
        self._arm_failures = Counter(
            SERVE_ARM_FAILURES,
            "Rows that an arm could not score, and the champion answered in its place.",
            ["use_case", "model_version"],
            registry=self._registry,
        )
        self._version = Gauge(
            "tocsin_serve_model_loaded_timestamp_seconds",
            "When the version that answers was loaded.",
            ["use_case", "model_version"],
            registry=self._registry,
        )

        self._components = Gauge(
            SERVE_COMPONENT_UP,
            "Whether a component that shows no metrics of its own answers this server.",
            ["component"],
            registry=self._registry,
        )

    def answered(self, route: str, status: int, seconds: float) -> None:
        """Count an answer."""
        self._seconds.labels(route, str(status)).observe(seconds)

    def failed(self, route: str, kind: str) -> None:
        """Count a request that got no answer but an error."""
        self._errors.labels(route, kind).inc()

    def arm_failed(self, arm: LiveModel, rows: int) -> None:
        """Count rows that an arm could not score."""
        self._arm_failures.labels(arm.case.name, arm.version).inc(rows)

    def predicted(self, use_case: str, predictions: Sequence[Prediction]) -> None:
        """Count what was said of rows."""
        for prediction in predictions:
            self._scores.labels(use_case, prediction.model_version).observe(prediction.score)
            of_two = "alarm" if prediction.alarm else "control" if prediction.control else "none"
            self._decisions.labels(use_case, prediction.decision or of_two).inc()
            for column in prediction.unseen:
                self._unseen.labels(use_case, column).inc()

    def text(self, loaded: Iterable[LiveModel], components: Mapping[str, bool]) -> bytes:
        """Return all of it as Prometheus reads it, with the versions that answer now.

        Parameters
        ----------
        components
            Whether each of the others answers.
        """
        self._components.clear()
        for name, well in components.items():
            self._components.labels(name).set(well)
        self._version.clear()
        for live in loaded:
            self._version.labels(live.case.name, live.version).set(live.loaded_at.timestamp())
            for column in live.categories:
                self._unseen.labels(live.case.name, column)  # 0 is shown before the first
            for arm in live.arms.values():
                self._arm_failures.labels(arm.case.name, arm.version)
        return generate_latest(self._registry)
