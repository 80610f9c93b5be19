"""A CSV or Parquet file that is a table or a part of one, and its own metadata."""

from __future__ import annotations

import csv
import glob
import gzip
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.summary.table import TableError
from monitoring.wording import shortened

if TYPE_CHECKING:
    import pyarrow as pa

CSV_ENDINGS = (".csv", ".csv.gz")
ENDINGS = (*CSV_ENDINGS, ".parquet")

LETTERS = 300
"""Letters of a line of an error that are shown: it may hold a row of the file."""


@dataclass(frozen=True, eq=False)
class DataFile:
    """One file.

    Attributes
    ----------
    path
        Where it is, as it was given.
    columns
        Names of its columns, in its order.
    hidden
        Those that only number the rows: what pandas had for an index.
    schema
        Types of its columns; None for CSV, where all are text.
    rows
        Rows by its metadata; None for CSV.
    """

    path: Path
    columns: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    schema: pa.Schema | None = None
    rows: int | None = None

    @property
    def text(self) -> bool:
        """Whether all columns are text."""
        return self.schema is None


def find_files(path: str | Path) -> tuple[DataFile, ...]:
    """Return the files that `path` names, in order of their names, with their columns.

    Parameters
    ----------
    path
        A file, a folder of files, or a pattern such as ``2026-01/*.parquet``.

    Raises
    ------
    TableError
        There is no file; one is of another format, damaged, or names a column twice.
    """
    return tuple(_opened(file) for file in _named(Path(path)))


def _named(path: Path) -> Sequence[Path]:
    if path.is_dir():
        files = sorted(inside for inside in path.rglob("*") if _is_data(inside, path))
        if not files:
            msg = f"folder {path} holds no file whose name ends in {', '.join(ENDINGS)}"
            raise TableError(msg)
        return files
    if path.exists() or not glob.has_magic(str(path)):
        return [path]
    files = [Path(name) for name in sorted(glob.glob(str(path), recursive=True))]  # noqa: PTH207
    if not files:
        msg = f"no file is called {path}"
        raise TableError(msg)
    return files


def _is_data(path: Path, folder: Path) -> bool:
    """Whether a file in a folder is one of data: not what a writer left beside it."""
    aside = any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    return path.is_file() and path.name.casefold().endswith(ENDINGS) and not aside


def _opened(path: Path) -> DataFile:
    name = path.name.casefold()
    if not name.endswith(ENDINGS):
        msg = f"{path}: a file's name ends in {', '.join(ENDINGS)}"
        raise TableError(msg)
    file = _csv(path) if name.endswith(CSV_ENDINGS) else _parquet(path)
    twice = [name for name, count in Counter(file.columns).items() if count > 1]
    if twice:
        msg = f"{path} has several columns of one name: {', '.join(sorted(twice))}"
        raise TableError(msg)
    return file


def _csv(path: Path) -> DataFile:
    try:
        with (gzip.open if path.suffix.casefold() == ".gz" else open)(
            path, "rt", encoding="utf-8-sig", newline=""
        ) as lines:
            header = next(csv.reader(lines), None)
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(path, error) from error
    if not header:
        msg = f"{path} is empty: a CSV file begins with the names of its columns"
        raise TableError(msg)
    return DataFile(path, tuple(header))


def _parquet(path: Path) -> DataFile:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
    except (OSError, pa.ArrowException) as error:
        raise unreadable(path, error) from error
    if not schema.names:
        msg = f"{path} has no columns"
        raise TableError(msg)
    noted = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
    index = frozenset(name for name in noted.get("index_columns", []) if isinstance(name, str))
    return DataFile(path, tuple(schema.names), index, schema, rows)


def unreadable(path: Path, error: BaseException) -> TableError:
    """Return the error that a file can't be read, with the cause in a few lines."""
    cause = str(error) or type(error).__name__
    lines = [shortened(line, LETTERS) for line in cause.splitlines()[:3]]
    if isinstance(error, UnicodeDecodeError) or "Invalid unicode" in cause:
        lines.append("CSV is read as UTF-8: save the file so")
    return TableError(f"{path} can't be read: " + "\n".join(lines))


def columns_of(files: Iterable[DataFile]) -> tuple[str, ...]:
    """Return the names of all columns of a table's files, those of the first file first."""
    return tuple(
        dict.fromkeys(name for file in files for name in file.columns if name not in file.hidden)
    )


def rows_of(files: Iterable[DataFile]) -> int | None:
    """Return the number of rows of a table's files; None where the metadata of one lacks it."""
    counts = [file.rows for file in files]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
