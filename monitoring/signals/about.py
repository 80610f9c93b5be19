"""About: what a status, a row count or the end of a window is about; values of the label `of`."""

from __future__ import annotations

from enum import StrEnum

from monitoring.rows.role import Role
from monitoring.signals.metric import Stage
from monitoring.signals.part import Pipeline


class About(StrEnum):
    """A window or a judgement that samples speak of."""

    DRIFT = "drift"
    SCORE_DRIFT = "score drift"
    PREVIOUS_DRIFT = "drift from the previous model"
    PERFORMANCE = "performance"
    ESTIMATE = "estimate"
    ESTIMATE_ERROR = "estimate error"
    TEST = "test"
    DATA = "data"


class Decided(StrEnum):
    """What a retrain run came to; values of the label `decision`."""

    SKIPPED = "skipped"
    PROMOTED = "promoted"
    KEPT_CHAMPION = "kept champion"
    FAILED = "failed"


class Unmeasured(StrEnum):
    """Why a figure is absent or in doubt, where no verdict, scorecard or estimate says it."""

    NO_ESTIMATE = "no estimate"
    NOT_MEASURED = "not measured"
    NO_AMOUNTS = "no amounts"
    AMOUNTS_MISSING = "amounts missing"


class Notified(StrEnum):
    """What became of a run's notification."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not delivered"
    NO_WEBHOOK = "no webhook"


def notification_of(pipeline: Pipeline) -> str:
    """Return what the status of a run's notification is about: ``report notification``."""
    return f"{pipeline} notification"


def performance_of(stage: Stage, role: Role) -> str:
    """Return what the status of a scorecard is about: ``production champion``."""
    return f"{stage} {role}"


def money_of(stage: Stage, role: Role) -> str:
    """Return what the status of a scorecard's money is about: ``money of production champion``."""
    return f"money of {performance_of(stage, role)}"


def drift_of(feature: str) -> str:
    """Return what the status of one feature's drift is about: ``drift of V1``."""
    return f"drift of {feature}"
