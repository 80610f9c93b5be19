"""Pieces of time: the rows of a stream counted by the piece that each falls into, in one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.rows import moment64, moment_of
from monitoring.summary.build import hours_of
from monitoring.summary.one_pass import Counted, count_rows, summary_of
from monitoring.summary.table import Portion
from monitoring.summary.types import FeatureBins, Summary

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

    from monitoring.rows.window import Window

_Ends = tuple[np.datetime64, np.datetime64]


@dataclass
class FeaturePass:
    """Counts of the features of pieces that follow each other, as batches go by in any order."""

    bins: Sequence[FeatureBins]
    pieces: Sequence[Window]
    counted: list[Counted]
    hours: list[NDArray[np.int64]]
    ends: list[_Ends | None]

    @classmethod
    def of(cls, bins: Sequence[FeatureBins], pieces: Sequence[Window]) -> FeaturePass:
        """Return a pass that has seen no row."""
        nothing = count_rows([], bins=bins).whole
        hours = [np.zeros(24, np.int64) for _ in pieces]
        return cls(bins, pieces, [nothing] * len(pieces), hours, [None] * len(pieces))

    def add(self, batch: pa.RecordBatch, time: NDArray[np.datetime64]) -> None:
        """Count the rows of a batch, each of its own time; those of no piece are left out."""
        import pyarrow as pa

        for place, mask in by_piece(time, self.pieces):
            rows = batch if mask.all() else batch.filter(pa.array(mask))
            mine = time[mask]
            self.counted[place] += count_rows([Portion(0, rows)], bins=self.bins).whole
            self.hours[place] += np.bincount(hours_of(mine), minlength=24)
            low, high = mine.min(), mine.max()
            seen = self.ends[place]
            self.ends[place] = (
                (low, high) if seen is None else (min(seen[0], low), max(seen[1], high))
            )

    def summaries(self, *, bins_hash: str, model_version: str | None) -> Iterator[Summary]:
        """Yield the summary of each piece."""
        for counted, hours, ends in zip(self.counted, self.hours, self.ends, strict=True):
            summary = summary_of(
                counted, self.bins, bins_hash=bins_hash, model_version=model_version
            )
            if ends is None:
                yield summary
            else:
                start, end = map(moment_of, ends)
                yield replace(summary, start=start, end=end, hours=hours)


def by_piece(
    time: NDArray[np.datetime64], pieces: Sequence[Window]
) -> Iterator[tuple[int, NDArray[np.bool_]]]:
    """Yield the pieces that rows fall into, and which rows those are."""
    starts = np.array([moment64(piece.start) for piece in pieces])
    place = np.searchsorted(starts, time, "right") - 1
    inside = (time >= starts[0]) & (time < moment64(pieces[-1].end))
    for number in np.flatnonzero(np.bincount(place[inside])).tolist():
        yield number, (place == number) & inside
