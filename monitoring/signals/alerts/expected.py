"""Expected: the figures that must be there for every use case, or a status that says why not."""

from __future__ import annotations

from monitoring.rows.role import Role
from monitoring.signals.about import About, performance_of
from monitoring.signals.catalogue import (
    DRIFT_SCORE,
    ESTIMATE_ERROR,
    LAST_SUCCESS,
    MODEL,
    QUARANTINED,
    STATUS,
)
from monitoring.signals.metric import USE_CASE, Metric, Stage
from monitoring.signals.part import Pipeline
from monitoring.signals.promql import live, now, select
from monitoring.signals.thresholds import business_thresholds
from monitoring.use_case import UseCase

EXPECTED = "expected"
"""The label that names what is absent."""

_GOOD = "judged|tested"
_ABOUT = {
    DRIFT_SCORE: About.DRIFT.value,
    ESTIMATE_ERROR: About.ESTIMATE_ERROR.value,
    QUARANTINED: About.DATA.value,
}
"""What the status of a figure is about, where it is not the champion's performance."""


def absent_figures(case: UseCase) -> str:
    """Return a series for each figure that is absent without a reason."""
    always = [
        _absent(LAST_SUCCESS, case, pipeline=Pipeline.REPORT.value),
        _absent(LAST_SUCCESS, case, pipeline=Pipeline.RETRAIN.value),
        _absent(MODEL, case),
    ]
    watched = dict.fromkeys(threshold.metric for threshold in business_thresholds(case))
    return f"({' or '.join([*always, *(_unexplained(metric, case) for metric in watched)])})"


def _absent(metric: Metric, case: UseCase, **labels: str) -> str:
    missing = f"absent({select(metric, case.name, **labels)})"
    return f'label_replace({missing}, "{EXPECTED}", "{metric.name}", "", "")'


def _unexplained(metric: Metric, case: UseCase) -> str:
    absent = _absent(metric, case, **live(metric))
    about = now(STATUS, case.name, by=(USE_CASE, *STATUS.labels), of=_about(metric))
    good = now(STATUS, case.name, by=(USE_CASE, *STATUS.labels), status=f"~{_GOOD}")
    return f"({absent} unless on ({USE_CASE}) ({about} unless {good}))"


def _about(metric: Metric) -> str:
    return _ABOUT.get(metric, performance_of(Stage.PRODUCTION, Role.CHAMPION))
