"""The published verdict as a drift test of Evidently's, so that its flags are the published ones.

Evidently's own tests see a sample, drop missing values and know no natural variation; they would
contradict the verdict that alerts and retrains rest on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING

from evidently.legacy.calculations.stattests import StatTest, register_stattest
from evidently.legacy.core import ColumnType

from monitoring.drift.verdict import DriftStatus, FeatureVerdict, Verdict
from monitoring.reports.facts import SCORE
from monitoring.reports.sample import shown

if TYPE_CHECKING:
    import pandas as pd

NAME = "tocsin"
TITLE = "Tocsin's verdict, effect"

_published: ContextVar[Mapping[str, FeatureVerdict]] = ContextVar("published")


def published(verdict: Verdict | None) -> dict[str, FeatureVerdict]:
    """Return what was published about each column that was tested, by the name it is shown by."""
    if verdict is None:
        return {}
    columns = {shown(feature.name): feature for feature in verdict.features}
    if verdict.scores is not None:
        columns[SCORE] = verdict.scores
    return {name: part for name, part in columns.items() if part.status is DriftStatus.TESTED}


@contextmanager
def as_stattest(verdict: Verdict | None) -> Iterator[str]:
    """Let Evidently's test of the name that is yielded answer with `verdict`."""
    _register()
    token = _published.set(published(verdict))
    try:
        yield NAME
    finally:
        _published.reset(token)


@cache
def _register() -> None:
    kinds = [ColumnType.Numerical, ColumnType.Categorical]
    register_stattest(StatTest(NAME, TITLE, kinds), default_impl=_look_up)


def _look_up(
    reference: pd.Series,
    current: pd.Series,  # noqa: ARG001
    feature_type: ColumnType,  # noqa: ARG001
    threshold: float,  # noqa: ARG001
) -> tuple[float, bool]:
    part = _published.get().get(str(reference.name))
    if part is None or part.effect is None:
        return 0.0, False
    return part.effect, part.drifted
