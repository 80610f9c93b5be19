"""Use cases of files that nobody declared: the first CSV, its last column the target."""

from __future__ import annotations

import logging
from functools import cache
from pathlib import Path
from typing import Any

from monitoring.row_files import CSV_ENDINGS, is_there
from monitoring.sources.first_look import columns_of, kinds, target_of
from monitoring.sources.location import SourceError
from monitoring.sources.source_csv import DeclaredCsv
from monitoring.stored_files import StoredPath
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Columns, EventTime, Features, Target
from monitoring.use_case_file import find_use_case

_log = logging.getLogger(__name__)

_LOOKS_LIKE = {"card": "fraud", "survey": "student_depression", "visits": "ads_clicks"}


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


def _with_columns(case: UseCase, path: str, target: Any, features: Any) -> UseCase:
    columns = case.columns.model_copy(update={"target": target, "features": features})
    source = case.source.model_copy(update={"path": path})
    return case.model_copy(update={"columns": columns, "source": source})


@cache
def _inferred(
    path: Path, columns: Columns, declared: DeclaredCsv, _: tuple[int, int]
) -> tuple[Target, Features]:
    """Return the target and the features of a file; the last argument changes as it does."""
    frame, others = columns_of(path, declared)
    event_time = columns.event_time
    taken = {columns.id, event_time.name if isinstance(event_time, EventTime) else None}
    numeric, categorical, left_out = kinds(frame, [name for name in others if name not in taken])
    if left_out:
        _log.warning(
            "%s: most values of %s are distinct: not used as a feature", path, ", ".join(left_out)
        )
    found = target_of(frame.iloc[:, -1], path)[0]
    return found, Features(numeric=numeric, categorical=categorical)
