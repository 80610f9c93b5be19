"""A random sample of rows taken as they go by: which ones, their places alone decide.

Two passes over the same rows thus draw the same ones, whatever columns each has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from monitoring.summary.sampling import Sampler

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass
class PassingSample:
    """At most `size` rows of those that went by.

    Attributes
    ----------
    rows
        How many went by.
    """

    size: int
    rows: int = 0
    _sampler: Sampler = field(init=False)
    _held: list[pa.RecordBatch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._sampler = Sampler(self.size, None)

    def add(self, batch: pa.RecordBatch) -> None:
        """Let rows go by."""
        import pyarrow as pa

        picked = self._sampler.pick(self.rows, batch.num_rows)
        self.rows += batch.num_rows
        if len(picked):
            self._held.append(batch.take(pa.array(picked)))
        self._drop(last=False)

    def drawn(self) -> list[pa.RecordBatch]:
        """Return the sample, in the rows' order."""
        self._drop(last=True)
        return self._held

    def _drop(self, *, last: bool) -> None:
        import pyarrow as pa

        stays = self._sampler.drop(last=last)
        if stays is None:
            return
        ends = np.cumsum([batch.num_rows for batch in self._held])
        starts = ends - [batch.num_rows for batch in self._held]
        cuts = zip(np.searchsorted(stays, starts), np.searchsorted(stays, ends), strict=True)
        # Not as one table: files may differ in what columns they have, and of which types.
        self._held = [
            batch.take(pa.array(stays[first:last] - start))
            for batch, start, (first, last) in zip(self._held, starts, cuts, strict=True)
            if last > first
        ]
