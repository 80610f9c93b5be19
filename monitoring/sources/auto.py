"""Use cases of files that nobody declared: the first CSV, its last column the target."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.field_types import did_you_mean
from monitoring.row_files import CSV_ENDINGS, is_there
from monitoring.rows.parsing import ColumnTypeError, is_text, parse_numbers, parse_times
from monitoring.sources.location import FoundFile, SourceError
from monitoring.sources.source_csv import DETECTED, DeclaredCsv
from monitoring.sources.source_rows import rows_of_files
from monitoring.stored_files import StoredPath
from monitoring.summary.csv_layout import is_unnamed
from monitoring.use_case import UseCase
from monitoring.use_case_columns import MOST_CLASSES, Columns, EventTime, Features, Target
from monitoring.use_case_file import find_use_case

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger(__name__)

_LOOKS_LIKE = {"card": "fraud", "survey": "student_depression", "visits": "ads_clicks"}

_MOSTLY = 0.9  # share of a column's values that are numbers, or times

_NAMES_FROM = 0.5  # share of a text column's values that differ: names of rows, not categories

_FEW, _SURELY = 0.05, 0.999
"""Most different values, as a share of the rows, of a column that may reveal the target, and the
share of rows that it must reveal."""

_IDS = ("id", "uuid", "guid", "index")

_MONEY = frozenset({"amount", "amt", "price", "total", "payment", "value", "revenue", "cost"})


@dataclass(frozen=True)
class FirstLook:
    """What the columns of a file look like.

    Attributes
    ----------
    target
        The last column, or the one that was named; of its values the rarest one is watched.
    share
        Of the rows that have that value.
    event_time
        The first column of times in ISO 8601, if there is one.
    id
        The first column that is called so and names each row once, if there is one.
    amount
        The first column of numbers that is called as money is, if there is one.
    numeric, categorical
        The other columns, but for texts of which most differ from row to row.
    left_out
        Those.
    revealing
        Columns of few values each of which goes with one value of the target: the target in other
        words, or known only after it. No features either.
    """

    rows: int
    target: Target
    share: float
    event_time: str | None
    id: str | None
    amount: str | None
    numeric: tuple[str, ...]
    categorical: tuple[str, ...]
    left_out: tuple[str, ...]
    revealing: tuple[str, ...] = ()


def csv_files(data: Path) -> list[Path]:
    """Return the CSV files of a folder, in the order of their names.

    Raises
    ------
    SourceError
        The folder can't be read.
    """
    try:
        inside = data.iterdir() if is_there(data) else ()
        return sorted(file for file in inside if file.name.casefold().endswith(CSV_ENDINGS))
    except OSError as error:
        msg = f"{error.filename}: can't be read: {error.strerror}"
        raise SourceError(msg) from error


def resolve(case: UseCase, data: StoredPath) -> UseCase:
    """Return the use case with its file, target and features named, if they were left to `auto`.

    The file is the first CSV in `data` by name; its last column is the target, and the rarer of
    the target's two values is the positive one; of more values the rarest is watched. Every other
    column is a feature, but for the event time, the id, and texts of which most differ from row to
    row: those are logged.

    Raises
    ------
    SourceError
        There is no CSV, and synthetic rows may not stand in, or the file can't be read, or
        its target has one value or too many.
    """
    if case.source.path != "auto":
        return case
    if not isinstance(data, Path):
        msg = f"use case {case.name}: `source.path: auto` looks into a folder, not into {data}"
        raise SourceError(f"{msg}: name the file, or set TOCSIN_DATA to a folder")
    files = csv_files(data)
    if files:
        try:
            seen = files[0].stat()
        except OSError as error:
            msg = f"{files[0]}: can't be read: {error.strerror}"
            raise SourceError(msg) from error
        changed = (seen.st_mtime_ns, seen.st_size)
        target, features = _inferred(files[0], case.columns, declared_csv(case), changed)
        return _with_columns(case, files[0].name, target, features)
    if case.source.synthetic is not None:
        shipped = find_use_case(_LOOKS_LIKE[case.source.synthetic])
        columns = shipped.columns
        return _with_columns(case, "auto.csv", columns.target, columns.features)
    msg = (
        f"use case {case.name}: no CSV in {data}: put one there whose last column is "
        "the target, or set TOCSIN_DATA to its folder"
    )
    raise SourceError(msg)


def declared_csv(case: UseCase) -> DeclaredCsv:
    """Return what a use case says of how its CSV files are written."""
    source = case.source
    return DeclaredCsv(source.delimiter, source.decimal, source.missing)


def first_look(path: Path, target: str | None = None) -> FirstLook:
    """Return what the columns of a CSV or Parquet file look like.

    Parameters
    ----------
    target
        Name of the column of labels; the last one if unset.

    Raises
    ------
    SourceError
        It can't be read, has no rows or no feature, no such target, or one of a single value or
        of too many.
    """
    frame, others = _columns_of(path, DETECTED, target)
    event_time = next((name for name in others if _is_time(frame[name])), None)
    row_id = next((name for name in others if _is_id(frame[name])), None)
    free = [name for name in others if name not in (event_time, row_id) and name]
    revealing = tuple(name for name in free if _reveals(frame[name], frame.iloc[:, -1]))
    free = [name for name in free if name not in revealing]
    numeric, categorical, left_out = _kinds(frame, free)
    if not numeric and not categorical:
        msg = f"{path}: no column but the target, {frame.columns[-1]!r}, can be a feature"
        raise SourceError(msg)
    found, share = _target(frame.iloc[:, -1], path)
    amount = next((name for name in numeric if _is_money(name)), None)
    return FirstLook(
        rows=len(frame),
        target=found,
        share=share,
        event_time=event_time,
        id=row_id,
        amount=amount,
        numeric=numeric,
        categorical=categorical,
        left_out=left_out,
        revealing=revealing,
    )


def _with_columns(case: UseCase, path: str, target: Any, features: Any) -> UseCase:
    columns = case.columns.model_copy(update={"target": target, "features": features})
    source = case.source.model_copy(update={"path": path})
    return case.model_copy(update={"columns": columns, "source": source})


@cache
def _inferred(
    path: Path, columns: Columns, declared: DeclaredCsv, _: tuple[int, int]
) -> tuple[Target, Features]:
    """Return the target and the features of a file; the last argument changes as it does."""
    frame, others = _columns_of(path, declared)
    event_time = columns.event_time
    taken = {columns.id, event_time.name if isinstance(event_time, EventTime) else None}
    numeric, categorical, left_out = _kinds(frame, [name for name in others if name not in taken])
    if left_out:
        _log.warning(
            "%s: most values of %s are distinct: not used as a feature", path, ", ".join(left_out)
        )
    found = _target(frame.iloc[:, -1], path)[0]
    return found, Features(numeric=numeric, categorical=categorical)


def _columns_of(
    path: Path, declared: DeclaredCsv, target: str | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Return a file's rows, the target last, and the names of the others but those of an index."""
    files = [FoundFile(str(path), path.name)]
    frame = rows_of_files(str(path), files, declared=declared).frame
    if target is not None:
        if target not in frame.columns:
            msg = f"{path}: no column {did_you_mean(target, [*map(str, frame.columns)])}"
            raise SourceError(msg)
        frame = frame[[*(name for name in frame.columns if name != target), target]]
    others = [str(name) for name in frame.columns[:-1]]
    if not len(frame) or not others:
        msg = f"{path}: `auto` needs rows, and a feature column before the target"
        raise SourceError(msg)
    twice = sorted({name for name in frame.columns if list(frame.columns).count(name) > 1})
    if twice:
        msg = f"{path}: several columns are called {', '.join(map(repr, twice))}: rename them"
        raise SourceError(msg)
    index = [name for name in others if _is_index(name, frame[name])]
    if index:
        _log.warning("%s: column %s only numbers rows: not used", path, ", ".join(map(repr, index)))
    return frame, [name for name in others if name not in index]


def _is_index(name: str, column: pd.Series) -> bool:
    """Whether a column is an index that `to_csv` wrote without a name."""
    return is_unnamed(name) and column.is_unique and _is_numeric(column)


def _kinds(
    frame: pd.DataFrame, names: Sequence[str]
) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the columns of numbers, those of categories, and those that name rows."""
    numeric = tuple(name for name in names if _is_numeric(frame[name]))
    words = [name for name in names if name not in numeric]
    left_out = tuple(name for name in words if frame[name].nunique() > _NAMES_FROM * len(frame))
    return numeric, tuple(name for name in words if name not in left_out), left_out


def _is_numeric(column: pd.Series) -> bool:
    try:
        numbers = parse_numbers(column)
    except ColumnTypeError:
        return False
    return bool(numbers.unparsable.mean() <= 1 - _MOSTLY)


def _is_time(column: pd.Series) -> bool:
    if _is_numeric(column):
        return False
    try:
        times = parse_times(column, EventTime(name=str(column.name) or "time"))
    except ColumnTypeError:
        return False
    return bool((~np.isnat(times.values)).mean() >= _MOSTLY)


def _is_id(column: pd.Series) -> bool:
    name = str(column.name).casefold()
    is_called_so = name in _IDS or name.endswith(("_id", " id"))
    whole = is_text(column) or str(column.dtype).startswith("int")
    return is_called_so and whole and bool(column.notna().all()) and column.is_unique


def _is_money(name: str) -> bool:
    return not _MONEY.isdisjoint(re.split(r"[^a-z]+", name.casefold()))


def _reveals(column: pd.Series, target: pd.Series) -> bool:
    """Whether each of a column's few values goes with one value of the target."""
    different = column.nunique()
    if not 2 <= different <= _FEW * len(column):
        return False
    pairs = column.to_frame("value").assign(target=target).dropna().value_counts()
    best = pairs.groupby(level="value").max().sum()
    most = pairs.groupby(level="target").sum().max()
    return bool(best >= _SURELY * pairs.sum() and most < _SURELY * pairs.sum())


def _target(column: pd.Series, path: Path) -> tuple[Target, float]:
    """Return the target that a column is, and the share of what is watched: its rarest value."""
    present = column[column.notna() & (column.astype(object) != "")]
    # How a target is read, letter case and spaces around a word don't matter.
    spelled = present.map(
        lambda value: value.strip().casefold() if isinstance(value, str) else value
    )
    counts = spelled.value_counts()
    if not 2 <= len(counts) <= MOST_CLASSES:
        some = ", ".join(str(value) for value in counts.index[:10])
        msg = (
            f"{path}: column {column.name!r} is taken as the target, which has two to "
            f"{MOST_CLASSES} values, not {len(counts):,} ({some}): name the target and its values"
        )
        raise SourceError(msg)
    values = [
        (present[spelled == value].mode().iloc[0], rows)
        for value, rows in counts.sort_index(ascending=False).items()
    ]
    value, rows = min(values, key=lambda pair: pair[1])
    rarest, share = _plain(value), rows / len(present)
    if len(values) == 2:
        return Target(name=str(column.name), positive=rarest), share
    classes = tuple(_plain(value) for value, _ in reversed(values))
    return Target(name=str(column.name), classes=classes, watch=(rarest,)), share


def _plain(value: Any) -> int | str | bool:
    """Return a value as a use-case file would name it."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer | float | np.floating) and value == int(value):
        return int(value)
    return str(value).strip()
