"""Watch: short ways to say a panel about one use case."""

from __future__ import annotations

from dataclasses import dataclass, field

from monitoring.signals.dashboards.panel import Query
from monitoring.signals.metric import Metric, Stage
from monitoring.signals.promql import BY_CASE, highest, live, now, select
from monitoring.signals.thresholds import BusinessThreshold, business_thresholds
from monitoring.use_case import UseCase


@dataclass(frozen=True)
class Watch:
    """One use case, as its panels see it."""

    case: UseCase
    thresholds: tuple[BusinessThreshold, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "thresholds", business_thresholds(self.case))

    def live(self, metric: Metric, name: str | None = None, **labels: str) -> Query:
        """Return the query of a metric as business alerts see it: the champion in production."""
        expr = highest(select(metric, self.case.name, **live(metric), **labels))
        return Query(expr, name or metric.title, self._lines(metric))

    def test(self, metric: Metric) -> Query:
        """Return the query of a metric on the champion's test rows."""
        labels = live(metric) | {"stage": Stage.TEST.value}
        expr = highest(select(metric, self.case.name, **labels))
        return Query(expr, f"{metric.title}, test rows")

    def each(self, metric: Metric, *by: str, name: str | None = None, top: int = 0) -> Query:
        """Return the query of a metric's series by the given labels, the `top` highest only."""
        expr = now(metric, self.case.name, by=by or BY_CASE)
        named = name or " · ".join(f"{{{{{label}}}}}" for label in by)
        return Query(f"topk({top}, {expr})" if top else expr, named, self._lines(metric))

    def since(self, metric: Metric, *by: str) -> Query:
        """Return the query of the seconds since the moments that a metric holds."""
        moments = self.each(metric, *by)
        return Query(f"time() - {moments.expr}", moments.name)

    def _lines(self, metric: Metric) -> tuple[BusinessThreshold, ...]:
        return tuple(t for t in self.thresholds if t.metric is metric)
