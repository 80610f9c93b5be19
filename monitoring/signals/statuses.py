"""Statuses of figures: why one is present or absent; values of the labels `of` and `status`."""

from __future__ import annotations

from enum import StrEnum

from monitoring.rows.rows import Role
from monitoring.signals.catalogue import STATUS
from monitoring.signals.metric import Sample, Stage
from monitoring.signals.pipelines import Pipeline


class Subject(StrEnum):
    """What a status, a row count or the end of a window is about."""

    DRIFT = "drift"
    SCORE_DRIFT = "score drift"
    PREVIOUS_DRIFT = "drift from the previous model"
    PERFORMANCE = "performance"
    ESTIMATE = "estimate"
    ESTIMATE_ERROR = "estimate error"
    CLASS_ESTIMATE = "estimate by class"
    CLASS_DRIFT = "drift of the decided classes"
    TEST = "test"
    DATA = "data"


class RetrainDecision(StrEnum):
    """What a retrain run came to; values of the label `decision`."""

    SKIPPED = "skipped"
    PROMOTED = "promoted"
    KEPT_CHAMPION = "kept champion"
    FAILED = "failed"


class Unmeasured(StrEnum):
    """Why a figure is absent or in doubt, where no verdict, scorecard or estimate has a status."""

    NO_ESTIMATE = "no estimate"
    NOT_MEASURED = "not measured"
    NO_AMOUNTS = "no amounts"
    AMOUNTS_MISSING = "amounts missing"
    UNREADABLE = "unreadable"
    """The model that it is about can't be loaded, or can't score."""


SAME_LIBRARIES = "as trained"
"""In place of the libraries of a model that have moved, where none has."""


class NotificationStatus(StrEnum):
    """Whether a run's notification was delivered."""

    DELIVERED = "delivered"
    NOT_DELIVERED = "not delivered"
    NO_CHANNEL = "no channel"
    """Nobody asked for one: it is logged."""

    NOT_SET_UP = "channel not set up"
    """The use case names one that the settings give no address."""


def notification_of(pipeline: Pipeline) -> str:
    """Return what the status of a run's notification is about: ``report notification``."""
    return f"{pipeline} notification"


def performance_of(stage: Stage, role: str) -> str:
    """Return what the status of a scorecard is about: ``production champion``."""
    return f"{stage} {role}"


def classes_of(stage: Stage, role: str) -> str:
    """Return what the status of a scorecard by class is about."""
    return f"classes of {performance_of(stage, role)}"


def money_of(stage: Stage, role: str) -> str:
    """Return what the status of a scorecard's money is about: ``money of production champion``."""
    return f"money of {performance_of(stage, role)}"


def drift_of(feature: str) -> str:
    """Return what the status of one feature's drift is about: ``drift of V1``."""
    return f"drift of {feature}"


def status_sample(of: str, status: StrEnum) -> Sample:
    """Return the sample of the status that `of` is in."""
    return Sample(STATUS, 1, {"of": of, "status": status.value})


PERFORMANCE = performance_of(Stage.PRODUCTION, Role.CHAMPION)
"""What the status of the champion's realised figures is about."""


def unmeasured_samples(*of: str, status: StrEnum = Unmeasured.NOT_MEASURED) -> tuple[Sample, ...]:
    """Return why figures are absent that could not be computed at all.

    Parameters
    ----------
    of
        What they are about; everything that a report publishes where none is given.
    """
    everything = (
        Subject.DRIFT,
        Subject.SCORE_DRIFT,
        Subject.ESTIMATE,
        Subject.ESTIMATE_ERROR,
        Subject.DATA,
        PERFORMANCE,
    )
    return tuple(status_sample(about, status) for about in of or everything)
