"""The out-of-core engine: DuckDB streams files of any size, a few portions in memory at a time."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from monitoring.summary.csv_format import PLAIN_FORMAT, CsvFormat
from monitoring.summary.csv_layout import rewritten
from monitoring.summary.data_file import DataFile, columns_of, layout_of, rows_of, unreadable
from monitoring.summary.in_memory import InMemory, batches_of, no_rows
from monitoring.summary.packed_file import DAMAGE, is_packed, piped
from monitoring.summary.table import Found, Portion, Table, TableError, portion_rows
from monitoring.summary.unpacked_size import UnpackedSizeError, unpacked_size
from monitoring.wording import several

if TYPE_CHECKING:
    import pyarrow as pa
    from duckdb import DuckDBPyConnection, DuckDBPyRelation

MEMORY, OF_COLUMN = 512 * 10**6, 512 * 2**10
"""Bytes that DuckDB may hold of what it reads, at least, and of each column: it reads 2,048 rows
at a time, in each thread, in several copies."""

THREADS = 4
"""Threads that read, at most."""

HELD = 2**30
"""Bytes of a table in memory, at most."""

_NUMBER = 8  # bytes


@dataclass(frozen=True, eq=False)
class OutOfCore:
    """CSV and Parquet files as one table, one after the other.

    Attributes
    ----------
    written
        How the values of CSV files are written.
    """

    files: tuple[DataFile, ...]
    written: CsvFormat = PLAIN_FORMAT

    @property
    def has_text(self) -> bool:
        """Whether some of it is CSV."""
        return any(file.layout is not None for file in self.files)

    @property
    def layout(self) -> str:
        """How the CSV files are laid out, where that is worth saying."""
        return layout_of(self.files)

    def read_as(self, written: CsvFormat) -> OutOfCore:
        """Return the same table, its text read as another format says."""
        return replace(self, written=written)

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
                    yield Portion(start, rows, None if file.layout is None else self.written)
                    start += rows.num_rows


def read_files(files: Sequence[DataFile], columns: Sequence[str]) -> Table:
    """Read files whole, as one table in memory; as `OutOfCore` does, portion by portion.

    Files that turn out to hold more than `HELD` are left to `OutOfCore`: a few MB of them may
    unpack to any size.
    """
    held: list[Portion] = []
    start = size = 0
    for file in files:
        if (file.rows or 0) * len(columns) * _NUMBER > HELD or _parquet_size(file, columns) > HELD:
            return OutOfCore(tuple(files))
        with closing(_whole(file, columns)) as portions:
            for rows in portions:
                held.append(Portion(start, rows, None if file.layout is None else PLAIN_FORMAT))
                start += rows.num_rows
                size += rows.nbytes
                if size > HELD:
                    return OutOfCore(tuple(files))
    return InMemory(columns_of(files), tuple(held), layout_of(files))


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
    # It would read a whole row group ahead: 800 MB of a thousand columns. DuckDB before 1.3 has no
    # such setting.
    with suppress(duckdb.CatalogException):
        connection.execute("SET disable_parquet_prefetching = true")
    return connection


def _stream(
    connection: DuckDBPyConnection, file: DataFile, columns: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    """Read a file's columns, at least one batch; the first column where it has none of them."""
    import duckdb
    import pyarrow as pa

    _parquet_size(file, columns)
    try:
        with _place(file) as place:
            relation = _relation(connection, file, place)
            called = dict(zip(file.columns, relation.columns, strict=True))
            wanted = [name for name in columns if name in called] or [file.columns[0]]
            # Of expressions instead of text, DuckDB compares each with every column.
            picked = ", ".join(_identifier(called[name]) for name in wanted)
            rows = None
            for batch in _batches(relation.select(picked), portion_rows(len(wanted))):
                yield _named(batch, wanted, file)
                rows = (rows or 0) + batch.num_rows
        if rows is None:
            yield no_rows(wanted)
    except (duckdb.Error, pa.ArrowException, OSError, UnicodeDecodeError, *DAMAGE) as error:
        raise unreadable(file.path, error) from error
    if file.rows is not None and file.rows != (rows or 0):
        told = several(file.rows, "row")
        msg = f"{file.path} is damaged: {told} by its metadata, but {rows or 0:,} in it"
        raise TableError(msg)


def _parquet_size(file: DataFile, columns: Sequence[str]) -> int:
    """Return the bytes that a Parquet file's columns take once they are read; 0 of CSV.

    Raises
    ------
    TableError
        One takes more than a whole table may, of the rows that are read at a time.
    """
    import pyarrow as pa
    from pyarrow import parquet

    if file.layout is not None:
        return 0
    try:
        return unpacked_size(
            lambda texts: parquet.ParquetFile(file.path, read_dictionary=texts),
            columns,
            portion=portion_rows(len(columns)),
            limit=HELD,
        )
    except (OSError, pa.ArrowException, UnpackedSizeError) as error:
        raise unreadable(file.path, error) from error


def _place(file: DataFile) -> AbstractContextManager[str]:
    """Return where DuckDB reads a file.

    Of one under gzip it would not verify the checksum, and it reads but one kind of line ends.
    """
    packed = is_packed(file.path)
    if file.layout is not None and (packed or file.layout.rewritten):
        return piped(file.path, partial(rewritten, encoding=file.layout.encoding), packed=packed)
    return nullcontext(glob.escape(str(file.path)))


def _identifier(name: str) -> str:
    """Quote a column's name for SQL."""
    return '"' + name.replace('"', '""') + '"'


def _relation(connection: DuckDBPyConnection, file: DataFile, place: str) -> DuckDBPyRelation:
    if file.layout is None:
        return connection.read_parquet(place)
    # Nothing is guessed: DuckDB's guesses look at the first rows only, and round what follows.
    return connection.read_csv(
        place,
        header=True,
        skiprows=int(file.layout.sep_line),
        sep=file.layout.delimiter,
        quotechar='"',
        escapechar='"',
        columns={f"c{place}": "VARCHAR" for place in range(len(file.columns))},
        auto_detect=False,
    )


def _batches(relation: DuckDBPyRelation, rows: int) -> pa.RecordBatchReader:
    """Read a relation some rows at a time, by the name that this DuckDB has for it."""
    known = hasattr(relation, "to_arrow_reader")  # from 1.5 on
    return relation.to_arrow_reader(rows) if known else relation.fetch_arrow_reader(rows)


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


def _whole(file: DataFile, columns: Sequence[str]) -> Generator[pa.RecordBatch, None, None]:
    if file.layout is not None:
        with _connected([file]) as connection:
            yield from _stream(connection, file, columns)
    else:
        yield from _whole_parquet(file, columns)


def _whole_parquet(file: DataFile, columns: Sequence[str]) -> list[pa.RecordBatch]:
    import pyarrow as pa
    from pyarrow import parquet

    wanted = [name for name in columns if name in file.columns]
    try:
        with parquet.ParquetFile(file.path, page_checksum_verification=True) as opened:
            table = opened.read(columns=wanted)
    except (OSError, pa.ArrowException) as error:
        raise unreadable(file.path, error) from error
    return batches_of(table)
