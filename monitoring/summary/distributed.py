"""The distributed engine: Spark reads each partition where it lies; results are added up here.

The workers need this package, numpy and pyarrow, and nothing else of what it depends on.
"""

from __future__ import annotations

import pickle  # nosec B403 # each use has its reason
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Generic

from monitoring.summary.in_memory import no_rows
from monitoring.summary.table import Found, Portion, TableError, portion_rows

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

    from monitoring.summary.csv_format import CsvFormat


class Distributed:
    """A Spark DataFrame as a table; its rows are in the order of its partitions.

    It is read once to be summarised, and three times to fit bins on it: cache one that is dear
    to compute, or that does not give the same rows every time.

    Raises
    ------
    TableError
        Two of its columns have one name.
    """

    def __init__(self, frame: DataFrame) -> None:
        self._names = tuple(frame.columns)
        twice = sorted(name for name, count in Counter(self._names).items() if count > 1)
        if twice:
            msg = f"the Spark DataFrame has several columns of one name: {', '.join(twice)}"
            raise TableError(msg)
        # By place: names that differ in case alone are one to Spark.
        self._frame = frame.toDF(*map(_called, range(len(self._names))))
        self._counted: dict[tuple[str, ...], dict[int, int]] = {}

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return self._names

    @property
    def has_text(self) -> bool:
        """Return False: Spark has read what text stands for."""
        return False

    @property
    def layout(self) -> str:
        """Return nothing: there are no CSV files."""
        return ""

    def read_as(self, written: CsvFormat) -> Distributed:  # noqa: ARG002 - there is no such text
        """Return the same table."""
        return self

    def rows(self, columns: Sequence[str]) -> int:
        """Return the number of rows."""
        return sum(self._rows_by_part(self._wanted(columns)).values())

    def read(
        self,
        columns: Sequence[str],
        work: Callable[[Iterable[Portion]], Found],
        *,
        placed: bool,
    ) -> Iterator[Found]:
        """Do `work` on the rows of each partition, where they are."""
        wanted = self._wanted(columns)
        starts: dict[int, int] | None = None
        if placed:
            rows = self._rows_by_part(wanted)
            starts = dict(zip(rows, accumulate(rows.values(), initial=0), strict=False))
        results = self._done(_Todo(work, wanted, starts))
        # A frame without rows may have no partition either.
        yield from results.values() if results else [work([Portion(0, no_rows(wanted))])]

    def _wanted(self, columns: Sequence[str]) -> tuple[str, ...]:
        """Return those that are there; the first of all where none is, for rows to be counted."""
        return tuple(name for name in columns if name in self._names) or self._names[:1]

    def _rows_by_part(self, wanted: tuple[str, ...]) -> dict[int, int]:
        """Return how many rows each partition has; they are cut anew for other columns."""
        if wanted not in self._counted:
            self._counted[wanted] = self._done(_Todo(_row_count, wanted, None))
        return self._counted[wanted]

    def _done(self, todo: _Todo[Found]) -> dict[int, Found]:
        """Return the result of each partition, in their order."""
        from pyspark.errors import PySparkException

        picked = self._frame.select(*(_called(self._names.index(name)) for name in todo.columns))
        try:
            rows = picked.mapInArrow(todo, "part int, found binary").collect()
        except PySparkException as error:
            msg = f"Spark can't read the DataFrame: {error}"
            raise TableError(msg) from error
        # Spark's own workers made these, and pickling is how Spark itself talks with them.
        found = {row.part: pickle.loads(row.found) for row in rows}  # noqa: S301  # nosec B301 # as above
        for result in found.values():
            if isinstance(result, ValueError):
                raise result
        return dict(sorted(found.items()))


@dataclass(frozen=True)
class _Todo(Generic[Found]):
    """What a worker does with a partition.

    Attributes
    ----------
    columns
        Names of the columns that it is given.
    starts
        Place of the first row of each partition; None where places don't matter.
    """

    work: Callable[[Iterable[Portion]], Found]
    columns: tuple[str, ...]
    starts: Mapping[int, int] | None

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        """Yield the partition's number and its result, or the error that stopped it."""
        import pyarrow as pa
        from pyspark import TaskContext

        context = TaskContext.get()
        part = 0 if context is None else context.partitionId()
        found: Found | ValueError
        try:
            found = self.work(self._portions(part, batches))
        except ValueError as error:
            found = error
        yield pa.RecordBatch.from_pydict(
            {"part": pa.array([part], pa.int32()), "found": [pickle.dumps(found)]}
        )

    def _portions(self, part: int, batches: Iterator[pa.RecordBatch]) -> Iterator[Portion]:
        if self.starts is not None and part not in self.starts:
            msg = "the Spark DataFrame was cut into other partitions than before: cache it"
            raise TableError(msg)
        start = 0 if self.starts is None else self.starts[part]
        for batch in _together(batches, portion_rows(len(self.columns))):
            yield Portion(start, batch.rename_columns(list(self.columns)))
            start += batch.num_rows
        yield Portion(start, no_rows(self.columns))


def _called(place: int) -> str:
    return f"c{place}"


def _row_count(portions: Iterable[Portion]) -> int:
    return sum(portion.rows.num_rows for portion in portions)


def _together(batches: Iterator[pa.RecordBatch], rows: int) -> Iterator[pa.RecordBatch]:
    """Join Spark's small batches into some of at least so many rows."""
    import pyarrow as pa

    held: list[Any] = []
    for batch in batches:
        held.append(batch)
        if sum(part.num_rows for part in held) >= rows:
            yield pa.concat_batches(held)
            held = []
    if held:
        yield pa.concat_batches(held)
