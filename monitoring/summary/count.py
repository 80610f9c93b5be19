"""How many rows of one column fall into each bin of its feature, counted portion by portion."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.column import Values, missing_of, number_column, word_column
from monitoring.summary.csv_format import Notation, few
from monitoring.summary.types import (
    UNSEEN_KEPT,
    ColumnStatus,
    FeatureBins,
    FeatureKind,
    FeatureSummary,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    import pyarrow as pa
    from numpy.typing import NDArray

NAME_LETTERS = 80
"""Letters of an unseen category's name that a summary holds."""

SINGLE, ROUNDED = 2.0**-23, 0.05
"""Parts of a value by which single precision may change it, and rounding at most."""

HALF = 0.5 * (1 + 1e-9)
"""Of the last decimal: how far rounding takes a value, and what floats add to that."""

LEAST_DECIMALS, MOST_DECIMALS = 2, 8
"""Decimals to which a column may be rounded, and be said to hold the same values still."""

BLOCK = 1 << 15
"""Numbers that are compared with all edges before the next: as many as a core's cache holds."""


@dataclass(frozen=True, eq=False)
class Tally:
    """What was counted of one feature in some portion of a table; tallies add up, in any order.

    Whether a column's type has changed is a question about all of it, so a tally holds what
    answers it: a portion that can't be counted does not end the column.

    Attributes
    ----------
    held
        What the portions held.
    uncountable
        Some portion held what has no place among the feature's bins.
    strays
        Rows that hold a word where a number belongs; missing in `counts`.
    stray
        The first of these words, with their rows, as `first_unseen` has them.
    low, high
        Smallest and largest value, of a column that runs.
    familiar
        Some value is one of the reference's categories.
    absent
        Some portion has no such column.
    """

    counts: NDArray[np.int64]
    below: int = 0
    above: int = 0
    unseen: dict[str, int] = field(default_factory=dict)
    held: frozenset[Values] = frozenset()
    uncountable: bool = False
    strays: int = 0
    stray: dict[str, int] = field(default_factory=dict)
    low: float = np.inf
    high: float = -np.inf
    familiar: bool = False
    absent: bool = False

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            counts=self.counts + other.counts,
            below=self.below + other.below,
            above=self.above + other.above,
            unseen=first_unseen(Counter(self.unseen) + Counter(other.unseen)),
            held=self.held | other.held,
            uncountable=self.uncountable or other.uncountable,
            strays=self.strays + other.strays,
            stray=first_unseen(Counter(self.stray) + Counter(other.stray)),
            low=min(self.low, other.low),
            high=max(self.high, other.high),
            familiar=self.familiar or other.familiar,
            absent=self.absent or other.absent,
        )


def count_feature(bins: FeatureBins, portions: Iterable[pa.Array | None]) -> FeatureSummary:
    """Count one feature's column, given in portions; a portion without the column is None."""
    tallies = (tally(bins, portion) for portion in portions)
    return finished(bins, reduce(Tally.__add__, tallies, nothing(bins)))


def nothing(bins: FeatureBins) -> Tally:
    """Return the tally of no rows."""
    return Tally(np.zeros(bins.size, np.int64))


def tally(bins: FeatureBins, column: pa.Array | None, *, notation: Notation | None = None) -> Tally:
    """Count one portion of a feature's column.

    Parameters
    ----------
    column
        None where the portion has no such column.
    notation
        How its strings are written that stand for numbers and times, as in CSV.
    """
    if column is None:
        return Tally(np.zeros(bins.size, np.int64), absent=True)
    if bins.valueless:
        return _tally_presence(bins, column, text=notation is not None)
    if bins.kind is FeatureKind.NUMERIC:
        return _tally_numbers(bins, column, notation)
    return _tally_words(bins, column, text=notation is not None)


def finished(bins: FeatureBins, whole: Tally) -> FeatureSummary:
    """Return the summary of a whole column.

    One whose type has changed has zeros. Of one that some portions lack, the others are counted.
    """
    numbers = int(whole.counts.sum() - whole.counts[0])
    of_words = whole.strays > 0 and (
        not few(whole.strays, numbers + whole.strays) or Values.TRUTHS in whole.held
    )
    if whole.uncountable or of_words or _turned(bins, whole):
        status = ColumnStatus.MISSING_COLUMN if whole.absent else ColumnStatus.TYPE_CHANGED
        return FeatureSummary(counts=np.zeros(bins.size, np.int64), status=status)
    return FeatureSummary(
        counts=whole.counts,
        below=whole.below,
        above=whole.above,
        status=ColumnStatus.MISSING_COLUMN if whole.absent else ColumnStatus.OK,
        unseen=whole.unseen,
        strays=whole.strays,
        stray=whole.stray,
        span=(whole.low, whole.high) if whole.low <= whole.high else None,
    )


def first_unseen(unseen: dict[str, int]) -> dict[str, int]:
    """Return the unseen categories that a summary names.

    Whatever is among the first of a union is among the first of each part that holds it, so
    that counts stay exact when summaries are merged.
    """
    return {name: unseen[name] for name in sorted(unseen)[:UNSEEN_KEPT]}


def _turned(bins: FeatureBins, whole: Tally) -> bool:
    """Whether a column holds another kind of values than its feature has."""
    if bins.kind is FeatureKind.NUMERIC:
        return len(whole.held) > 1 or (bool(whole.held) and bins.times != _only_times(whole.held))
    # Numbers, none of them a known code, stand where words did.
    return (
        len(whole.held) == 1
        and Values.WORDS not in whole.held
        and not whole.familiar
        and not bins.open_ended
        and not all(map(_is_code, bins.rare.union(bins.categories)))
    )


def _is_code(word: str) -> bool:
    """Whether a word is a whole number: of codes that are numbers, new ones are too."""
    return word.removeprefix("-").isdecimal()


def _only_times(held: Collection[Values]) -> bool:
    return set(held) == {Values.TIMES}


def _tally_presence(bins: FeatureBins, column: pa.Array, *, text: bool) -> Tally:
    """Count values of any kind: the reference has none of which they could be another."""
    numbers = np.where(missing_of(column, text=text), np.nan, 0.0)
    return Tally(count_numbers(bins, numbers)[0])


def _tally_numbers(bins: FeatureBins, column: pa.Array, notation: Notation | None) -> Tally:
    expected = Values.TIMES if bins.times else Values.NUMBERS
    decoded = number_column(
        column, notation=notation, expected=expected, strays=not bins.times, offset=bins.offset
    )
    if decoded is None or decoded.mixed:
        return Tally(np.zeros(bins.size, np.int64), uncountable=True)
    counts, below, above = count_numbers(bins, decoded.numbers)
    all_missing = counts[0] == len(decoded.numbers)
    low, high = np.inf, -np.inf
    if bins.runs and not all_missing:
        low, high = float(np.nanmin(decoded.numbers)), float(np.nanmax(decoded.numbers))
    stray = {word[:NAME_LETTERS]: 0 for word in decoded.strays}
    for word, rows in decoded.strays.items():
        stray[word[:NAME_LETTERS]] += rows
    return Tally(
        counts,
        below,
        above,
        held=_held(None if all_missing else decoded.kind),
        strays=sum(decoded.strays.values()),
        stray=first_unseen(stray),
        low=low,
        high=high,
    )


def count_numbers(
    bins: FeatureBins, numbers: NDArray[np.floating]
) -> tuple[NDArray[np.int64], int, int]:
    """Count numbers by bin, and those below and above the usual range.

    NaN is missing, infinities are numbers. Where the reference or the numbers are of single
    precision, all are compared in it: what was rounded must not differ from what was not.

    Comparing every number with every edge looks like more work than searching each number's
    bin, and takes a tenth of the time: comparisons run many numbers at once.
    """
    with np.errstate(over="ignore"):
        if bins.single:
            numbers = numbers.astype(np.float32, copy=False)
        edges = np.array([*bins.edges, np.inf], np.float64).astype(numbers.dtype)
        heavy = np.array(bins.heavy, np.float64).astype(numbers.dtype)
        low, high = np.array([bins.low, bins.high], np.float64).astype(numbers.dtype)
    up_to, equal = np.zeros(len(edges), np.int64), np.zeros(len(heavy), np.int64)
    below = above = 0
    for start in range(0, len(numbers), BLOCK):
        block = numbers[start : start + BLOCK]
        up_to += [np.count_nonzero(block <= edge) for edge in edges]
        equal += np.array([np.count_nonzero(block == value) for value in heavy], np.int64)
        below += int(np.count_nonzero(block < low))
        above += int(np.count_nonzero(block > high))
    equal[1:][heavy[1:] == heavy[:-1]] = 0  # values that differ in double precision alone
    intervals = np.diff(up_to, prepend=0)
    np.subtract.at(intervals, np.searchsorted(edges[:-1], heavy), equal)
    if heavy.size and equal.sum() < up_to[-1]:
        _move_rounded(numbers, heavy, edges, equal, intervals)
    missing = len(numbers) - up_to[-1]
    return np.concatenate(([missing], equal, intervals)).astype(np.int64), below, above


def _move_rounded(
    numbers: NDArray[np.floating],
    heavy: NDArray[np.floating],
    edges: NDArray[np.floating],
    equal: NDArray[np.int64],
    intervals: NDArray[np.int64],
) -> None:
    """Move what differs from a heavy value by rounding alone from its interval to that value.

    Rounding alone: to single precision, or to the decimals of the value, or of the heavy ones;
    two at least, for one and a half is not about two.
    """
    finite = np.flatnonzero(np.isfinite(heavy))
    decimals = max((_decimals(float(heavy[place])) for place in finite), default=0)
    with np.errstate(over="ignore"):
        gaps = np.diff(heavy[finite].astype(np.float64), prepend=-np.inf, append=np.inf) / 2
    taken = -np.inf  # up to here, what is near a value belongs to the one before
    for order, place in enumerate(finite):
        value = float(heavy[place])
        reach = max(SINGLE * abs(value), min(HALF * 10.0**-LEAST_DECIMALS, ROUNDED * abs(value)))
        reach = min(reach, gaps[order], gaps[order + 1])
        beside = (numbers >= value - reach) & (numbers <= value + reach) & (numbers != heavy[place])
        if taken >= value - reach:
            beside &= numbers > taken
        taken = value + reach
        if not beside.any():
            continue
        others = numbers[beside]
        # Of values next to each other in floating point, one is within reach of the other.
        others = others[~np.isin(others, heavy)].astype(np.float64)
        others = others[_rounded(others, value, decimals)]
        equal[place] += len(others)
        where = np.searchsorted(edges[:-1], others.astype(edges.dtype))
        np.subtract.at(intervals, where, 1)


def _rounded(numbers: NDArray[np.float64], value: float, decimals: int) -> NDArray[np.bool_]:
    """Return which numbers differ from a value by rounding alone."""
    apart = np.abs(numbers - value)
    alike = apart <= SINGLE * abs(value)
    if LEAST_DECIMALS <= decimals <= MOST_DECIMALS:
        alike |= apart <= HALF * 10.0**-decimals
    for places in range(LEAST_DECIMALS, MOST_DECIMALS + 1):
        coarse = numbers == np.round(numbers, places)
        alike |= coarse & (apart <= HALF * 10.0**-places)
    return alike


def _decimals(value: float) -> int:
    """Return the decimals of a number; one more than `MOST_DECIMALS` where there are more."""
    return next(
        (places for places in range(MOST_DECIMALS + 1) if round(value, places) == value),
        MOST_DECIMALS + 1,
    )


def _tally_words(bins: FeatureBins, column: pa.Array, *, text: bool) -> Tally:
    decoded = word_column(column, text=text, bins=bins)
    if decoded is None:
        return Tally(np.zeros(bins.size, np.int64), uncountable=True)
    counts, unseen = count_words(bins, decoded.rows_by_word)
    counts[0] = decoded.words.null_count
    return Tally(counts, unseen=unseen, held=_held(decoded.kind), familiar=bool(counts[1:-1].any()))


def _held(kind: Values | None) -> frozenset[Values]:
    return frozenset() if kind is None else frozenset([kind])


def count_words(
    bins: FeatureBins, by_word: Counter[str]
) -> tuple[NDArray[np.int64], dict[str, int]]:
    """Count rows by bin, given rows by word; return those of unseen categories by name too."""
    place = {word: index for index, word in enumerate(bins.categories, start=1)}
    other, unseen_bin = len(bins.categories) + 1, len(bins.categories) + 2
    counts = np.zeros(bins.size, np.int64)
    unseen: dict[str, int] = {}
    for word, rows in by_word.items():
        known = word in bins.rare or bins.open_ended
        index = place.get(word, other if known else unseen_bin)
        counts[index] += rows
        if index == unseen_bin:
            name = word[:NAME_LETTERS]
            unseen[name] = unseen.get(name, 0) + rows
    return counts, first_unseen(unseen)
