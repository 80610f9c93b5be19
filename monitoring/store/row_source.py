"""Row source: rows of windows as they were stored, or as a backfill has them, and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from monitoring.rows.rows import Role, Rows
from monitoring.rows.window import Window
from monitoring.use_case import UseCase


@dataclass(frozen=True)
class LabelProblems:
    """Labels that are not as they should be; none of them is lost.

    Attributes
    ----------
    unknown
        Labels whose row is not there; None where that is not known.
    conflicting
        Labels that contradict the first one of their row, which stays.
    corrected
        Labels that took the place of an earlier one, where the newest wins.
    before_event
        Labels that came before the event that they are of.
    shared_id
        Rows whose id a row before them has: a label counts for each of them.
    """

    unknown: int | None
    conflicting: int
    corrected: int = 0
    before_event: int = 0
    shared_id: int = 0


class VerdictStore(Protocol):
    """Verdicts by their ids; see `ProductionStore`."""

    def load_verdict(self, case: UseCase, verdict_id: str) -> str | None: ...  # noqa: D102

    def save_verdict(  # noqa: D102
        self,
        case: UseCase,
        verdict_id: str,
        *,
        window: Window,
        as_of: datetime,
        model_version: str | None,
        payload: str,
    ) -> str: ...


class RowSource(VerdictStore, Protocol):
    """Rows as they were known at a moment, scores and verdicts; see `ProductionStore`."""

    def window(self, case: UseCase, window: Window, as_of: datetime) -> Rows: ...  # noqa: D102

    def count_rows(self, case: UseCase, window: Window, as_of: datetime) -> int: ...  # noqa: D102

    def scored(  # noqa: D102
        self,
        case: UseCase,
        window: Window,
        as_of: datetime,
        role: Role = Role.CHAMPION,
        version: str | None = None,
    ) -> Rows: ...

    def versions(  # noqa: D102
        self, case: UseCase, window: Window, as_of: datetime, role: Role
    ) -> Mapping[str, int]: ...

    def quarantined_counts(  # noqa: D102
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> Mapping[str, int]: ...

    def unreadable_values(  # noqa: D102
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> Mapping[str, int]: ...

    def label_problems(  # noqa: D102
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> LabelProblems: ...
