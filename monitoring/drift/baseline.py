"""Baseline: what the reference expects of a window, at the window's mix of hours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.types import Reference, Summary

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class Baseline:
    """What the reference says of one feature.

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
        """Return what the rest says, where rows of these counts are `part` of the reference."""
        own = counts / counts.sum()
        rest = np.clip((self.shares - part * own) / (1 - part), 0, None)
        return Baseline(rest / rest.sum(), self.rows * (1 - part))


class HourMix:
    """Weighs the reference's hours of the day so that they stand as in a window.

    A window of mornings is not to be told from a reference of whole days by its hour alone.
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
