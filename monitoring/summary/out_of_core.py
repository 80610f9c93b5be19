"""The out-of-core engine: DuckDB streams files of any size, a few portions in memory at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitoring.summary.data_file import DataFile, columns_of, rows_of, unreadable
from monitoring.summary.in_memory import InMemory, batches_of, no_rows
from monitoring.summary.table import Found, Portion, portion_rows

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

MEMORY, OF_COLUMN = 512 * 10**6, 512 * 2**10
"""Bytes that DuckDB may hold of what it reads, at least, and of each column: it reads 2,048 rows
at a time, in each thread, in several copies."""

THREADS = 4
"""Threads that read, at most."""


@dataclass(frozen=True, eq=False)
class OutOfCore:
    """CSV and Parquet files as one table, one after the other."""

    files: tuple[DataFile, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the columns."""
        return columns_of(self.files)

    def rows(self, columns: Sequence[str]) -> int | None:  # noqa: ARG002 - whatever they are
        """Return the number of rows; None for CSV."""
        return rows_of(self.files)

    def read(
        self,
        columns: Sequence[str],
        work: Callable[[Iterable[Portion]], Found],
        *,
        placed: bool,  # noqa: ARG002 - they always are
    ) -> Iterator[Found]:
        """Do `work` on all rows, in the files' order."""
        yield work(self._portions(columns))

    def _portions(self, columns: Sequence[str]) -> Iterator[Portion]:
        start = 0
        with _connected(self.files) as connection:
            for file in self.files:
                for rows in _stream(connection, file, columns):
                    yield Portion(start, rows, file.text)
                    start += rows.num_rows


def read_files(files: Sequence[DataFile], columns: Sequence[str]) -> InMemory:
    """Read files whole, as one table in memory; as `OutOfCore` does, portion by portion."""
    held, start = [], 0
    for file in files:
        for rows in _whole_csv(file, columns) if file.text else _whole_parquet(file, columns):
            held.append(Portion(start, rows, file.text))
            start += rows.num_rows
    return InMemory(columns_of(files), tuple(held))


def _connected(files: Sequence[DataFile]) -> DuckDBPyConnection:
    import duckdb

    widest = max(len(file.columns) for file in files)
    connection = duckdb.connect(
        config={
            "memory_limit": f"{max(MEMORY, widest * OF_COLUMN)}B",
            "threads": min(os.cpu_count() or 1, THREADS),
            "autoload_known_extensions": False,
            "autoinstall_known_extensions": False,
        }
    )
    # It would read a whole row group ahead: 800 MB of a thousand columns.
    connection.execute("SET disable_parquet_prefetching = true")
    return connection


def _stream(
    connection: DuckDBPyConnection, file: DataFile, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """Read a file's columns, at least one batch; the first column where it has none of them."""
    import duckdb
    import pyarrow as pa

    try:
        relation = _relation(connection, file)
        called = dict(zip(file.columns, relation.columns, strict=True))
        wanted = [name for name in columns if name in called] or [file.columns[0]]
        # Of expressions instead of text, DuckDB compares each with every column.
        picked = ", ".join(_identifier(called[name]) for name in wanted)
        reader = relation.select(picked).to_arrow_reader(portion_rows(len(wanted)))
        read = False
        for batch in reader:
            yield _named(batch, wanted, file)
            read = True
        if not read:
            yield no_rows(wanted)
    except (duckdb.Error, pa.ArrowException, OSError) as error:  # OSError: met on the way
        raise unreadable(file.path, error) from error


def _identifier(name: str) -> str:
    """Quote a column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _relation(connection: DuckDBPyConnection, file: DataFile) -> DuckDBPyRelation:
    path = glob.escape(str(file.path))
    if not file.text:
        return connection.read_parquet(path)
    # Nothing is guessed: DuckDB's guesses look at the first rows only, and round what follows.
    return connection.read_csv(
        path,
        header=True,
        sep=",",
        quotechar='"',
        escapechar='"',
        columns={f"c{place}": "VARCHAR" for place in range(len(file.columns))},
        auto_detect=False,
    )


def _named(batch: pa.RecordBatch, names: Sequence[str], file: DataFile) -> pa.RecordBatch:
    """Return the columns by the file's own names; DuckDB's never differ in case alone."""
    import pyarrow as pa

    columns = batch.columns
    if file.schema is not None:
        kinds = [file.schema.field(name).type for name in names]
        # DuckDB reads a duration as the whole number that stands for it.
        columns = [
            column.cast(kind) if pa.types.is_duration(kind) else column
            for column, kind in zip(columns, kinds, strict=True)
        ]
    return pa.RecordBatch.from_arrays(columns, names=list(names))


def _whole_csv(file: DataFile, columns: Sequence[str]) -> list[pa.RecordBatch]:
    with _connected([file]) as connection:
        return list(_stream(connection, file, columns))


def _whole_parquet(file: DataFile, columns: Sequence[str]) -> list[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import parquet

    wanted = [name for name in columns if name in file.columns]
    try:
        with parquet.ParquetFile(file.path) as opened:
            table = opened.read(columns=wanted)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(file.path, error) from error
    return batches_of(table)
