"""Window source: where a report reads its windows from, and what it is told of them in summaries.

There are two: the production store, and prediction logs where they lie. A report never asks which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from monitoring.rows.window import Window
from monitoring.store.row_source import LabelProblems, VerdictStore
from monitoring.training.model import Model
from monitoring.use_case import UseCase

if TYPE_CHECKING:
    from monitoring.rows.rows import Rows
    from monitoring.rows.serving_skew import Skew
    from monitoring.summary.types import ClassCounts, ScoreSummary, Summary


@dataclass(frozen=True, eq=False)
class OwnScores:
    """The scores that one version gave in a window.

    Attributes
    ----------
    rows
        Rows of the window, whoever scored them.
    scores
        On the version's own bins; None where it scored none of the window.
    classes
        Of a target of classes; None where it has two values.
    """

    rows: int
    scores: ScoreSummary | None
    classes: ClassCounts | None


NO_SCORES = OwnScores(0, None, None)


@dataclass(frozen=True, eq=False)
class DrawnRows:
    """Rows of a window for a page for people, and how many they were drawn from."""

    rows: Rows
    of: int


class WindowSource(Protocol):
    """Windows of one use case, as they were known at a moment."""

    @property
    def case(self) -> UseCase:
        """The use case."""

    @property
    def store(self) -> VerdictStore:
        """Where the verdicts on its windows are kept."""

    def count(self, window: Window, as_of: datetime) -> int:
        """Return how many rows a window has, without reading them."""

    def summary(self, window: Window, as_of: datetime, model: Model) -> Summary:
        """Return the summary of a window on a model's bins, with the scores that it gave itself."""

    def scorer(self, window: Window, as_of: datetime) -> str | None:
        """Return the version that scored a window, the last of several; None where none did."""

    def scores(self, window: Window, as_of: datetime, model: Model) -> OwnScores:
        """Return the scores that a version gave in a window, with the labels that had come."""

    def skew(self, window: Window, as_of: datetime, model: Model) -> Skew:
        """Return how many rows were served with other values than are there, of those looked at."""

    def draw(
        self, window: Window, as_of: datetime, model: Model, *, size: int, features: bool
    ) -> DrawnRows:
        """Return rows of a window, at least `size` of them where there are more.

        Parameters
        ----------
        features
            Whether their features are wanted, or scores and labels alone.
        """

    def drawn_in_passing(
        self, window: Window, as_of: datetime, model: Model, *, features: bool
    ) -> DrawnRows | None:
        """Return the rows that were drawn while all of a window was read for its figures.

        None where it was not all read, or where rows are drawn more cheaply by themselves.
        """

    def set_aside(self, since: datetime, as_of: datetime) -> Mapping[str, int]:
        """Return how many rows were set aside after `since` and by `as_of`, by reason."""

    def unreadable(self, since: datetime, as_of: datetime) -> Mapping[str, int]:
        """Return how many of them were, for a value of another type, by column."""

    def label_problems(self, since: datetime, as_of: datetime) -> LabelProblems:
        """Return how many labels came after `since`, by `as_of`, that are not as they should be."""

    def notes(self, since: datetime) -> tuple[str, ...]:
        """Return what a reader has to know of what was read of the time since, in sentences."""
