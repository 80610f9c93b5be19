"""The input of a report: one window, its rows and the figures published about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from monitoring.drift.verdict import Verdict
    from monitoring.performance.class_scorecard import ClassScorecard
    from monitoring.performance.cost_attribution import CostAttribution
    from monitoring.performance.scorecard import Scorecard
    from monitoring.rows.rows import Rows
    from monitoring.rows.window import Window
    from monitoring.use_case import UseCase

SCORE, LABEL = "score", "label"
"""The reference's columns beside its features."""


@dataclass(frozen=True, eq=False)
class ReportFacts:
    """One window of one use case, with the figures that were published about it.

    Attributes
    ----------
    window
        The window reported on; its end is in the file's name.
    as_of
        The moment from which the rows and their labels are seen.
    reference
        The model's training rows, or a sample of them: the features, `SCORE` (float) and
        `LABEL` (1 positive, 0 negative).
    current
        Rows of `window`, or of `mature_window`, or some of them.
    cost_of_drift
        What the features that drifted add to the estimated cost; None where nothing is known.
    rows
        How many there are in all; those of `current` if unset.
    verdict
        The published drift verdict; None while there is none.
    card
        The published scorecard of `current`; None where there is none.
    classes
        Its figures by class; None where the target has two values.
    threshold
        Decision threshold: a row is an alarm where score >= threshold.
    sample
        Rows drawn at most, of the window and of the reference each.
    mature_window
        The window that `current` and `card` are of, where it is not `window`: labels come late,
        so that performance is reported for an earlier one.
    ranges
        Smallest and largest number of each numeric feature in the model's training rows, all of
        them.
    unreadable
        Values of the window's time that were of another type than their column, by column; their
        rows are quarantined.
    synthetic
        Whether the data is synthetic.
    time_shift
        By how much the data's own times were moved to seem of today; None if they were not.
    """

    case: UseCase
    window: Window
    as_of: datetime
    reference: pd.DataFrame
    current: Rows
    verdict: Verdict | None
    card: Scorecard | None
    model_version: str
    threshold: float
    sample: int
    mature_window: Window | None = None
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    unreadable: Mapping[str, int] = field(default_factory=dict)
    classes: ClassScorecard | None = None
    synthetic: bool = False
    time_shift: timedelta | None = None
    rows: int | None = None
    cost_of_drift: CostAttribution | None = None

    @property
    def all_rows(self) -> int:
        """How many rows `current` is of."""
        return len(self.current) if self.rows is None else self.rows

    @property
    def rows_window(self) -> Window:
        """The window that `current` is of."""
        return self.mature_window or self.window
