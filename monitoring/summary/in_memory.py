"""The engine for tables in memory: Arrow tables and pandas DataFrames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import TYPE_CHECKING

from monitoring.summary.frame import arrow_table
from monitoring.summary.table import Found, Portion, portion_rows

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from monitoring.summary.csv_format import CsvFormat


@dataclass(frozen=True, eq=False)
class InMemory:
    """A table in memory: all of its portions, and how the files were laid out that they are of."""

    columns: tuple[str, ...]
    held: tuple[Portion, ...]
    layout: str = ""

    @classmethod
    def of(cls, table: pa.Table) -> InMemory:
        """Return a table of Arrow's."""
        return cls(tuple(table.column_names), portions(table))

    @classmethod
    def of_frame(cls, frame: pd.DataFrame, names: Sequence[str]) -> InMemory:
        """Return a pandas frame, of which those columns called `names` will be read."""
        return cls(tuple(frame.columns), portions(arrow_table(frame, names)))

    @property
    def has_text(self) -> bool:
        """Whether some of it was read from CSV."""
        return any(portion.written is not None for portion in self.held)

    def read_as(self, written: CsvFormat) -> InMemory:
        """Return the same table, its text read as another format says."""
        return replace(
            self,
            held=tuple(
                portion if portion.written is None else replace(portion, written=written)
                for portion in self.held
            ),
        )

    def rows(self, columns: Sequence[str]) -> int:  # noqa: ARG002 - whatever they are
        """Return the number of rows."""
        return sum(portion.rows.num_rows for portion in self.held)

    def read(
        self,
        columns: Sequence[str],  # noqa: ARG002 - they are all there
        work: Callable[[Iterable[Portion]], Found],
        *,
        placed: bool,  # noqa: ARG002 - they always are
    ) -> Iterator[Found]:
        """Do `work` on all rows."""
        yield work(self.held)


def portions(table: pa.Table) -> tuple[Portion, ...]:
    """Cut a table into portions, at least one."""
    batches = batches_of(table)
    starts = accumulate((batch.num_rows for batch in batches), initial=0)
    return tuple(Portion(start, batch) for start, batch in zip(starts, batches, strict=False))


def batches_of(table: pa.Table) -> list[pa.RecordBatch]:
    """Cut a table into record batches, at least one."""
    rows = portion_rows(table.num_columns)
    batches: list[pa.RecordBatch] = table.to_batches(max_chunksize=rows)
    return batches or [no_rows(table.column_names)]


def no_rows(names: Sequence[str]) -> pa.RecordBatch:
    """Return columns without rows: what type they would be does not matter."""
    import pyarrow as pa

    return pa.RecordBatch.from_arrays([pa.nulls(0)] * len(names), names=list(names))
