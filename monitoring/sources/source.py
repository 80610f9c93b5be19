"""The labelled history of a use case: its file found, read and checked."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.parsing import ColumnTypeError, parse_numbers
from monitoring.sources.derived import check_derive, file_columns
from monitoring.sources.location import FoundFile, SourceError, source_files
from monitoring.sources.query_rows import check_query, rows_of_query
from monitoring.sources.schema_check import CheckedRows, check
from monitoring.sources.source_csv import DeclaredCsv
from monitoring.sources.source_file import CSV_ENDINGS
from monitoring.sources.source_rows import SourceRows, rows_of_files
from monitoring.sources.synthetic.frames import content_hash, synthetic_frame
from monitoring.sources.typed_columns import SchemaError, declared_columns, resolved_columns
from monitoring.sources.warehouse import check_database_query, rows_of_database
from monitoring.summary.file_listing import is_there
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Columns, EventTime, Features, Target
from monitoring.use_case_file import find_use_case
from monitoring.use_case_source import is_address
from monitoring.wording import several

if TYPE_CHECKING:
    import pandas as pd

SYNTHETIC_ROWS = {"card": 120_000, "survey": 20_000}
"""Synthetic rows where a file is missing, by kind: enough positives in each part of the split."""

_SEED = 0

_log = logging.getLogger(__name__)

_LOOKS_LIKE = {"card": "fraud", "survey": "student_depression"}

_NUMERIC_FROM = 0.9  # share of a column's values that are numbers

_NAMES_FROM = 0.5  # share of a text column's values that differ: names of rows, not categories


def read_source(case: UseCase, data: Path) -> CheckedRows:
    """Read a use case's file and check its rows; where it may be missing, synthetic ones stand in.

    That is logged as a warning.

    Parameters
    ----------
    data
        The folder that `source.path` is relative to.

    Raises
    ------
    SourceError
        The file is missing and synthetic rows may not stand in, or it can't be read.
    SchemaError
        It is not what the use case declares, or none of its rows is.
    """
    case = resolve(case, data)
    source = _rows(case, data)
    if source is None:
        return _synthetic(case, data)
    try:
        checked = check(
            source.frame,
            case,
            source_hash=source.sha256,
            malformed=source.malformed,
            called=source.called,
        )
    except SchemaError as error:
        msg = f"{source.place}: {error}"
        raise SchemaError(msg) from error
    _log_findings(checked, source.place)
    return checked


def check_source(case: UseCase) -> None:
    """Check what can be known of a source before it is read: expressions, and its query.

    Raises
    ------
    SourceError
        An expression is not scalar, or the query not one that is run.
    """
    check_derive(case)
    if case.source.tables is not None:
        check_query(case)
    if case.source.database is not None:
        check_database_query(case)


def _rows(case: UseCase, data: Path) -> SourceRows | None:
    """Read the rows of a use case as they are; None where a file of them is nowhere."""
    if case.source.database is not None:
        return rows_of_database(case)
    found = [source_files(path, data) for path in case.source.paths]
    if not all(found):
        return None
    text, declared = _text_columns(case), _declared(case)
    if case.source.tables is None:
        place, needed = _place(case.source.paths[0], found[0]), declared_columns(case)
        return rows_of_files(place, found[0], text, needed, declared=declared)
    tables = zip(case.source.tables.items(), found, strict=True)
    return rows_of_query(
        case,
        {
            name: rows_of_files(_place(path, files), files, text, declared=declared)
            for (name, path), files in tables
        },
    )


def _declared(case: UseCase) -> DeclaredCsv:
    source = case.source
    return DeclaredCsv(source.delimiter, source.decimal, source.missing)


def _place(path: str, files: Sequence[FoundFile]) -> str:
    return files[0].name if len(files) == 1 else f"{path} ({len(files):,} files)"


def _text_columns(case: UseCase) -> list[str]:
    """Return the columns that are text, whatever it looks like."""
    columns = case.columns
    _, target = resolved_columns(case)
    _, categorical = file_columns(case)
    text = [*categorical]
    text += [columns.id] if columns.id is not None else []
    if isinstance(columns.event_time, EventTime) and columns.event_time.unit == "iso":
        text.append(columns.event_time.name)
    if target.is_text:
        text.append(target.name)
    return text


def _synthetic(case: UseCase, data: Path) -> CheckedRows:
    kind = case.source.synthetic
    if kind is None:
        raise SourceError(_nothing_there(case, data))
    rows = SYNTHETIC_ROWS[kind]
    _log.warning(
        "SYNTHETIC DATA: %s is not in %s, so %s SYNTHETIC rows of use case %s stand in for it; no "
        "figure made of them says anything about the world",
        ", ".join(case.source.paths),
        data.resolve(),
        f"{rows:,}",
        case.name,
    )
    frame = synthetic_frame(case, rows, seed=_SEED)
    return replace(check(frame, case, source_hash=content_hash(frame)), synthetic=True)


def _nothing_there(case: UseCase, data: Path) -> str:
    missing = [path for path in case.source.paths if not source_files(path, data)]
    if all(map(is_address, missing)):
        return (
            f"use case {case.name}: no file {', '.join(missing)}: put it there, or change `source`"
        )
    return (
        f"use case {case.name}: no file {', '.join(missing)} in {data.resolve()}, with or without "
        ".gz: put it there, set TOCSIN_DATA to its folder, or change `source`"
    )


def _log_findings(checked: CheckedRows, place: str) -> None:
    """Log what was set aside and what was read by a rule; raise if nothing is left."""
    by_reason = Counter(row.reason for row in checked.quarantined)
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in by_reason.most_common())
    if not len(checked.rows):
        first = checked.quarantined[0]
        msg = f"{place}: all rows were set aside: {reasons}; the first: {first.detail}"
        raise SchemaError(msg)
    if reasons:
        _log.warning("%s: rows set aside: %s", place, reasons)
    changes = checked.clock_changes
    if changes.ambiguous or changes.nonexistent:
        _log.warning(
            "%s: %s without a zone fell into a change of the clock: %s shown twice, of which the "
            "first was taken, and %s never shown, read by the clock as it was before",
            place,
            several(changes.ambiguous + changes.nonexistent, "event time"),
            f"{changes.ambiguous:,}",
            f"{changes.nonexistent:,}",
        )


def resolve(case: UseCase, data: Path) -> UseCase:
    """Return the use case with its file, target and features named, if they were left to `auto`.

    The file is the first CSV in `data` by name; its last column is the target, and the rarer of
    the target's two values is the positive one. Every other column is a feature, but for the
    event time, the id, and texts of which most differ from row to row: those are logged.

    Raises
    ------
    SourceError
        There is no CSV, and synthetic rows may not stand in, or the file can't be read, or
        its target has not two values.
    """
    if case.source.path != "auto":
        return case
    try:
        inside = data.iterdir() if is_there(data) else ()
        files = sorted(file for file in inside if file.name.casefold().endswith(CSV_ENDINGS))
        seen = files[0].stat() if files else None
    except OSError as error:
        msg = f"{error.filename}: can't be read: {error.strerror}"
        raise SourceError(msg) from error
    if seen is not None:
        changed = (seen.st_mtime_ns, seen.st_size)
        target, features = _inferred(files[0], case.columns, _declared(case), changed)
        return _with_columns(case, files[0].name, target, features)
    if case.source.synthetic is not None:
        shipped = find_use_case(_LOOKS_LIKE[case.source.synthetic])
        columns = shipped.columns
        return _with_columns(case, "auto.csv", columns.target, columns.features)
    msg = (
        f"use case {case.name}: no CSV in {data.resolve()}: put one there whose last column is "
        "the target, or set TOCSIN_DATA to its folder"
    )
    raise SourceError(msg)


def _with_columns(case: UseCase, path: str, target: Any, features: Any) -> UseCase:
    columns = case.columns.model_copy(update={"target": target, "features": features})
    source = case.source.model_copy(update={"path": path})
    return case.model_copy(update={"columns": columns, "source": source})


@cache
def _inferred(
    path: Path, columns: Columns, declared: DeclaredCsv, _: tuple[int, int]
) -> tuple[Target, Features]:
    """Return the target and the features of a file; the last argument changes as it does."""
    file = FoundFile(str(path), path.name)
    frame = rows_of_files(str(path), [file], declared=declared).frame
    *others, last = (str(name) for name in frame.columns)
    if not len(frame) or not others:
        msg = f"{path}: `auto` needs rows, and a feature column before the target"
        raise SourceError(msg)
    event_time = columns.event_time
    taken = {columns.id, event_time.name if isinstance(event_time, EventTime) else None}
    index = [name for name in others if _is_index(name, frame[name])]
    if index:
        _log.warning("%s: column %s only numbers rows: not used", path, ", ".join(map(repr, index)))
    free = [name for name in others if name not in {*taken, *index}]
    numeric = tuple(name for name in free if _is_numeric(frame[name]))
    words = [name for name in free if name not in numeric]
    names = [name for name in words if frame[name].nunique() > _NAMES_FROM * len(frame)]
    if names:
        _log.warning(
            "%s: most values of %s are distinct: not used as a feature", path, ", ".join(names)
        )
    categorical = tuple(name for name in words if name not in names)
    target = Target(name=last, positive=_rarer(frame[last], path))
    return target, Features(numeric=numeric, categorical=categorical)


def _is_index(name: str, column: pd.Series) -> bool:
    """Whether a column is an index that `to_csv` wrote without a name."""
    unnamed = re.fullmatch(r"|Unnamed: \d+", name) is not None
    return unnamed and column.is_unique and _is_numeric(column)


def _is_numeric(column: pd.Series) -> bool:
    try:
        numbers = parse_numbers(column)
    except ColumnTypeError:
        return False
    return bool(numbers.unparsable.mean() <= 1 - _NUMERIC_FROM)


def _rarer(column: pd.Series, path: Path) -> int | str | bool:
    """Return the rarer of a column's two values."""
    counts = column[column.notna() & (column.astype(object) != "")].value_counts()
    if len(counts) != 2:
        some = ", ".join(str(value) for value in counts.index[:10])
        msg = (
            f"{path}: the last column, {column.name!r}, is taken as the target, which has two "
            f"values, not {len(counts)} ({some}): name the target and its positive value"
        )
        raise SourceError(msg)
    (first, often), (second, seldom) = counts.sort_index(ascending=False).items()
    return _plain(first if often <= seldom else second)


def _plain(value: Any) -> int | str | bool:
    """Return a value as a use-case file would name it."""
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, int | np.integer | float | np.floating) and value == int(value):
        return int(value)
    return str(value)
