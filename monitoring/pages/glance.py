"""All models at a glance: what Prometheus knows of each, in a few words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from monitoring.pages.drawn_panel import Cell, colour_of
from monitoring.pages.shown_numbers import shown
from monitoring.signals.catalogue import (
    DRIFT_SCORE,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    MODEL,
    STATUS,
)
from monitoring.signals.dashboards.panel import Limit, Scale, scale_of
from monitoring.signals.dashboards.queries import limits_of
from monitoring.signals.metric import USE_CASE, Metric
from monitoring.signals.performance_metrics import ESTIMATED, INTERVAL, NET_SAVING, RECALL
from monitoring.signals.pipelines import RUN_TIME_LIMIT, Pipeline
from monitoring.signals.prometheus import Prometheus, Series
from monitoring.signals.promql import ALERTS, live, of_each, series
from monitoring.signals.statuses import PERFORMANCE, SAME_LIBRARIES, Subject
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import Severity, UseCase

UNKNOWN, NEVER = "not known", "has not run yet"


@dataclass(frozen=True)
class Firing:
    """An alert that fires."""

    name: str
    severity: str


@dataclass(frozen=True)
class Fact:
    """One thing that is known of a model."""

    name: str
    cell: Cell


@dataclass(frozen=True)
class Glance:
    """What is known of a model now.

    Attributes
    ----------
    firing
        Alerts that fire, critical ones first.
    """

    firing: tuple[Firing, ...]
    facts: tuple[Fact, ...]

    @property
    def urgency(self) -> tuple[int, int, bool]:
        """How much it calls for attention: by it the worst come first, and the unknown last."""
        critical = sum(alert.severity == Severity.CRITICAL.value for alert in self.firing)
        return critical, len(self.firing), self.begun

    @property
    def begun(self) -> bool:
        """Whether anything is known at all."""
        nothing = (UNKNOWN, NEVER)
        return bool(self.firing) or any(fact.cell.text not in nothing for fact in self.facts)


_FIRING = (
    f"count by ({USE_CASE}, alertname, severity) "
    f"({series(ALERTS, alertstate='firing', **{USE_CASE: '~.+'})})"
)

_RECALL_BOUNDS = of_each(INTERVAL, "bound", **live(INTERVAL), of=RECALL.key)
_RECALL_ESTIMATED = of_each(ESTIMATED, of=RECALL.key)
_FIGURES = {metric: of_each(metric, **live(metric)) for metric in (RECALL, NET_SAVING, DRIFT_SCORE)}
_ABOUT = {RECALL: PERFORMANCE, NET_SAVING: PERFORMANCE, DRIFT_SCORE: Subject.DRIFT}
_STATUSES = of_each(STATUS, *STATUS.labels, of=f"~{'|'.join((*_ABOUT.values(), Subject.ESTIMATE))}")
_RUNS = {metric: of_each(metric, "pipeline") for metric in (LAST_ATTEMPT, LAST_SUCCESS)}
_MODEL = of_each(MODEL, "version", "candidate", "libraries")


def glances(
    prometheus: Prometheus, cases: Sequence[UseCase], moment: datetime
) -> dict[str, Glance]:
    """Return what is known of each use case, by its name.

    Raises
    ------
    PrometheusError
        It does not answer.
    """
    asked = (_FIRING, _RECALL_BOUNDS, _RECALL_ESTIMATED, _MODEL, _STATUSES)
    answers = prometheus.each_at((*asked, *_FIGURES.values(), *_RUNS.values()), moment)
    return {case.name: _glance(_Known(case, answers), moment) for case in cases}


@dataclass(frozen=True)
class _Known:
    """The answers on one use case."""

    case: UseCase
    answers: Mapping[str, Sequence[Series]]

    def of(self, query: str, **labels: str) -> list[Series]:
        """Return the series that are this use case's, and have these labels."""
        wanted = {USE_CASE: self.case.name, **labels}
        return [one for one in self.answers[query] if wanted.items() <= one.labels.items()]

    def value(self, query: str, **labels: str) -> float | None:
        """Return the one number; None where there is none."""
        found = self.of(query, **labels)
        return found[0].newest if found else None


def _glance(known: _Known, moment: datetime) -> Glance:
    firing = [Firing(one.labels["alertname"], one.labels["severity"]) for one in known.of(_FIRING)]
    critical = Severity.CRITICAL.value
    firing.sort(key=lambda alert: (alert.severity != critical, alert.name))
    return Glance(
        tuple(firing),
        (
            Fact("Recall", _recall(known)),
            Fact("Recall, estimated", _estimated(known)),
            Fact("Net saving", _figure(known, NET_SAVING)),
            Fact("Features drifted", _figure(known, DRIFT_SCORE)),
            Fact("Champion", _champion(known)),
            *_runs(known, moment),
        ),
    )


def _recall(known: _Known) -> Cell:
    """Return recall with its interval, in the colour of its limits."""
    recall = _figure(known, RECALL)
    ends = [known.value(_RECALL_BOUNDS, bound=bound) for bound in ("low", "high")]
    if any(end is None for end in ends):
        return recall
    low, high = (shown(end, Scale.RATIO) for end in ends if end is not None)
    return Cell(f"{recall.text} ({low} to {high})", recall.colour)


def _estimated(known: _Known) -> Cell:
    value = known.value(_RECALL_ESTIMATED)
    return _absent(known, Subject.ESTIMATE) if value is None else _number(value, Scale.RATIO)


def _figure(known: _Known, metric: Metric) -> Cell:
    value = known.value(_FIGURES[metric])
    if value is None:
        return _absent(known, _ABOUT[metric])
    limits = limits_of(business_thresholds(known.case), metric)
    return _number(value, scale_of(metric, known.case.costs.currency), limits)


def _number(value: float, scale: str, limits: Sequence[Limit] = ()) -> Cell:
    return Cell(shown(value, scale), colour_of(value, limits))


def _absent(known: _Known, of: str) -> Cell:
    """Return why there is no figure, where the report said so."""
    why = [one.labels["status"] for one in known.of(_STATUSES, of=of)]
    return Cell(f"{UNKNOWN}: {why[0]}" if why else UNKNOWN)


def _champion(known: _Known) -> Cell:
    serving = known.of(_MODEL)
    if not serving:
        return Cell(UNKNOWN)
    labels = serving[0].labels
    words = f"version {labels['version']} ({labels['candidate']})"
    libraries = labels.get("libraries", SAME_LIBRARIES)
    return Cell(words if libraries == SAME_LIBRARIES else f"{words}, {libraries}")


def _runs(known: _Known, moment: datetime) -> Iterator[Fact]:
    """Yield how the last run of each pipeline went."""
    for pipeline in Pipeline:
        attempt, success = (known.value(query, pipeline=pipeline) for query in _RUNS.values())
        yield Fact(f"Last {pipeline}", _run(pipeline, attempt, success, moment))


def _run(
    pipeline: Pipeline, attempt: float | None, success: float | None, moment: datetime
) -> Cell:
    if attempt is None and success is None:
        return Cell(NEVER)
    began, ended = (_time(seconds) for seconds in (attempt, success))
    if ended is not None and (began is None or ended >= began):
        return Cell(f"succeeded {_ago(moment - ended)}", "good")
    before = "it never has" if ended is None else f"the last that did ended {_ago(moment - ended)}"
    assert began is not None  # noqa: S101  # nosec B101 # one of them is there
    if moment - began <= RUN_TIME_LIMIT[pipeline]:
        return Cell(f"began {_ago(moment - began)} and has not ended; {before}")
    return Cell(f"began {_ago(moment - began)} and did not succeed; {before}", "critical")


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _ago(length: timedelta) -> str:
    return f"{shown(length.total_seconds(), Scale.AGE)} ago"
