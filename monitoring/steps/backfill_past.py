"""The rows that a backfill measures, read as a production store is, and stored nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from monitoring.rows.rows import Role, Rows, moment64, moment_of, together
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources.auto import resolve
from monitoring.sources.source import read_source
from monitoring.steps.replay import dealt, moved
from monitoring.store.production_store import ProductionStore
from monitoring.store.row_source import LabelProblems
from monitoring.training.model import Model
from monitoring.training.split import never_learned
from monitoring.use_case import UseCase


@dataclass(frozen=True)
class Unseen:
    """Rows of the source that a model has not learned from, scored by it.

    Attributes
    ----------
    shift
        By how much their event times were moved; None where they are as they were.
    """

    rows: Rows
    synthetic: bool
    shift: timedelta | None = None

    @property
    def span(self) -> timedelta:
        """Time from the first to the last of them."""
        return self.last - moment_of(self.rows.event_time[0])

    @property
    def last(self) -> datetime:
        """Event time of the newest of them."""
        return moment_of(self.rows.event_time[-1])

    def ending(self, end: datetime, span: timedelta, delay: timedelta) -> Unseen:
        """Return the rows moved so that the last comes just before `end`, spread over `span`."""
        later = replace(self, rows=moved(self.rows, Window(end - span, end), delay))
        return replace(later, shift=later.last - self.last)

    def dealt(self) -> Unseen:
        """Return the rows in an order that is drawn, evenly spaced in time."""
        return replace(self, rows=dealt(self.rows, seed=0))

    def before(self, moment: datetime) -> Unseen:
        """Return the rows that came before `moment`."""
        return replace(self, rows=self.rows.take(self.rows.event_time < moment64(moment)))


def unseen(case: UseCase, model: Model) -> Unseen | None:
    """Return the source's rows that `model` has not learned from, if there are."""
    where = settings()
    checked = read_source(resolve(case, where.data), where.data)
    rows = never_learned(checked.rows, case.split, model.trained_as_of, model.held_back)
    if len(rows) < 2:
        return None
    scored = model.scored(rows)
    return Unseen(scored, checked.synthetic)


@dataclass(frozen=True)
class Past:
    """Rows of the source up to the store's first, and the store's from there on.

    It is read as a production store is. A verdict that is made of it is not stored.
    """

    source: Rows | None
    store: ProductionStore
    store_since: datetime | None

    @property
    def first(self) -> datetime | None:
        """Event time of the earliest row; None where there is none."""
        if self.source is not None and len(self.source):
            return moment_of(self.source.event_time[0])
        return self.store_since

    def window(self, case: UseCase, window: Window, as_of: datetime) -> Rows:
        """Return the rows of a window as they were known at `as_of`."""
        if self.source is None or self._is_stored(window):
            return self.store.window(case, window, as_of)
        mine = self.source.within(window).as_of(as_of)
        if self.store_since is None or self.store_since >= window.end:
            return mine
        return _one_after_the_other(mine, self.store.window(case, window, as_of))

    def count_rows(self, case: UseCase, window: Window, as_of: datetime) -> int:
        """Return how many rows a window has."""
        if self.source is None or self._is_stored(window):
            return self.store.count_rows(case, window, as_of)
        return len(self.window(case, window, as_of))

    def _is_stored(self, window: Window) -> bool:
        return self.store_since is not None and self.store_since <= window.start

    def scored(
        self,
        case: UseCase,
        window: Window,
        as_of: datetime,
        role: Role = Role.CHAMPION,
        version: str | None = None,
    ) -> Rows:
        """Return the rows of a window as a scorecard needs them; no other scored the source's."""
        if self.source is None or self._is_stored(window):
            return self.store.scored(case, window, as_of, role, version)
        rows = self.window(case, window, as_of)
        return rows if role is Role.CHAMPION else replace(rows, score=None, model_version=None)

    def versions(
        self, case: UseCase, window: Window, as_of: datetime, role: Role
    ) -> Mapping[str, int]:
        """Return how many rows of a window each version scored; of the source's not any."""
        if self.source is None or self._is_stored(window):
            return self.store.versions(case, window, as_of, role)
        return {}

    def quarantined_counts(
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> Mapping[str, int]:
        """Return how many rows were quarantined after `since` and by `as_of`, by reason."""
        return self.store.quarantined_counts(case, since, as_of)

    def unreadable_values(
        self, case: UseCase, since: datetime, as_of: datetime
    ) -> Mapping[str, int]:
        """Return how many rows were set aside for a value of another type, by column."""
        return self.store.unreadable_values(case, since, as_of)

    def label_problems(self, case: UseCase, since: datetime, as_of: datetime) -> LabelProblems:
        """Return how many labels came after `since`, by `as_of`, that are not as they should be."""
        return self.store.label_problems(case, since, as_of)

    def load_verdict(self, case: UseCase, verdict_id: str) -> str | None:
        """Return the stored verdict of that id; None if there is none."""
        return self.store.load_verdict(case, verdict_id)

    def save_verdict(
        self,
        case: UseCase,
        verdict_id: str,
        *,
        window: Window,
        as_of: datetime,
        model_version: str | None,
        payload: str,
    ) -> str:
        """Return the verdict unstored: a run of that window will make its own."""
        del case, verdict_id, window, as_of, model_version
        return payload


def _one_after_the_other(earlier: Rows, later: Rows) -> Rows:
    """Return both as one; scores of the earlier stay where the same version gave the later ones."""
    if len(earlier) == 0 or len(later) == 0:
        return later if len(earlier) == 0 else earlier
    version = later.model_version or earlier.model_version
    return together([_scored_by(version, part) for part in (earlier, later)])


def _scored_by(version: str | None, rows: Rows) -> Rows:
    """Return rows with the scores that a version gave them, missing where it gave none."""
    if version is None:
        return replace(rows, score=None, model_version=None)
    if rows.score is None or rows.model_version != version:
        return replace(rows, score=np.full(len(rows), np.nan), model_version=version)
    return rows
