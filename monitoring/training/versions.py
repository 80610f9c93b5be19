"""What the registry tells of a model's versions: which there are, challenges, and probations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from monitoring.training.aliases import PROMOTED

if TYPE_CHECKING:
    from mlflow.entities.model_registry import ModelVersion

    from monitoring.use_case import UseCase

CANDIDATE = "tocsin.candidate"
"""Tag of a run and of its version: the candidate that was trained."""

GATE_REASON = "gate.reason"
"""Tag of a version that was at the gate, without its prefix: why that decided as it did."""

LOG_VERSION = "tocsin.log_version"
"""Tag of an adopted model's run and version: the name that its logs have for it."""


@dataclass(frozen=True)
class Version:
    """A registered model.

    Attributes
    ----------
    number
        Counted by the registry from 1 on, as text.
    run_id
        The MLflow run that it was logged by.
    promoted
        When it last became champion; None if it never was.
    tags
        All that the registry holds of it.
    """

    number: str
    run_id: str
    candidate: str
    promoted: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)

    @property
    def gate_reason(self) -> str | None:
        """Why the gate decided as it did; None of a version that was not there."""
        return self.tags.get(f"tocsin.{GATE_REASON}")


@dataclass(frozen=True, order=True)
class Challenge:
    """A retrain that reached the gate.

    Attributes
    ----------
    as_of
        The `as_of` of its run.
    promoted
        Whether its challenger ever became champion.
    """

    as_of: datetime
    promoted: bool


@dataclass(frozen=True)
class Probation:
    """A champion that has to prove itself against the version before it.

    Attributes
    ----------
    since
        The `as_of` of its retrain.
    """

    version: str
    before: str
    since: datetime


def version_of(registered: ModelVersion) -> Version:
    """Return a version as MLflow has registered it."""
    tags: dict[str, Any] = registered.tags
    promoted = tags.get(PROMOTED)
    return Version(
        number=str(registered.version),
        run_id=registered.run_id,
        candidate=tags[CANDIDATE],
        promoted=None if promoted is None else datetime.fromisoformat(promoted),
        tags=tags,
    )


def no_champion(case: UseCase, challenger: Version | None) -> str:
    """Say why no model of `case` serves, where none does, and what to do about it.

    Parameters
    ----------
    challenger
        The version that waits, or was refused by the gate.
    """
    if challenger is None or challenger.gate_reason is None:
        return f"no champion yet: run `{case.champion_command}`"
    return (
        f"version {challenger.number} did not take over: {challenger.gate_reason} "
        f"(`retrain.recall_floor`); `{case.champion_command}` tries again, with the rows that are "
        "labelled by then"
    )
