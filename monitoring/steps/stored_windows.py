"""The production store as window source: rows that came by /predict or `tocsin ingest`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

import numpy as np

from monitoring.rows.rows import Rows
from monitoring.rows.serving_skew import NONE_CHECKED, Skew, unlike_scores
from monitoring.rows.window import Window
from monitoring.steps.window_source import DrawnRows, OwnScores
from monitoring.store.row_source import LabelProblems, RowSource
from monitoring.summary.build import classes_of, score_summary, summarise
from monitoring.summary.types import ScoreSummary, Summary
from monitoring.training.model import Model
from monitoring.use_case import UseCase

_SCORED_AGAIN = 2_000
"""Rows of a window that are scored again: some models take a millisecond for each."""

_Key = tuple[bool, Window, datetime]


@dataclass
class StoredWindows:
    """Windows of stored rows; the rows of a window are read once, and held for what else is asked.

    Attributes
    ----------
    store
        The production store, or what a backfill has in its place.
    """

    case: UseCase
    store: RowSource
    _held: dict[_Key, Rows] = field(default_factory=dict)

    def rows(self, window: Window, as_of: datetime) -> Rows:
        """Return the rows of a window, with features."""
        key = True, window, as_of
        if key not in self._held:
            self._held[key] = self.store.window(self.case, window, as_of)
        return self._held[key]

    def scored(self, window: Window, as_of: datetime) -> Rows:
        """Return the rows of a window as the champion scored them, without features."""
        whole, key = (True, window, as_of), (False, window, as_of)
        if whole in self._held:
            return self._held[whole]
        if key not in self._held:
            self._held[key] = self.store.scored(self.case, window, as_of)
        return self._held[key]

    def count(self, window: Window, as_of: datetime) -> int:
        """Return how many rows a window has, without reading them."""
        return self.store.count_rows(self.case, window, as_of)

    def summary(self, window: Window, as_of: datetime, model: Model) -> Summary:
        """Return the summary of a window on a model's bins, with the scores that it gave itself."""
        return summarise(own_scores(self.rows(window, as_of), model), model.reference)

    def scorer(self, window: Window, as_of: datetime) -> str | None:
        """Return the version that scored a window, the last of several; None where none did."""
        return self.scored(window, as_of).model_version

    def scores(self, window: Window, as_of: datetime, model: Model) -> OwnScores:
        """Return the scores that a version gave in a window, with the labels that had come."""
        rows = own_scores(self.scored(window, as_of), model)
        return OwnScores(len(rows), scores_of(rows, model), classes_of(rows, model.reference))

    def skew(self, window: Window, as_of: datetime, model: Model) -> Skew:
        """Score some rows again that the model has scored, by their stored values."""
        rows = own_scores(self.rows(window, as_of), model)
        if rows.score is None or len(rows) == 0:
            return NONE_CHECKED
        some = rows.take(np.unique(np.linspace(0, len(rows) - 1, _SCORED_AGAIN).astype(np.intp)))
        assert some.score is not None  # noqa: S101  # nosec B101 # the rows are scored
        unlike = unlike_scores(some.score, model.score(some.features))
        return Skew(
            checked=int((~np.isnan(some.score)).sum()), unlike=int(unlike.sum()), left_out=0
        )

    def draw(
        self,
        window: Window,
        as_of: datetime,
        model: Model,
        *,
        size: int,  # noqa: ARG002 - a page draws itself from what it is given
        features: bool,
    ) -> DrawnRows:
        """Return all rows of a window."""
        rows = self.rows(window, as_of) if features else self.scored(window, as_of)
        return DrawnRows(own_scores(rows, model), len(rows))

    def drawn_in_passing(
        self, window: Window, as_of: datetime, model: Model, *, features: bool
    ) -> DrawnRows | None:
        """Return nothing: the store draws rows by their ids."""
        del window, as_of, model, features
        return None

    def set_aside(self, since: datetime, as_of: datetime) -> Mapping[str, int]:
        """Return how many rows were set aside after `since` and by `as_of`, by reason."""
        return self.store.quarantined_counts(self.case, since, as_of)

    def unreadable(self, since: datetime, as_of: datetime) -> Mapping[str, int]:
        """Return how many of them were, for a value of another type, by column."""
        return self.store.unreadable_values(self.case, since, as_of)

    def label_problems(self, since: datetime, as_of: datetime) -> LabelProblems:
        """Return how many labels came after `since`, by `as_of`, that are not as they should be."""
        return self.store.label_problems(self.case, since, as_of)

    def notes(self, since: datetime) -> tuple[str, ...]:
        """Return nothing: what is to be said of stored rows has figures of its own."""
        del since
        return ()


def own_scores(rows: Rows, model: Model) -> Rows:
    """Return `rows` with their scores only if the model made them: others' lie on other bins."""
    if rows.model_version == model.version:
        return rows
    return replace(rows, score=None, model_version=None, probabilities=None)


def scores_of(rows: Rows, model: Model) -> ScoreSummary | None:
    """Return the score histograms of `rows` on the model's bins; None where it scored none."""
    if rows.score is None or len(rows) == 0:
        return None
    return score_summary(rows, model.reference.score_edges)
