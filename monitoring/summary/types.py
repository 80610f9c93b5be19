"""The summary and the reference: the small mergeable records from which every number is made."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from monitoring.summary.csv_format import CsvFormat


class FeatureKind(StrEnum):
    """How a feature's values are compared."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"


class ColumnStatus(StrEnum):
    """Whether a feature could be read in a window."""

    OK = "ok"
    MISSING_COLUMN = "missing column"
    TYPE_CHANGED = "type changed"


class Runs(StrEnum):
    """How a column numbers its rows, or dates them, instead of describing them."""

    RISING = "rising"
    DISTINCT = "distinct"


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FAR = 6e10
"""Seconds from 1970 beyond which a moment has no date: 1,900 years."""


@dataclass(frozen=True)
class FeatureBins:
    """The bins of one feature, fitted once on the reference.

    Bins are, in order: missing; then for numbers each heavy value and the intervals
    (-inf, edges[0]], (edges[0], edges[1]], ..., (edges[-1], inf); for categories each of
    `categories`, then other (rare in the reference), then unseen (not in the reference).

    Attributes
    ----------
    edges
        Inner edges of the intervals, ascending.
    heavy
        Numbers with so much mass that each has a bin of its own, ascending. The finite ones are
        edges too, so that bins have an order.
    low, high
        Values outside [low, high] are counted apart, as outliers.
    times
        The numbers are moments, in seconds since 1970 in UTC.
    single
        The reference's numbers are of single precision; a window's are rounded to it.
    offset
        What is taken off whole numbers beyond 2^53, which have no float64 each; edges, heavy
        values and range are without it too.
    runs
        The reference's values rise from row to row, or are whole numbers of which no two are
        alike: row numbers, running ids, clocks. None where they do neither.
    categories
        The reference's most frequent categories.
    rare
        The reference's other categories, known but without a bin each.
    open_ended
        The reference has so many rare categories that they are not listed: all that are not among
        `categories` are counted as other, none as unseen.
    unseen_share, unseen_shape
        Share of unseen categories among values to expect where nothing changed, as known from
        the reference: Beta-distributed with this mean and first parameter.
    """

    name: str
    kind: FeatureKind
    edges: tuple[float, ...] = ()
    heavy: tuple[float, ...] = ()
    low: float = float("-inf")
    high: float = float("inf")
    times: bool = False
    single: bool = False
    offset: int = 0
    runs: Runs | None = None
    categories: tuple[str, ...] = ()
    rare: frozenset[str] = frozenset()
    open_ended: bool = False
    unseen_share: float = 0.0
    unseen_shape: float = 1.0

    @property
    def size(self) -> int:
        """Number of bins."""
        if self.kind is FeatureKind.NUMERIC:
            return 1 + len(self.heavy) + len(self.edges) + 1
        return 1 + len(self.categories) + 2

    @property
    def seen_range(self) -> tuple[float, float]:
        """The reference's smallest and largest finite number, but for rounding; infinite without.

        `low` and `high` lie as far from it again as it is wide.
        """
        width = (self.high - self.low) / 3
        return self.low + width, self.high - width

    @property
    def valueless(self) -> bool:
        """Whether the reference is all missing, so that its kind of values is unknown."""
        numeric = self.kind is FeatureKind.NUMERIC
        return numeric and not (self.edges or self.heavy) and self.low == float("-inf")

    @property
    def labels(self) -> tuple[str, ...]:
        """What each bin is called in texts."""
        if self.kind is FeatureKind.CATEGORICAL:
            return ("missing", *self.categories, "other", "unseen")
        if not self.edges:
            return ("missing", *map(self.spelled, self.heavy), "any other value")
        edges = [self.spelled(edge) for edge in self.edges]
        return (
            "missing",
            *map(self.spelled, self.heavy),
            f"<= {edges[0]}",
            *(f"{low} to {high}" for low, high in pairwise(edges)),
            f"> {edges[-1]}",
        )

    def spelled(self, value: float) -> str:
        """Write a number with four digits, or all of those before its point; a moment as a date.

        Where the reference reaches over less than three days, its moments have minutes.
        """
        if self.offset and math.isfinite(value):
            return f"{int(value) + self.offset:,}"
        if self.times and abs(value) < FAR:
            moment = EPOCH + timedelta(seconds=value)
            days = (self.high - self.low) / 3 / 86_400
            return f"{moment:%Y-%m-%d %H:%M}" if days < 3 else f"{moment:%Y-%m-%d}"
        return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


UNSEEN_KEPT = 20
"""Unseen categories that a summary names, per feature."""


@dataclass(frozen=True, eq=False)
class FeatureSummary:
    """One feature of one window: how many rows fell into each of the reference's bins.

    Attributes
    ----------
    counts
        int64, one number per bin, in the order of `FeatureBins`.
    below, above
        Rows far outside the reference's range; they are in `counts` too.
    unseen
        Rows by unseen category, for the first `UNSEEN_KEPT` of them in alphabetical order:
        frequency would be a better order, but merging would no longer be exact.
    strays
        Rows of a CSV file that hold a word where a number belongs; they are missing in `counts`.
    stray
        Rows by such a word, for as many of them as of `unseen`.
    span
        Smallest and largest value of a column that runs; None of others, and without values.
    """

    counts: NDArray[np.int64]
    below: int = 0
    above: int = 0
    status: ColumnStatus = ColumnStatus.OK
    unseen: Mapping[str, int] = field(default_factory=dict)
    strays: int = 0
    stray: Mapping[str, int] = field(default_factory=dict)
    span: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class ScoreSummary:
    """Score histograms by label; each array is (3, bins): negative, positive, unlabelled.

    Attributes
    ----------
    edges
        Inner edges of the score bins, ascending; bin i holds edges[i-1] <= score < edges[i].
        The decision threshold is one of them, so counts at it are exact.
    rows
        int64: rows.
    score
        float64: sum of scores.
    amount, amount_squared
        float64: sum of amounts and of their squares; zeros where there are no amounts.
    unpriced
        int64: rows whose own amount is missing, which add nothing to these sums; zeros where
        there are no amounts at all.
    by_weight
        Of the rows in all this that do not stand for themselves alone, their own histograms, by
        what each stands for: 0 of rows that were blocked, 1 / probability of those let through.

    Every row's part in a sum is rounded to a binary grid (`monitoring.summary.build`), so that
    sums are exact and the same in whatever order they are made.
    """

    edges: NDArray[np.float64]
    rows: NDArray[np.int64]
    score: NDArray[np.float64]
    amount: NDArray[np.float64]
    amount_squared: NDArray[np.float64]
    unpriced: NDArray[np.int64]
    has_amounts: bool = False
    by_weight: Mapping[float, ScoreSummary] = field(default_factory=dict)


COUNTED = ("rows", "score", "amount", "amount_squared", "unpriced")
"""The arrays of a `ScoreSummary` by label and bin."""


@dataclass(frozen=True, eq=False)
class ClassCounts:
    """Rows by decided and true class, and sums of class probabilities, of a target of classes.

    The decided class of a row is the most likely watched class where its score, the sum of their
    probabilities, reaches the decision threshold; else the most likely of the others.

    Attributes
    ----------
    names
        The classes, in the target's order; all arrays follow it.
    watched
        Those whose missing costs money.
    rows
        int64 (classes, classes + 1): rows by decided and true class; unlabelled ones last.
    probability
        float64 (2, classes, classes): sums of each class's probability by decided class, of
        labelled and of unlabelled rows; rounded to the same grid as scores.
    variance
        float64, as `probability`: sums of p (1 - p), the variance of the counts they promise.
    """

    names: tuple[str, ...]
    watched: tuple[str, ...]
    rows: NDArray[np.int64]
    probability: NDArray[np.float64]
    variance: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Summary:
    """A window of rows on a reference's bins. Summaries of the same bins add up.

    Attributes
    ----------
    bins_hash
        Hash of the reference's bins and score edges; merging across hashes is an error.
    model_version
        Version of the model whose reference and scores these are.
    rows
        How many there are.
    features
        By name, how many rows fell into each bin.
    scores
        Score histograms by label; None where rows have no scores.
    start, end
        First and last event time, UTC; None without rows or times.
    hours
        int64 (24,): rows by hour of the day, UTC; None without times.
    classes
        Of a target of more than two classes: what its figures by class are made of.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import fit, summarise
    >>> table = pd.DataFrame({"amount": [n % 97 for n in range(1000)]})
    >>> summary = summarise(table.tail(100), fit(table, window=100))
    >>> summary.rows, int(summary.features["amount"].counts.sum())
    (100, 100)
    """

    bins_hash: str
    model_version: str | None
    rows: int
    features: Mapping[str, FeatureSummary]
    scores: ScoreSummary | None = None
    start: datetime | None = None
    end: datetime | None = None
    hours: NDArray[np.int64] | None = None
    classes: ClassCounts | None = None


@dataclass(frozen=True, eq=False)
class Reference:
    """What windows are compared with; it travels with the model as an artifact.

    Attributes
    ----------
    bins
        One entry per feature.
    score_edges
        Inner edges of the score bins, evenly spaced in log-odds and finer in the tail,
        the decision threshold among them.
    threshold
        Decision threshold: a row is an alarm where score >= threshold.
    training
        Summary of the champion's training rows.
    validation
        Summary of its validation rows, scores and labels included.
    chunks
        Summaries of the reference's own chunks, as long as the verdict's window: they show its
        natural variation.
    score_chunks
        Score histograms of the validation rows' chunks: the score's natural variation.
    class_chunks
        Counts by class of the same chunks, where the target has classes.
    by_hour
        24 summaries of the training rows by hour of the day where they cover at least two days,
        else empty.
    importance
        Weight of each feature for the model, adding up to 1.
    model_version
        Version of the model with which it is logged.
    written
        How the values of the CSV files are written that it was fitted on; windows in CSV are read
        so too. None where it was fitted on typed values.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import fit
    >>> reference = fit(pd.DataFrame({"amount": [n % 97 for n in range(1000)]}), window=100)
    >>> reference.training.rows, len(reference.chunks)
    (1000, 10)
    """

    bins: tuple[FeatureBins, ...]
    score_edges: NDArray[np.float64]
    threshold: float
    training: Summary
    validation: Summary | None = None
    chunks: tuple[Summary, ...] = ()
    score_chunks: tuple[ScoreSummary, ...] = ()
    class_chunks: tuple[ClassCounts, ...] = ()
    by_hour: tuple[Summary, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)
    model_version: str | None = None
    written: CsvFormat | None = None
