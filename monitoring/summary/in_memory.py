"""In memory: a table of Arrow's, or a frame, as it stands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitoring.summary.frame import arrow_table
from monitoring.summary.table import PORTION, Found, Portion

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa


@dataclass(frozen=True, eq=False)
class InMemory:
    """A table in memory.

    Attributes
    ----------
    text
        Its strings may stand for numbers and times: it was read from CSV.
    """

    table: pa.Table
    text: bool = False

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, names: Sequence[str]) -> InMemory:
        """Return a pandas frame's columns."""
        return cls(arrow_table(frame, names))

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return tuple(self.table.column_names)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    def read(
        self, columns: Sequence[str], work: Callable[[Iterable[Portion]], Found]
    ) -> Iterator[Found]:
        """Do `work` on all rows."""
        wanted = [name for name in columns if name in self.columns]
        yield work(portions(self.table.select(wanted), text=self.text))


def portions(table: pa.Table, *, start: int = 0, text: bool = False) -> Iterator[Portion]:
    """Cut a table into portions; one without rows is one portion."""
    import pyarrow as pa

    batches = table.to_batches(max_chunksize=PORTION)
    if not batches:
        batches = [pa.RecordBatch.from_pylist([], schema=table.schema)]
    for batch in batches:
        yield Portion(start, batch, text)
        start += batch.num_rows
