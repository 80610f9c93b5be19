"""Marks: the moments at which a model changed, or a retrain left it as it was."""

from __future__ import annotations

from monitoring.signals.about import Decided
from monitoring.signals.alerts.causes import PUSH_TIME
from monitoring.signals.catalogue import PROMOTED, RETRAIN_DECISION
from monitoring.signals.dashboards.panel import Mark
from monitoring.signals.metric import USE_CASE
from monitoring.signals.part import JOB, PART, Part
from monitoring.signals.promql import now, series
from monitoring.use_case import UseCase

_MADE_NO_CHAMPION = (Decided.KEPT_CHAMPION, Decided.FAILED)


def marks(case: UseCase) -> tuple[Mark, ...]:
    """Return the marks of a use case: every retrain that did anything is drawn once."""
    return (
        Mark(
            "Promotions",
            now(PROMOTED, case.name, by=PROMOTED.labels),
            "Version {{version}} took over",
        ),
        Mark(
            "Other retrains",
            _without_a_champion(case),
            "Retrain: {{decision}} ({{reason}})",
            colour="purple",
        ),
    )


def _without_a_champion(case: UseCase) -> str:
    """Return when the newest retrain told its decision, if that made no new champion.

    The gateway's own time of the push belongs to the decision that was pushed with it: the
    times of attempts and successes are pushed before and after it.
    """
    words = "|".join(_MADE_NO_CHAMPION)
    decided = now(RETRAIN_DECISION, case.name, by=RETRAIN_DECISION.labels, decision=f"~{words}")
    group = {"job": JOB, USE_CASE: case.name, PART: Part.RETRAIN.value}
    return f"{decided} * on () group_left () max({series(PUSH_TIME, **group)})"
