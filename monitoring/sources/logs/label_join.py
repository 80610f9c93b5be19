"""Labels joined to logged rows by their ids, out of core.

DuckDB joins them by the numbers that stand for their ids. Rows wait in a file meanwhile, what is
known of each in a byte of memory. Most rows have one label, and are done with the join alone; those
with several are settled in a second one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import TocsinError
from monitoring.rows.rows import UNLABELLED
from monitoring.sources.logs.id_hashes import IdHashes
from monitoring.sources.logs.log_reader import BATCH
from monitoring.sources.logs.score_problems import ScoreProblems

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

MEMORY = 512 * 10**6
"""Bytes that DuckDB may hold of rows and labels before it writes to disk."""

_THREADS = 2

_PAIRS = "SELECT place, time, told FROM rows JOIN labels USING (id)"

_SETTLED = """
    SELECT place, {pick}(told) AS told, min(told & 1) <> max(told & 1) AS unlike,
           min(told) >> 1 < min(time) AS early
    FROM rows JOIN labels USING (id) GROUP BY place
"""

_EARLY, _SEVERAL = 2, 4
"""Added to a label that is older than its row; what stands for several labels of a row."""

_ROW = np.dtype([("id", "u8"), ("time", "i8"), ("score", "f8"), ("amount", "f8")])


@dataclass
class _Waiting:
    """Rows in a file, and in memory what is known of the label of each."""

    file: IO[bytes]
    rows: int = 0
    known: NDArray[np.int8] = field(default_factory=lambda: np.empty(0, np.int8))

    def put(self, rows: NDArray[Any]) -> None:
        rows.tofile(self.file)
        self.rows += len(rows)
        if self.rows > len(self.known):
            room = np.full(2 * self.rows - len(self.known), UNLABELLED, np.int8)
            self.known = np.concatenate([self.known, room])

    def blocks(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """Yield the rows in their order, with the place of the first of each block."""
        self.file.flush()
        self.file.seek(0)
        for start in range(0, self.rows, BATCH):
            yield start, np.fromfile(self.file, _ROW, min(BATCH, self.rows - start))

    def meet(
        self, place: NDArray[np.int64], time: NDArray[np.int64], told: NDArray[np.int64]
    ) -> None:
        """Note that rows have labels; which one counts where there are several is settled later."""
        before = place[self.known[place] != UNLABELLED]
        self.known[place] = (told & 1) + _EARLY * ((told >> 1) < time)
        ordered = np.sort(place)
        self.known[before] = _SEVERAL
        self.known[ordered[1:][ordered[1:] == ordered[:-1]]] = _SEVERAL


@dataclass(frozen=True, eq=False)
class LabelJoin:
    """Rows of logs and labels, joined.

    Attributes
    ----------
    rows
        Batches of ``id`` (text), ``time`` (microseconds), ``score``, ``amount``: read once.
    labels
        Gives batches of ``id``, ``label`` (0 or 1) and ``time``; asked again where a row has
        several labels.
    newest_wins
        Of several labels the newest counts, else the first.
    """

    rows: Iterator[pa.RecordBatch]
    labels: Callable[[], Iterator[pa.RecordBatch]]
    newest_wins: bool

    def blocks(self, problems: ScoreProblems) -> Iterator[tuple[int, NDArray[Any], Any]]:
        """Yield rows in their order: the place of the first, the rows, and the label of each."""
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile(dir=folder) as file:
            waiting = _Waiting(file)
            with closing(_connected(folder)) as joins:
                rows = self._coming(waiting, problems)
                for batch in self._joined(joins, _PAIRS, rows, problems.hashes):
                    place, time, told = (np.asarray(batch.column(n)) for n in range(3))
                    waiting.meet(place, time, told)
                    if problems.arrivals is not None:
                        problems.arrivals.add(problems.arrivals.met, told >> 1)
                for _ in rows:  # DuckDB reads no more of them where there is no label at all
                    pass
                known = waiting.known[: waiting.rows]
                problems.early += int((known[known < _SEVERAL] >= _EARLY).sum())
                if (known == _SEVERAL).any():
                    self._settle(joins, waiting, problems)
            for start, some in waiting.blocks():
                known = waiting.known[start : start + len(some)]
                yield start, some, np.where(known < 0, known, known & 1)

    def _coming(self, waiting: _Waiting, problems: ScoreProblems) -> Iterator[pa.RecordBatch]:
        """Let rows wait; yield what is joined of those that have an id."""
        import pyarrow as pa

        for batch in self.rows:
            ids = batch.column("id")
            rows = np.empty(batch.num_rows, _ROW)
            rows["id"] = problems.hashes(ids)
            for name in ("time", "score", "amount"):
                rows[name] = np.asarray(batch.column(name))
            place = np.arange(waiting.rows, waiting.rows + len(rows))
            waiting.put(rows)
            named = pa.compute.is_valid(ids)
            problems.without_id += ids.null_count
            problems.shared.add(rows["id"][np.asarray(named)])
            yield _joinable(place, rows).filter(named)

    def _settle(self, joins: Any, waiting: _Waiting, problems: ScoreProblems) -> None:
        """Find which label counts of rows that have several."""

        def several() -> Iterator[pa.RecordBatch]:
            for start, some in waiting.blocks():
                here = np.flatnonzero(waiting.known[start : start + len(some)] == _SEVERAL)
                yield _joinable(start + here, some[here])

        query = _SETTLED.format(pick="max" if self.newest_wins else "min")
        for batch in self._joined(joins, query, several(), problems.hashes):
            place, told, unlike, early = (np.asarray(batch.column(n)) for n in range(4))
            problems.conflicting += int(unlike.sum())
            problems.early += int(early.sum())
            waiting.known[place] = told & 1

    def _joined(
        self, joins: Any, query: str, rows: Iterator[pa.RecordBatch], hashes: IdHashes
    ) -> Iterator[pa.RecordBatch]:
        import duckdb
        import pyarrow as pa

        failed: list[TocsinError] = []
        of_rows = pa.schema([("id", pa.uint64()), ("place", pa.int64()), ("time", pa.int64())])
        of_labels = pa.schema([("id", pa.uint64()), ("told", pa.int64())])
        labels = (_told(batch, hashes) for batch in self.labels())
        for name, schema, batches in (("rows", of_rows, rows), ("labels", of_labels, labels)):
            noted = _noted(batches, failed)
            joins.register(name, pa.RecordBatchReader.from_batches(schema, noted))
        try:
            yield from joins.sql(query).to_arrow_reader(BATCH)
        except (duckdb.Error, pa.ArrowException, OSError) as error:
            # DuckDB tells what a part of the logs came to as an error of its own.
            raise (failed[0] if failed else error) from error


def _joinable(place: NDArray[np.int64], rows: NDArray[Any]) -> pa.RecordBatch:
    import pyarrow as pa

    return pa.record_batch({"id": rows["id"], "place": place, "time": rows["time"]})


def _told(labels: pa.RecordBatch, hashes: IdHashes) -> pa.RecordBatch:
    """Return labels with when they came in one number, in whose order they came."""
    import pyarrow as pa

    known = labels.filter(pa.compute.is_valid(labels.column("id")))
    told = np.asarray(known.column("time")) * 2 + np.asarray(known.column("label"))
    return pa.record_batch({"id": hashes(known.column("id")), "told": told})


def _noted(
    batches: Iterator[pa.RecordBatch], failed: list[TocsinError]
) -> Iterator[pa.RecordBatch]:
    """Pass batches on; note what ends them, which is not told through what reads them.

    Who stops reading does not end the batches themselves.
    """
    try:
        for batch in batches:  # noqa: UP028 - `yield from` would end them
            yield batch
    except TocsinError as error:
        failed.append(error)
        raise


def _connected(folder: str) -> Any:
    import duckdb

    return duckdb.connect(
        config={
            "memory_limit": f"{MEMORY}B",
            "threads": _THREADS,
            "temp_directory": folder,
            "preserve_insertion_order": False,
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
        }
    )
