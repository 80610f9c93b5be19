"""A table: rows in an order of their own, read portion by portion, as often as it takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from monitoring.errors import TocsinError

if TYPE_CHECKING:
    import pyarrow as pa

    from monitoring.summary.csv_format import CsvFormat, Notation

Found = TypeVar("Found")

PORTION = 1 << 22
"""Values that are read at a time."""

FEWEST, MOST = 1 << 11, 1 << 16
"""Rows that are read at a time, however many columns they have."""


class TableError(TocsinError, ValueError):
    """A table can't be read or compared; the message names the table, the cause and what to do.

    It is damaged, or lacks rows or a column that was asked for. The checksum of a `.csv.gz` is
    verified whatever engine reads it, that of a Parquet page where the file has one and the engine
    is `memory`.
    """


def portion_rows(columns: int) -> int:
    """Return how many rows of so many columns are read at a time."""
    return min(max(PORTION // max(columns, 1), FEWEST), MOST)


@dataclass(frozen=True, eq=False)
class Portion:
    """Consecutive rows of a table.

    Attributes
    ----------
    start
        Place of the first row in the table, from 0.
    rows
        Their columns; one that this part of the table lacks is not among them.
    written
        How strings are written that stand for numbers and times, as in CSV; None where they don't.
    """

    start: int
    rows: pa.RecordBatch
    written: CsvFormat | None = None

    def column(self, name: str) -> pa.Array | None:
        """Return a column; None where it is not there."""
        place = self.rows.schema.get_field_index(name)
        return None if place < 0 else self.rows.column(place)

    def notation(self, name: str) -> Notation | None:
        """Return how a column's text is written; None where it is no text of a CSV file."""
        return None if self.written is None else self.written.notation(name)


class Table(Protocol):
    """Rows that an engine reads: in memory, out of core, or distributed."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns, each once."""

    @property
    def has_text(self) -> bool:
        """Whether strings of it may stand for numbers and times, as in CSV."""

    @property
    def layout(self) -> str:
        """How its CSV files are laid out, where that is worth saying."""

    def read_as(self, written: CsvFormat) -> Self:
        """Return the same table, its text read as a format says."""

    def rows(self, columns: Sequence[str]) -> int | None:
        """Return the number of rows as these columns are read; None where it is unknown before."""

    def read(
        self,
        columns: Sequence[str],
        work: Callable[[Iterable[Portion]], Found],
        *,
        placed: bool,
    ) -> Iterator[Found]:
        """Do `work` on all rows and return what it found.

        There is one finding where one process reads the rows, in order; where several read a
        part each, there is one of each part, in the order of the parts.

        Parameters
        ----------
        placed
            The work asks where in the table a portion begins; else that may be wrong.

        Raises
        ------
        TableError
            The table can't be read.
        """
