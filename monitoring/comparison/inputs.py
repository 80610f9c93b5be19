"""What the functions on tables accept: tables, files, saved references and summaries."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from monitoring.row_files import ENDINGS
from monitoring.summary.data_file import columns_of, find_files
from monitoring.summary.distributed import Distributed
from monitoring.summary.files import ENDING, load_reference, load_summary
from monitoring.summary.in_memory import InMemory
from monitoring.summary.out_of_core import OutOfCore, read_files
from monitoring.summary.table import Table, TableError
from monitoring.summary.types import Reference, Summary

Handed: TypeAlias = Any
"""A pandas, polars or Arrow table (what has `__arrow_c_stream__`), a Spark DataFrame, or a path."""


SMALL = 64 * 2**20
"""Bytes of files up to which they are read into memory."""


class Engine(StrEnum):
    """What reads a table."""

    AUTO = "auto"
    MEMORY = "memory"
    DUCKDB = "duckdb"
    SPARK = "spark"


def engine_called(name: str) -> Engine:
    """Return an engine by its name.

    Raises
    ------
    TableError
        None is called so.
    """
    try:
        return Engine(name)
    except ValueError as error:
        msg = f"no engine {name!r}: choose one of {', '.join(Engine)}"
        raise TableError(msg) from error


@dataclass(frozen=True)
class Selection:
    """Which columns are compared, and how.

    Attributes
    ----------
    columns
        Those to compare; all by default.
    ignore
        Those to leave out.
    categorical
        Those whose numbers are codes, compared as words.
    """

    columns: tuple[str, ...] | None = None
    ignore: tuple[str, ...] = ()
    categorical: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        columns: Sequence[str] | None = None,
        ignore: Sequence[str] = (),
        categorical: Sequence[str] = (),
    ) -> Selection:
        """Return a selection by names.

        Raises
        ------
        TableError
            One is a text where a list of names belongs.
        """
        for called, names in (
            ("columns", columns),
            ("ignore", ignore),
            ("categorical", categorical),
        ):
            if isinstance(names, str):
                msg = f"{called} is the text {names!r}: give a list of names, such as [{names!r}]"
                raise TableError(msg)
        return cls(None if columns is None else tuple(columns), tuple(ignore), tuple(categorical))

    def names(self, there: Sequence[str]) -> list[str]:
        """Return the columns to compare, of those that are there.

        Raises
        ------
        TableError
            There are none, or one that was named is not there, or is named to be left out too.
        """
        chosen = there if self.columns is None else self.columns
        named = dict.fromkeys((*chosen, *self.ignore, *self.categorical))
        absent = [name for name in named if name not in there]
        if absent:
            msg = f"the reference has no column {', '.join(absent)}: it has {', '.join(there)}"
            raise TableError(msg)
        both = {*(self.columns or ()), *self.categorical}.intersection(self.ignore)
        if both:
            msg = f"{', '.join(sorted(both))}: named to be compared, and in `ignore` too"
            raise TableError(msg)
        names = [name for name in dict.fromkeys(chosen) if name not in self.ignore]
        if not names:
            msg = "the reference has no columns to compare"
            raise TableError(msg)
        return names


def opened(
    handed: Handed, which: str, engine: Engine = Engine.AUTO, columns: Sequence[str] | None = None
) -> Table:
    """Open a table that was handed in.

    Parameters
    ----------
    which
        What it is called in errors: reference or current.
    engine
        What reads files; by default DuckDB those of more than `SMALL` bytes in all. What is in
        memory is read there, and Spark reads its own.
    columns
        Those that will be read, of those it has; all by default.

    Raises
    ------
    TableError
        It is not a table, can't be read, has no columns or two of one name, or is nothing that the
        engine named can read.
    """
    table = _opened(handed, which, engine, columns)
    if not table.columns:
        msg = f"the {which} has no columns to compare"
        raise TableError(msg)
    return table


def _opened(handed: Handed, which: str, engine: Engine, columns: Sequence[str] | None) -> Table:
    if isinstance(handed, str | Path):
        return _opened_files(handed, engine, columns)
    if _is_spark(handed):
        return Distributed(handed)
    if engine is Engine.SPARK:
        msg = f"the {which} is a {type(handed).__name__}, not a Spark DataFrame"
        raise TableError(msg)
    if _is_pandas(handed):
        frame = handed.set_axis([str(name) for name in handed.columns], axis="columns")
        _once(frame.columns, which)
        return InMemory.of_frame(frame, list(frame.columns) if columns is None else columns)
    if hasattr(handed, "__arrow_c_stream__"):
        import pyarrow as pa

        try:
            table = pa.table(handed)
        except (TypeError, pa.ArrowException) as error:
            msg = f"the {which} is a {type(handed).__name__}, which is not a table: {error}"
            raise TableError(msg) from error
        _once(table.column_names, which)
        return InMemory.of(table)
    msg = (
        f"the {which} is a {type(handed).__name__}: give a pandas, polars or Arrow table, "
        f"a Spark DataFrame, or the path of a file ({', '.join(ENDINGS)})"
    )
    raise TableError(msg)


def _opened_files(path: str | Path, engine: Engine, columns: Sequence[str] | None) -> Table:
    if engine is Engine.SPARK:
        msg = f"{path} is a path: give engine spark the DataFrame, as spark.read.parquet gives it"
        raise TableError(msg)
    files = find_files(path)
    large = sum(file.path.stat().st_size for file in files) > SMALL
    if engine is Engine.DUCKDB or (engine is Engine.AUTO and large):
        return OutOfCore(files)
    return read_files(files, columns_of(files) if columns is None else columns)


def _is_pandas(handed: Handed) -> bool:
    """Whether it is a pandas DataFrame; pandas is not imported for it."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(handed, pandas.DataFrame)


def _is_spark(handed: Handed) -> bool:
    """Whether it is a Spark DataFrame; Spark need not be installed."""
    return type(handed).__module__.startswith("pyspark.sql.")


def _once(names: Iterable[str], which: str) -> None:
    twice = sorted(name for name, count in Counter(names).items() if count > 1)
    if twice:
        msg = f"the {which} has several columns of one name: {', '.join(twice)}"
        raise TableError(msg)


def saved_reference(handed: Handed) -> Reference | None:
    """Return the reference that was handed in; None where it is a table.

    Raises
    ------
    TableError
        It is a summary.
    FormatError
        Its file is damaged, or of an unknown version.
    """
    if isinstance(handed, Summary):
        msg = "the reference is a summary, which has no bins: give the Reference that it lies on"
        raise TableError(msg)
    if isinstance(handed, Reference):
        return handed
    return load_reference(Path(handed)) if _is_saved(handed) else None


def saved_summary(handed: Handed) -> Summary | None:
    """Return the summary that was handed in; None where it is a table.

    Raises
    ------
    FormatError
        Its file is damaged, or of an unknown version.
    """
    if isinstance(handed, Summary):
        return handed
    return load_summary(Path(handed)) if _is_saved(handed) else None


def _is_saved(handed: Handed) -> bool:
    return isinstance(handed, str | Path) and str(handed).endswith(ENDING)
