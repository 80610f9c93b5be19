"""Panels of the figures over a longer time, over the time that is shown."""

from __future__ import annotations

from collections.abc import Sequence

from monitoring.signals.catalogue import DRIFT_SCORE, SCORE_DRIFT
from monitoring.signals.dashboards.panel import (
    Column,
    Display,
    Panel,
    Scale,
    scale_of,
)
from monitoring.signals.dashboards.queries import FIGURE, CaseQueries
from monitoring.signals.links import CasePanel
from monitoring.signals.metric import Direction, Metric
from monitoring.signals.performance_metrics import (
    CAPACITY_USED,
    ESTIMATE_ERROR,
    F1,
    FALSE_ALARM_RATE,
    LABEL_COVERAGE,
    MONEY_CAUGHT,
    MONEY_MISSED,
    NET_SAVING,
    PR_AUC,
    PRECISION,
    RECALL,
    REVIEW_COST,
)

_RATIOS = (
    RECALL,
    PRECISION,
    F1,
    PR_AUC,
    FALSE_ALARM_RATE,
    CAPACITY_USED,
    DRIFT_SCORE,
    SCORE_DRIFT,
    LABEL_COVERAGE,
    ESTIMATE_ERROR,
)
_MONEY = (NET_SAVING, MONEY_CAUGHT, MONEY_MISSED, REVIEW_COST)
_BY_TIME = (
    "Each value counts for as long as it was the newest. How far back is chosen with the time "
    "that is shown."
)


def window_panels(queries: CaseQueries) -> tuple[Panel, ...]:
    """Return the tables of current, average and worst figures."""
    return (
        _table(
            queries,
            CasePanel.FIGURES_OVER_WINDOW,
            "Figures over the time shown",
            f"Each figure now, on average, and at its worst. {_BY_TIME} Recall, precision, F1 and "
            f"PR-AUC count while there were at least {queries.case.min_positives} "
            f"{queries.case.words.positives}.",
            Scale.RATIO,
            _RATIOS,
        ),
        _table(
            queries,
            CasePanel.MONEY_OVER_WINDOW,
            "Money over the time shown",
            f"Money of one window now, on average, and at its worst. {_BY_TIME}",
            scale_of(NET_SAVING, queries.case.costs.currency),
            _MONEY,
        ),
    )


def _table(
    queries: CaseQueries,
    place: CasePanel,
    title: str,
    description: str,
    scale: str,
    figures: Sequence[Metric],
) -> Panel:
    worst = {f: "min" if f.good is Direction.UP else "max" for f in figures}
    return Panel(
        place,
        title,
        description,
        Display.TABLE,
        scale,
        (
            queries.newest("now", figures),
            queries.over("average", dict.fromkeys(figures, "avg")),
            queries.over("worst", worst),
        ),
        height=12,
        columns=(
            Column(FIGURE, "figure", width=180),
            *(Column(name, name, scale) for name in ("now", "average", "worst")),
        ),
    )
