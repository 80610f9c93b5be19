"""The readers of a use case's prediction logs and of their labels."""

from __future__ import annotations

from monitoring.sources.logs.log_reader import LogReader
from monitoring.sources.logs.parquet_logs import ParquetLogs
from monitoring.sources.logs.scored_rows import LogColumns
from monitoring.stored_files import StoredPath


def log_reader(columns: LogColumns, data: StoredPath) -> LogReader:
    """Return what reads the logs; paths are relative to `data`."""
    own = columns.production
    return ParquetLogs(own.path, data, columns.times, own.partition)


def label_reader(columns: LogColumns, data: StoredPath) -> LogReader | None:
    """Return what reads the table of labels; None where they are in the rows."""
    table, times = columns.production.labels, columns.label_times
    return None if table is None or times is None else ParquetLogs(table.path, data, times)
