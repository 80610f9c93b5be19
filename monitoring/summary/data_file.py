"""A CSV or Parquet file that is a table or a part of one, and its own metadata."""

from __future__ import annotations

import csv
import glob
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.bounded_file import open_regular
from monitoring.errors import InputError
from monitoring.row_files import CSV_ENDINGS, ENDINGS, files_below, is_there, matching
from monitoring.summary.csv_layout import WINDOWS, CsvLayout, read_layout
from monitoring.summary.packed_file import DAMAGE, is_packed, opened
from monitoring.summary.table import TableError
from monitoring.wording import shortened

if TYPE_CHECKING:
    import pyarrow as pa

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
    layout
        How a CSV file's bytes become rows; None for Parquet.
    rows
        Rows by its metadata; None for CSV.
    """

    path: Path
    columns: tuple[str, ...]
    hidden: frozenset[str] = frozenset()
    schema: pa.Schema | None = None
    rows: int | None = None
    layout: CsvLayout | None = None


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
    FileRefusedError
        One is a named pipe, a device or the like.
    """
    try:
        named = _named(Path(path))
    except OSError as error:
        raise unreadable(Path(error.filename or path), error) from error
    return tuple(_opened(file) for file in named)


def _named(path: Path) -> Sequence[Path]:
    if path.is_dir():
        files = sorted(inside for inside in files_below(path) if _is_data(inside, path))
        if not files:
            msg = f"folder {path} holds no file whose name ends in {', '.join(ENDINGS)}"
            raise TableError(msg)
        return files
    if is_there(path) or not glob.has_magic(str(path)):
        return [path]
    files = [Path(name) for name in matching(str(path), Path())]
    if not files:
        msg = f"no file is called {path}"
        raise TableError(msg)
    return files


def _is_data(path: Path, folder: Path) -> bool:
    """Whether a file in a folder is one of data: not what a writer left beside it.

    What only looks like one, such as a link to nowhere, is not left out but refused later.
    """
    aside = any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
    return path.name.casefold().endswith(ENDINGS) and not aside and not path.is_dir()


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
    packed = is_packed(path)
    try:
        with opened(path, packed=packed) as content:
            layout, header = read_layout(content, to_the_end=not packed)
    except (OSError, *DAMAGE, UnicodeDecodeError, csv.Error, InputError) as error:
        raise unreadable(path, error) from error
    if not header:
        msg = f"{path} is empty: a CSV file begins with the names of its columns"
        raise TableError(msg)
    return DataFile(path, tuple(header), layout=layout)


def _parquet(path: Path) -> DataFile:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with open_regular(path) as content, parquet.ParquetFile(content) as file:
            schema, rows = file.schema_arrow, file.metadata.num_rows
        names = tuple(schema.names)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise unreadable(path, error) from error
    if not names:
        msg = f"{path} has no columns"
        raise TableError(msg)
    return DataFile(path, names, _pandas_index(path, schema), schema, rows)


def _pandas_index(path: Path, schema: pa.Schema) -> frozenset[str]:
    """Return the columns that pandas had for an index, by what it noted in the file."""
    try:
        noted = json.loads((schema.metadata or {}).get(b"pandas", b"{}"))
        if not isinstance(noted, dict):
            raise TypeError
        # pandas notes an index of mere numbers by a mapping: no column holds it.
        return frozenset(name for name in noted.get("index_columns", ()) if isinstance(name, str))
    except (ValueError, TypeError, RecursionError) as error:
        msg = (
            f"{path}: its pandas metadata is damaged, which says what columns only number the "
            "rows: write the file again, or without this metadata"
        )
        raise TableError(msg) from error


def unreadable(path: Path, error: BaseException) -> TableError:
    """Return the error that a file can't be read, with the cause in a few lines."""
    cause = str(error) or type(error).__name__
    lines = [shortened(line, LETTERS) for line in cause.splitlines()[:3]]
    if "Invalid unicode" in cause:
        lines.append(WINDOWS)
    return TableError(f"{path} can't be read: " + "\n".join(lines))


def columns_of(files: Iterable[DataFile]) -> tuple[str, ...]:
    """Return the names of all columns of a table's files, those of the first file first."""
    return tuple(
        dict.fromkeys(name for file in files for name in file.columns if name not in file.hidden)
    )


def layout_of(files: Iterable[DataFile]) -> str:
    """Say how a table's CSV files are laid out, where that is worth saying."""
    said = dict.fromkeys(str(file.layout) for file in files if file.layout is not None)
    return "; ".join(words for words in said if words)


def rows_of(files: Iterable[DataFile]) -> int | None:
    """Return the number of rows of a table's files; None where the metadata of one lacks it."""
    counts = [file.rows for file in files]
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
