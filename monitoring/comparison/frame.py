"""Frame: tables of any make, read and brought to kinds of columns that can be compared."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from monitoring.summary.column import numbers_of, words_of
from monitoring.use_case import Features

if TYPE_CHECKING:
    import pandas as pd

Table: TypeAlias = Any
"""A pandas, polars or Arrow table, or a path: what has `__arrow_c_stream__`, or names a file."""

SUFFIXES = (".csv", ".csv.gz", ".parquet")


class TableError(ValueError):
    """A table can't be compared; the message names it, what is wrong and what is allowed."""


def as_frame(table: Table, which: str) -> pd.DataFrame:
    """Return `table` as a pandas frame; `which` names it in errors.

    Raises
    ------
    TableError
        It is neither a table nor the path of a readable file.
    """
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return table
    if isinstance(table, str | Path):
        return _read(Path(table), which)
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow as pa

        return _to_pandas(pa.table(table))
    msg = (
        f"the {which} is a {type(table).__name__}: give a pandas, polars or Arrow table, "
        f"or the path of a file ({', '.join(SUFFIXES)})"
    )
    raise TableError(msg)


def prepared(
    reference: pd.DataFrame, current: pd.DataFrame, columns: Sequence[str] | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return both frames with the columns to judge, brought to comparable kinds.

    Raises
    ------
    TableError
        A column asked for is not in the reference, or the reference has no rows or columns.
    """
    reference, current = _named(reference, "reference"), _named(current, "current")
    names = list(reference.columns) if columns is None else list(columns)
    absent = [name for name in names if name not in reference.columns]
    if absent:
        there = ", ".join(map(str, reference.columns))
        msg = f"the reference has no column {', '.join(absent)}: it has {there}"
        raise TableError(msg)
    if not len(reference) or not names:
        msg = f"the reference has {len(reference)} rows and {len(names)} columns to compare"
        raise TableError(msg)
    before = {name: _plain(reference[name]) for name in names}
    now = {name: _plain(current[name]) for name in names if name in current.columns}
    for name, column in now.items():
        if {str(column.dtype), str(before[name].dtype)} == _UNEQUAL_FLOATS:
            # What float32 rounded would be told from what it didn't.
            before[name] = before[name].astype("float32")
            now[name] = column.astype("float32")
    return _framed(before, reference), _framed(now, current)


def features_of(frame: pd.DataFrame) -> Features:
    """Return which columns of a prepared frame are numbers, and which are words."""
    numeric = tuple(name for name in frame.columns if numbers_of(frame[name]) is not None)
    return Features(
        numeric=numeric,
        categorical=tuple(name for name in frame.columns if name not in numeric),
    )


_UNEQUAL_FLOATS = {"float32", "float64"}


def _read(path: Path, which: str) -> pd.DataFrame:
    import pyarrow as pa

    if not path.name.endswith(SUFFIXES):
        msg = f"{which} {path}: a file's name ends in {', '.join(SUFFIXES)}"
        raise TableError(msg)
    try:
        if path.suffix == ".parquet":
            from pyarrow import parquet

            return _to_pandas(parquet.read_table(path))
        from pyarrow import csv

        options = csv.ConvertOptions(strings_can_be_null=True)
        return _to_pandas(csv.read_csv(path, convert_options=options))
    except (OSError, pa.ArrowException) as error:
        msg = f"{which} {path} can't be read: {error}"
        raise TableError(msg) from error


def _to_pandas(table: Any) -> pd.DataFrame:
    import pandas as pd

    frame = table.to_pandas()
    if not isinstance(frame, pd.DataFrame):
        msg = f"the table gives a {type(frame).__name__}, not a frame"
        raise TypeError(msg)
    return frame


def _named(frame: pd.DataFrame, which: str) -> pd.DataFrame:
    named = frame.rename(columns=str)
    twice = named.columns[named.columns.duplicated()]
    if len(twice):
        msg = f"the {which} has several columns of one name: {', '.join(sorted(set(twice)))}"
        raise TableError(msg)
    return named


def _framed(columns: dict[str, pd.Series], frame: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns, index=frame.index).reset_index(drop=True)


def _plain(column: pd.Series) -> pd.Series:
    """Return the column as numbers or words; times are seconds, objects are spelled out."""
    import numpy as np
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        column = column.dt.tz_convert("UTC").dt.tz_localize(None)
    if column.dtype.kind in "mM":
        seconds = column.to_numpy().astype(f"{column.dtype.kind}8[us]").astype(np.float64) / 1e6
        return pd.Series(seconds, column.index).where(column.notna())
    if numbers_of(column) is None and words_of(column) is None:
        return column.map(str, na_action="ignore").astype("str")
    return column
