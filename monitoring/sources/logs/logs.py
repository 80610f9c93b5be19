"""The readers of a use case's prediction logs and of their labels."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from monitoring.errors import InputError
from monitoring.rows.score_scale import ScoreScale
from monitoring.rows.window import Window
from monitoring.sources.location import SourceError
from monitoring.sources.logs.database_logs import DatabaseLogs
from monitoring.sources.logs.log_reader import LogReader, TimeColumn
from monitoring.sources.logs.parquet_logs import ParquetLogs
from monitoring.sources.logs.score_problems import ScoreProblems
from monitoring.sources.logs.scored_rows import LogColumns, LoggedScores
from monitoring.stored_files import StoredPath
from monitoring.use_case import UseCase
from monitoring.use_case_production import LogTable
from monitoring.wording import several

_LOOKED_AT = timedelta(days=1)


def log_reader(columns: LogColumns, data: StoredPath) -> LogReader:
    """Return what reads the logs; paths are relative to `data`."""
    own = columns.production
    return _reader(columns, own, "production", data, columns.times, own.partition)


def label_reader(columns: LogColumns, data: StoredPath) -> LogReader | None:
    """Return what reads the table of labels; None where they are in the rows."""
    table, times = columns.production.labels, columns.label_times
    if table is None or times is None:
        return None
    return _reader(columns, table, "production.labels", data, times, None)


def _reader(
    columns: LogColumns,
    table: LogTable,
    name: str,
    data: StoredPath,
    times: TimeColumn,
    partition: str | None,
) -> LogReader:
    if table.path is not None:
        return ParquetLogs(table.path, data, times, partition)
    return DatabaseLogs(columns.case, name, str(table.database), str(table.sql), times)


def account_of(case: UseCase, data: StoredPath) -> Iterator[str]:
    """Yield, line by line, where the logs of a watched model reach and what their last day holds.

    Raises
    ------
    InputError
        The use case watches no logs.
    SourceError
        There are none, or a column of theirs is missing.
    LogPartError
        A file of the last day can't be read, or is not what the use case declares.
    """
    if case.production is None:
        msg = f"use case {case.name} watches no logs"
        raise InputError(msg)
    columns = LogColumns(case, case.production)
    logs, labels = log_reader(columns, data), label_reader(columns, data)
    span = logs.span()
    if span is None:
        where = case.production.path or case.production.database
        msg = f"use case {case.name}: no logs in {where} (TOCSIN_DATA is {data})"
        raise SourceError(msg)
    yield f"logs from {_shown(span.start)} to {_shown(span.end)} UTC"
    last = Window(max(span.start, span.end - _LOOKED_AT), span.end)
    parts = logs.parts(last)
    rows = sum(logs.count(part, last) for part in parts)
    yield f"the last day: {several(rows, 'row')} in {several(len(parts), 'file')}"
    there = {
        name
        for part in parts
        for batch in logs.read(part, columns.features, last)
        for name in batch.schema.names
    }
    missing = [name for name in columns.features if name not in there]
    if missing:
        msg = f"use case {case.name}: the last day of its logs has no column {', '.join(missing)}"
        raise SourceError(msg)
    reading = LoggedScores(columns, logs, labels, ScoreScale(case.production.score.kind), None)
    problems, labelled = ScoreProblems(), 0
    for some in reading.read(parts, last, span.end, problems):
        labelled += int((some.label >= 0).sum())
    yield f"{several(problems.outside, 'score')} missing or outside their kind"
    yield f"{several(labelled, 'label')} of that day had come by its end"


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"
