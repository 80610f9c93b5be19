"""What a window is compared with, and the two laid side by side.

A baseline is what the reference expects of a window, at the window's mix of hours; a contingency
table holds both cell by cell, in an order that means something.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.types import FeatureBins, FeatureKind, Reference, Summary

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Baseline:
    """What the reference expects of one feature.

    Attributes
    ----------
    shares
        Share of rows in each bin of the feature, adding up to 1.
    rows
        Reference rows that the shares are worth: fewer than there are where some of them count
        for more than others.
    """

    shares: NDArray[np.float64]
    rows: float

    def without(self, counts: NDArray[np.int64], part: float) -> Baseline:
        """Return the baseline without rows of these counts, which are `part` of the reference."""
        own = counts / counts.sum()
        rest = np.clip((self.shares - part * own) / (1 - part), 0, None)
        return Baseline(rest / rest.sum(), self.rows * (1 - part))


class HourMix:
    """Weighs the reference's hours of the day so that they stand as in a window.

    A window of mornings must not differ from a reference of whole days by its hour alone.
    Applied where the reference holds every hour of the window at least twice.
    """

    def __init__(self, reference: Reference, window: Summary) -> None:
        self._reference = reference
        self._weights: NDArray[np.float64] | None = None
        self._rows = np.array([hour.rows for hour in reference.by_hour], np.float64)
        if reference.by_hour and window.hours is not None and window.hours.sum():
            weights = window.hours / window.hours.sum()
            if not (weights[self._rows == 0] > 0).any():
                self._weights = weights

    def of(self, name: str) -> Baseline:
        """Return the baseline of the feature called `name`."""
        whole = self._reference.training.features[name].counts
        if self._weights is None:
            rows = whole.sum()
            return Baseline(whole / rows, float(rows))
        used = np.flatnonzero(self._weights)
        weights, rows = self._weights[used], self._rows[used]
        counts = np.array([self._reference.by_hour[hour].features[name].counts for hour in used])
        # Kish's effective size: the variance of a weighted mean as that of a plain one.
        return Baseline(weights @ (counts / rows[:, None]), float(1 / (weights**2 / rows).sum()))

    def part_of(self, chunk: Summary) -> float:
        """Return how much of the baseline the rows of `chunk` are, 0 to 1, chunk taken from it."""
        if self._weights is None or chunk.hours is None:
            return chunk.rows / self._reference.training.rows
        present = self._rows > 0
        taken = np.divide(chunk.hours, self._rows, out=np.zeros(24), where=present)
        return float((taken * chunk.hours).sum() / chunk.hours.sum())


LEAST_EXPECTED = 5.0
"""Rows that a cell is expected to hold at least, in the window and in the reference."""


@dataclass(frozen=True, eq=False)
class ContingencyTable:
    """Rows of a window and of its baseline over the same cells.

    Attributes
    ----------
    expected, observed
        Rows by value cell, of the baseline and of the window, in the values' order; sparse
        intervals are merged with their neighbours.
    rare_expected, rare
        Rows with values of which the reference holds too few for a cell, or none, and which have
        no neighbours to be merged with; in neither `expected` nor `observed`. `rare` is None
        where the reference leaves no room for such values.
    missing_expected, missing
        Rows without a value.
    ordered
        Whether the cells' order is one of values: numbers, but not categories.
    unseen
        Rows of the window with a category that the reference doesn't hold; not in `observed`.
    unseen_share, unseen_shape
        Share of such rows to expect without drift, as `FeatureBins` has it.
    """

    expected: NDArray[np.float64]
    observed: NDArray[np.int64]
    missing_expected: float
    missing: int
    ordered: bool = True
    rare_expected: float = 0.0
    rare: int | None = None
    unseen: int = 0
    unseen_share: float = 0.0
    unseen_shape: float = 1.0

    @property
    def rows_expected(self) -> float:
        """Rows of the baseline."""
        return float(self.expected.sum() + self.rare_expected + self.missing_expected)

    @property
    def rows(self) -> int:
        """Rows of the window."""
        return int(self.observed.sum()) + (self.rare or 0) + self.missing + self.unseen


def contingency_table(
    bins: FeatureBins, baseline: Baseline, counts: NDArray[np.int64]
) -> ContingencyTable:
    """Return the table of one feature."""
    order = value_order(bins)
    numeric = bins.kind is FeatureKind.NUMERIC
    expected, observed = (baseline.shares * baseline.rows)[order], counts[order]
    cells = cells_of(expected, int(counts[1:].sum()), single_values(bins)[order])
    rare = cells == RARE
    return ContingencyTable(
        expected=np.bincount(cells[~rare], expected[~rare]).astype(np.float64),
        observed=np.bincount(cells[~rare], observed[~rare]).astype(np.int64),
        missing_expected=float(baseline.shares[0] * baseline.rows),
        missing=int(counts[0]),
        ordered=numeric,
        rare_expected=float(expected[rare].sum()),
        rare=int(observed[rare].sum()) if rare.any() else None,
        unseen=0 if numeric else int(counts[-1]),
        unseen_share=bins.unseen_share,
        unseen_shape=bins.unseen_shape,
    )


def single_values(bins: FeatureBins) -> NDArray[np.bool_]:
    """Return which bins hold one value each: a number that is heavy, a category."""
    single = np.zeros(bins.size, np.bool_)
    single[1 : 1 + len(bins.heavy) + len(bins.categories)] = True
    return single


def value_order(bins: FeatureBins) -> NDArray[np.intp]:
    """Return the indices of the bins that hold known values, in the order of their values."""
    if bins.kind is FeatureKind.CATEGORICAL:
        return np.arange(1, bins.size - 1)
    # Bin i of the intervals ends at edges[i]; a heavy value is the last of its interval.
    ends = [*bins.edges, np.inf]
    places = [(value, 1, index) for index, value in enumerate(bins.heavy, start=1)]
    places += [(end, 0, index) for index, end in enumerate(ends, start=1 + len(bins.heavy))]
    return np.array([index for _, _, index in sorted(places)], np.intp)


RARE = -1
"""In the place of a cell's number: values that no cell holds."""


def cells_of(
    expected: NDArray[np.float64], rows: int, single: NDArray[np.bool_]
) -> NDArray[np.intp]:
    """Return the cell of each bin of values, from 0 on in their order, so that none is sparse.

    A cell is expected to hold enough rows. Sparse bins are merged with their neighbours, but
    never with a single value that has rows enough: next to a flag that is nearly always 0, the 1
    would disappear, and nobody would see it become common. What is left over is `RARE`.

    Only what the reference expects decides, never what was observed: cells that depend on the
    window's own counts make a test flag windows without drift.

    Parameters
    ----------
    expected
        Reference rows by bin.
    rows
        Rows of the window over these bins.
    single
        Bins that hold one value each.
    """
    least = LEAST_EXPECTED * max(1.0, expected.sum() / max(rows, 1))
    alone = single & (expected >= least)
    cells = np.full(len(expected), RARE)
    cell = 0
    for stretch in np.split(np.arange(len(expected)), np.flatnonzero(alone[1:] != alone[:-1]) + 1):
        if alone[stretch[0]]:
            cells[stretch] = cell + np.arange(len(stretch))
            cell += len(stretch)
            continue
        starts = _merged(expected[stretch], least)
        if starts.size:
            cells[stretch] = cell + np.searchsorted(starts, np.arange(len(stretch)), "right") - 1
            cell += len(starts)
    return cells if cell else np.zeros_like(cells)


def _merged(expected: NDArray[np.float64], least: float) -> NDArray[np.intp]:
    """Return where groups of neighbours begin that hold enough; nothing if all do not."""
    starts, held = [0], 0.0
    for index, value in enumerate(expected):
        if held >= least:
            starts.append(index)
            held = 0.0
        held += value
    if held < least:
        starts.pop()
    return np.array(starts, np.intp)
