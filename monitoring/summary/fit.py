"""The bins of each feature, fitted on the reference's rows alone."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.column import Values
from monitoring.summary.profile import NumbersColumn, Profile, WordsColumn
from monitoring.summary.types import FeatureBins, FeatureKind, Runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

INTERVALS = 20
"""Intervals of equal mass where no value is heavy."""

HEAVY = 0.5 / INTERVALS
"""Share of rows from which a value has a bin of its own: half an interval's."""

MIN_ROWS = 10
"""Reference rows that a bin needs at least, so that its share is known."""

CATEGORIES = 30
"""Categories that have a bin each, at most."""

FREQUENT = 0.005
"""Share of rows from which a category may have a bin of its own."""

RARE_KEPT = 1000
RARE_LETTERS = 20_000
"""Rare categories beyond this number, or this length in all, make the feature open-ended."""


FEW_VALUES, FEWER = 1000, 0.1
"""Different values up to which a column has few, and share of its rows that they are at most."""

MANY_RISE = 50
"""Different values from which a rising column may be a clock, at the same least share of rows."""

NO_CHANCE = 30.0
"""Pairs of equal values that chance alone would give, where having none shows a reason."""


def fit_bins(found: Profile) -> tuple[FeatureBins, ...]:
    """Fit the bins of every column of a profile, in its order.

    A column that is all missing, or constant, gets bins too.
    """
    return tuple(
        _numeric(name, column) if isinstance(column, NumbersColumn) else _categorical(name, column)
        for name, column in found.columns.items()
    )


def _numeric(name: str, column: NumbersColumn) -> FeatureBins:
    numbers = column.sample
    known = np.sort(numbers[~np.isnan(numbers)]) + 0.0  # of 0 and -0, one
    if known.size == 0:
        return FeatureBins(name, FeatureKind.NUMERIC)
    values, counts = np.unique(known, return_counts=True)
    heavy = values[counts >= max(HEAVY * known.size, 2)]
    light = known[~np.isin(known, heavy)]
    inner = _between(_equal_mass(light, known.size), values, known.size)
    edges = np.union1d(inner, heavy[np.isfinite(heavy)])
    low, high = _usual_range(column)
    return FeatureBins(
        name,
        FeatureKind.NUMERIC,
        edges=tuple(edges.tolist()),
        heavy=tuple(heavy.tolist()),
        low=low,
        high=high,
        times=column.held is Values.TIMES,
        single=column.single,
        offset=column.offset,
        runs=_runs(column, values, rows=len(numbers)),
    )


def _runs(column: NumbersColumn, values: NDArray[np.floating], *, rows: int) -> Runs | None:
    """Return whether a column numbers or dates its rows, by its different values in the sample."""
    if column.rising and values.size >= max(MANY_RISE, FEWER * rows):
        return Runs.RISING
    # Whole numbers drawn at random from so narrow a range would not all differ: birthdays don't.
    whole = values.size == rows and bool((values == np.rint(values)).all())
    if whole and rows**2 >= 2 * NO_CHANCE * (column.high - column.low + 1):
        return Runs.DISTINCT
    return None


def _between(
    edges: NDArray[np.floating], values: NDArray[np.floating], rows: int
) -> NDArray[np.floating]:
    """Move edges from values of a column of few of them to midway to the next.

    So what differs from a value by rounding alone stays on its side. Whole numbers stay edges.
    """
    few = values.size <= min(FEW_VALUES, FEWER * rows)
    if not few or (values == np.rint(values)).all():
        return edges
    following = values[np.searchsorted(values, edges, "right")]
    with np.errstate(over="ignore"):
        middle = edges + (following - edges) / 2
    return np.where(np.isfinite(middle) & (middle < following), middle, edges)


def _usual_range(column: NumbersColumn) -> tuple[float, float]:
    """Return the range of the finite values, as far again on either side."""
    if column.low > column.high:
        return -np.inf, np.inf
    reach = column.high - column.low  # these overflow to infinity in silence
    return column.low - reach + 0.0, column.high + reach + 0.0


def _equal_mass(light: NDArray[np.floating], rows: int) -> NDArray[np.floating]:
    """Return inner edges, each a value of the ascending `light`, for intervals of equal mass."""
    intervals = min(round(INTERVALS * light.size / rows), light.size // MIN_ROWS)
    if intervals < 2:
        return np.empty(0)
    places = np.ceil(np.arange(1, intervals) * light.size / intervals).astype(np.intp) - 1
    edges: NDArray[np.floating] = np.unique(light[places])
    inner: NDArray[np.floating] = edges[np.isfinite(edges) & (edges < light[-1])]
    return inner


def _categorical(name: str, column: WordsColumn) -> FeatureBins:
    counts = column.sampled_words if column.words is None else column.words
    least = max(FREQUENT * sum(counts.values()), MIN_ROWS)
    ranked = sorted(counts, key=lambda word: (-counts[word], word))
    frequent = tuple(word for word in ranked[:CATEGORIES] if counts[word] >= least)
    rare = frozenset(ranked[len(frequent) :])
    many = column.words is None or len(rare) > RARE_KEPT
    if many or sum(map(len, rare)) > RARE_LETTERS:
        return FeatureBins(name, FeatureKind.CATEGORICAL, categories=frequent, open_ended=True)
    share, shape = _unseen(counts.values())
    return FeatureBins(
        name,
        FeatureKind.CATEGORICAL,
        categories=frequent,
        rare=rare,
        unseen_share=share,
        unseen_shape=shape,
    )


def _unseen(counts: Collection[int]) -> tuple[float, float]:
    """Return the share of unseen categories to expect in other rows, and its Beta's shape.

    Good and Turing's estimate: what was seen once tells what was not seen. Its variance is
    (once + 2 twice) / rows^2. One is added to `once`, so that a reference without rare categories
    leaves room for one. Good, "The population frequencies of species", Biometrika 40 (1953).
    """
    rows = sum(counts)
    once = 1 + sum(count == 1 for count in counts)
    twice = sum(count == 2 for count in counts)
    return once / (rows + 2), once**2 / (once + 2 * twice)
