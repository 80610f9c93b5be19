"""Queries of a use case's panels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from monitoring.signals.catalogue import WINDOW_END, WINDOW_ROWS
from monitoring.signals.dashboards.panel import RANGE, SHOWN, STEP, Limit, LineStyle, Query, Scale
from monitoring.signals.links import Addresses
from monitoring.signals.metric import USE_CASE, Metric, Stage
from monitoring.signals.performance_metrics import POSITIVES, PR_AUC
from monitoring.signals.promql import highest, live, now, select
from monitoring.signals.statuses import Subject
from monitoring.signals.thresholds import NEEDS_POSITIVES, BusinessThreshold, business_thresholds
from monitoring.use_case import UseCase

_OF_POSITIVES = (*NEEDS_POSITIVES, PR_AUC)
"""Ratios that swing from 0 to 1 over a handful of positives: only judged ones count."""

_RESOLUTION = "5m"

_SCRAPED_WITHIN = "5m"
"""What is scraped at all has a sample within it: Prometheus looks back as far by itself."""

GREY = "#8e8e8e"

MATURE = "the newest production window whose labels have arrived"
"""What the realised figures of a panel are of."""

FIGURE = "figure"
"""The label that distinguishes figures in the rows of a table."""


@dataclass(frozen=True)
class CaseQueries:
    """One use case, as its panels see it."""

    case: UseCase
    addresses: Addresses
    thresholds: tuple[BusinessThreshold, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", business_thresholds(self.case))

    def live(
        self,
        metric: Metric,
        name: str | None = None,
        *,
        look: LineStyle = LineStyle.PLAIN,
        limits: bool = True,
        colour: str | None = None,
        **labels: str,
    ) -> Query:
        """Return the query of a metric as business alerts see it: the champion in production.

        Parameters
        ----------
        limits
            Whether its business thresholds belong to what is drawn.
        """
        expr = highest(select(metric, self.case.name, **live(metric) | labels))
        drawn = self._limits(metric) if limits else ()
        return Query(expr, name or metric.title, drawn, look, colour)

    def judged(
        self,
        metric: Metric,
        name: str | None = None,
        *,
        look: LineStyle = LineStyle.PLAIN,
        colour: str | None = None,
    ) -> tuple[Query, Query]:
        """Return the queries of a ratio over positives: where it is judged, and where it is not.

        Of fewer positives than the use case's minimum no alert is raised, so they are grey.
        """
        of_live = self.live(metric, name, look=look, colour=colour)
        few = f"on ({USE_CASE}) {self.live(POSITIVES).expr} < {self.case.min_positives}"
        unjudged = Query(
            f"{of_live.expr} and {few}",
            f"Too few {self.case.words.positives}: {of_live.name}",
            look=LineStyle.UNJUDGED,
            colour=GREY,
            optional=True,
        )
        return replace(of_live, expr=f"{of_live.expr} unless {few}"), unjudged

    def per_thousand(self, query: Query, of: Subject) -> Query:
        """Return the query of a figure per 1,000 rows of the window that it is of."""
        rows = self.rows(of)
        return replace(query, expr=f"1000 * ({query.expr}) / on ({USE_CASE}) ({rows} > 0)")

    def rows(self, of: Subject) -> str:
        """Return the rows of a window, by use case."""
        return highest(select(WINDOW_ROWS, self.case.name, of=of.value))

    def ended(self, of: Subject) -> Query:
        """Return the query of how long ago a window ended."""
        end = highest(select(WINDOW_END, self.case.name, of=of.value))
        return Query(f"time() - {end}", "age", scale=Scale.AGE)

    def total(self, name: str, *metrics: Metric) -> Query:
        """Return the query of a sum of metrics, as business alerts see each."""
        return Query(" + ".join(self.live(metric).expr for metric in metrics), name)

    def test(self, metric: Metric) -> Query:
        """Return the query of a metric on the champion's test rows."""
        labels = live(metric) | {"stage": Stage.TEST.value}
        expr = highest(select(metric, self.case.name, **labels))
        return Query(expr, metric.title)

    def each(self, metric: Metric, *by: str, **labels: str) -> Query:
        """Return the query of a metric by the given labels, of the series that have `labels`."""
        named = " · ".join(f"{{{{{label}}}}}" for label in by)
        return Query(now(metric, self.case.name, by=by, **labels), named, self._limits(metric))

    def top(self, count: int, metric: Metric, by: str) -> Query:
        """Return the query of the series that are highest at the end of the time shown.

        `topk` alone chooses again at every step: whatever was once among the highest would be
        drawn, and only for those steps.
        """
        each = self.each(metric, by)

        def asked(length: str) -> str:
            # The end may lie up to a step after the newest sample, or before it.
            newest = f"last_over_time({select(metric, self.case.name)}[{length}] @ end())"
            return f"{each.expr} and on ({by}) topk({count}, max by ({by}) ({newest}))"

        return Query(asked(_SCRAPED_WITHIN), each.name, each.limits, chosen=asked(STEP))

    def since(self, metric: Metric, *by: str) -> Query:
        """Return the query of the seconds since the moments that a metric holds."""
        moments = self.each(metric, *by)
        return Query(f"time() - {moments.expr}", moments.name)

    def placeholder(self, metric: Metric, by: str, text: str, **labels: str) -> Query:
        """Return the query of one series with `text` as its label `by` where a metric has none.

        Parameters
        ----------
        labels
            Of the series that is looked for; `by` is one of them.
        """
        absent = f"absent({select(metric, self.case.name, **labels)})"
        return Query(f'max by ({by}) (label_replace({absent}, "{by}", "{text}", "", ""))', text)

    def over(self, name: str, how: Mapping[Metric, str]) -> Query:
        """Return the query of figures over the time that is shown, one row per figure.

        Parameters
        ----------
        how
            What is made of each figure's values: ``avg``, ``min`` or ``max``.
        """

        def rows(length: str) -> str:
            return " or ".join(
                _named(metric, self._over(metric, kind, length)) for metric, kind in how.items()
            )

        return Query(rows(SHOWN), name, chosen=rows(RANGE))

    def newest(self, name: str, figures: Iterable[Metric]) -> Query:
        """Return the query of the current figures, one row per figure."""
        rows = (_named(metric, f"max({self._selected(metric)})") for metric in figures)
        return Query(" or ".join(rows), name)

    def _over(self, metric: Metric, kind: str, length: str) -> str:
        if metric not in _OF_POSITIVES:
            return f"max({kind}_over_time({self._selected(metric)}[{length}]))"
        enough = f"{self._selected(POSITIVES)} >= {self.case.min_positives}"
        judged = f"({self._selected(metric)} and on ({USE_CASE}) {enough})"
        # What was pushed since the newest step is seen by the second half alone.
        return f"max({kind}_over_time({judged}[{length}:{_RESOLUTION}])) or max({judged})"

    def _selected(self, metric: Metric) -> str:
        return select(metric, self.case.name, **live(metric))

    def _limits(self, metric: Metric) -> tuple[Limit, ...]:
        return limits_of(self.thresholds, metric)


def limits_of(thresholds: Iterable[BusinessThreshold], metric: Metric) -> tuple[Limit, ...]:
    """Return the thresholds of a metric as what is drawn of it knows them."""
    return tuple(Limit(t.side, t.severity, t.value) for t in thresholds if t.metric is metric)


def _named(metric: Metric, expr: str) -> str:
    return f'label_replace({expr}, "{FIGURE}", "{metric.title}", "", "")'
