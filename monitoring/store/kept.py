"""Kept: what a report reads of the production store, whoever stands in for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from monitoring.rows.role import Role
from monitoring.rows.rows import Rows
from monitoring.rows.window import Window
from monitoring.store.counting import LabelProblems
from monitoring.use_case import UseCase


class KeptRows(Protocol):
    """Rows as they were known at a moment, scores and verdicts; see `ProductionStore`."""

    def window(self, case: UseCase, window: Window, as_of: datetime) -> Rows: ...  # noqa: D102

    def scored(  # noqa: D102
        self, case: UseCase, window: Window, as_of: datetime, role: Role = Role.CHAMPION
    ) -> Rows: ...

    def quarantined_counts(  # noqa: D102
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> Mapping[str, int]: ...

    def label_problems(self, case: UseCase, as_of: datetime) -> LabelProblems: ...  # noqa: D102

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
