"""The labelled history of a use case: its file found, read and checked."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.rows import dealt_out
from monitoring.settings import settings
from monitoring.sources.auto import declared_csv, resolve
from monitoring.sources.derived import check_derive, file_columns
from monitoring.sources.location import FoundFile, SourceError, source_files
from monitoring.sources.query_rows import check_query, rows_of_query
from monitoring.sources.schema_check import CheckedRows, check
from monitoring.sources.source_rows import SourceRows, rows_of_files
from monitoring.sources.synthetic.frames import content_hash, synthetic_frame
from monitoring.sources.typed_columns import SchemaError, declared_columns, resolved_columns
from monitoring.sources.warehouse import check_database_query, rows_of_database
from monitoring.stored_files import StoredPath
from monitoring.use_case import UseCase
from monitoring.use_case_columns import EventTime
from monitoring.use_case_source import is_address
from monitoring.wording import several

if TYPE_CHECKING:
    import pandas as pd

SYNTHETIC_ROWS = {"card": 285_000, "survey": 20_000, "visits": 1_000}
"""Synthetic rows where a file is missing, by kind: enough positives in each part of the split."""

_SEED = 0

_log = logging.getLogger(__name__)


def read_source(case: UseCase, data: StoredPath) -> CheckedRows:
    """Read a use case's file and check its rows; where it may be missing, synthetic ones stand in.

    That is logged as a warning. For demonstrations the setting `deal_rows` has real rows dealt out
    at random over their times: what differs between the days of a file would hide what is planted.

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
    place = place_of_files(case, data)
    source = _rows(case, place)
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
    if deals_rows(case):
        order = np.random.default_rng(_SEED).permutation(len(checked.rows))
        rows, number = dealt_out(checked.rows, order), checked.row_number[order]
        checked = replace(checked, rows=rows, row_number=number, dealt=True)
    return replace(checked, sample=place != data)


def read_table(case: UseCase, data: StoredPath) -> pd.DataFrame:
    """Read a use case's table as it is: nothing is checked, and nothing may stand in for it.

    Raises
    ------
    SourceError
        It is missing, or can't be read.
    """
    source = _rows(case, place_of_files(case, data))
    if source is None:
        raise SourceError(_nothing_there(case, data))
    return source.frame


def deals_rows(case: UseCase) -> bool:
    """Whether a use case's rows are dealt out at random over their times, as `deal_rows` asks.

    Not where features are made of earlier rows, for those would come from other times.
    """
    return settings().deal_rows and case.split.by == "time" and not case.history


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


def place_of_files(case: UseCase, data: StoredPath) -> StoredPath:
    """Return the folder to read: the data folder, or the sample's where that has no file of it."""
    sample = case.source.sample
    if sample is None or any(source_files(path, data) for path in case.source.paths):
        return data
    _log.info(
        "%s is not in %s: the small sample that comes with use case %s is read, %s",
        ", ".join(case.source.paths),
        data,
        case.name,
        sample,
    )
    return sample


def _rows(case: UseCase, data: StoredPath) -> SourceRows | None:
    """Read the rows of a use case as they are; None where a file of them is nowhere."""
    if case.source.database is not None:
        return rows_of_database(case)
    found = [source_files(path, data) for path in case.source.paths]
    if not all(found):
        return None
    text, declared = text_columns(case), declared_csv(case)
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


def _place(path: str, files: Sequence[FoundFile]) -> str:
    return files[0].name if len(files) == 1 else f"{path} ({len(files):,} files)"


def text_columns(case: UseCase) -> list[str]:
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


def _synthetic(case: UseCase, data: StoredPath) -> CheckedRows:
    kind = case.source.synthetic
    if kind is None:
        raise SourceError(_nothing_there(case, data))
    rows = SYNTHETIC_ROWS[kind]
    _log.warning(
        "SYNTHETIC DATA: %s is not in %s, so %s SYNTHETIC rows of use case %s stand in for it; no "
        "figure made of them says anything about the world",
        ", ".join(case.source.paths),
        data,
        f"{rows:,}",
        case.name,
    )
    frame = synthetic_frame(case, rows, seed=_SEED)
    return replace(check(frame, case, source_hash=content_hash(frame)), synthetic=True)


def _nothing_there(case: UseCase, data: StoredPath) -> str:
    missing = [path for path in case.source.paths if not source_files(path, data)]
    if all(map(is_address, missing)):
        return (
            f"use case {case.name}: no file {', '.join(missing)}: put it there, or change `source`"
        )
    return (
        f"use case {case.name}: no file {', '.join(missing)} in {data}, with or without "
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
