"""Prediction logs in Parquet files: of a window, only its partitions and row groups are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

from monitoring.errors import TocsinError
from monitoring.rows.rows import moment64, moment_of
from monitoring.rows.window import Window
from monitoring.sources.location import FoundFile, SourceError, source_files
from monitoring.sources.logs.log_reader import BATCH, LogPart, LogPartError, TimeColumn, within
from monitoring.stored_files import StoredPath

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

_DAY, _HOUR = timedelta(days=1), timedelta(hours=1)
_VALUE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T _-]?(\d{2}))?(?::?00)*Z?")

SAMPLED_GROUPS = 64
"""Row groups that a sample is drawn from, at most: what is read for it has a bound."""


@dataclass(frozen=True)
class ParquetLogs:
    """Parquet files of logs, or of labels.

    Attributes
    ----------
    path
        A file, a pattern, a folder or a URL, relative to `data`.
    partition
        The column of their folders that says the day or the hour of their times; in the time zone
        of times that name none.
    """

    path: str
    data: StoredPath
    times: TimeColumn
    partition: str | None = None

    def parts(self, window: Window) -> Sequence[LogPart]:
        """Return the files in whose partitions rows of a window may be."""
        found = [
            file
            for path in self._paths(window)
            for file in source_files(path, self.data)
            if self._may_hold(file, window)
        ]
        by_name = {file.name: file for file in found}
        return tuple(
            _FilePart(name, _state(by_name[name]), by_name[name]) for name in sorted(by_name)
        )

    def read(
        self, part: LogPart, columns: Sequence[str], window: Window
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a file's row groups that may hold some of a window."""
        with _opened(part) as file:
            yield from self._batches(file, columns, self._groups(part, file, window))

    def _batches(
        self, file: ParquetFile, columns: Sequence[str], groups: Sequence[int]
    ) -> Iterator[pa.RecordBatch]:
        there = set(file.schema_arrow.names)
        wanted = [name for name in dict.fromkeys((self.times.name, *columns)) if name in there]
        if groups:
            yield from file.iter_batches(BATCH, row_groups=list(groups), columns=wanted)

    def count(self, part: LogPart, window: Window) -> int:
        """Return how many rows of a window a file has: metadata says it of most row groups."""
        with _opened(part) as file:
            return self._within(file, self._groups(part, file, window), window)

    def misplaced(self, part: LogPart, window: Window) -> int:
        """Return how many rows of a file lie outside its partition; see `LogReader`."""
        own = part.file if isinstance(part, _FilePart) else None
        covered = None if own is None or self.partition is None else self._covered(own)
        if covered is None or not window.start <= covered.start < window.end:
            return 0
        with _opened(part) as file:
            groups = range(file.num_row_groups)
            return int(file.metadata.num_rows) - self._within(file, groups, covered)

    def _within(self, file: ParquetFile, groups: Sequence[int], window: Window) -> int:
        rows, doubtful = 0, []
        for group in groups:
            span = self._span_of(file, group)
            if span is not None and within(np.array(span), window).all():
                rows += file.metadata.row_group(group).num_rows
            else:
                doubtful.append(group)
        if doubtful:
            name = self.times.name
            for batch in file.iter_batches(BATCH, row_groups=doubtful, columns=[name]):
                rows += int(within(self.times.values(batch.column(0)), window).sum())
        return rows

    def sample(
        self, parts: Sequence[LogPart], columns: Sequence[str], window: Window, size: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield about `size` rows, drawn at random from some row groups; all where they are few."""
        import pyarrow as pa

        groups: list[tuple[LogPart, int, int]] = []
        for part in parts:
            with _opened(part) as file:
                groups += [
                    (part, group, file.metadata.row_group(group).num_rows)
                    for group in self._groups(part, file, window)
                ]
        rng = np.random.default_rng([size, len(groups)])
        if len(groups) > SAMPLED_GROUPS:
            drawn = np.sort(rng.choice(len(groups), SAMPLED_GROUPS, replace=False))
            groups = [groups[place] for place in drawn.tolist()]
        share = size / max(sum(rows for *_, rows in groups), 1)
        for part in dict.fromkeys(part for part, *_ in groups):
            mine = [group for of, group, _ in groups if of is part]
            with _opened(part) as file:
                for batch in self._batches(file, columns, mine):
                    if share >= 1:
                        yield batch
                    else:
                        yield batch.filter(pa.array(rng.random(batch.num_rows) < share))

    def span(self) -> Window | None:
        """Return the time from the first to the last partition, or file: of footers alone."""
        spans: list[tuple[datetime, datetime]] = []
        for file in source_files(self.path, self.data):
            covered = None if self.partition is None else self._covered(file)
            if covered is not None:
                spans.append((covered.start, covered.end))
                continue
            part = _FilePart(file.name, "", file)
            try:
                with _opened(part) as opened:
                    for group in range(opened.num_row_groups):
                        ends = self._span_of(opened, group)
                        if ends is not None:
                            last = moment_of(ends[1]) + timedelta(microseconds=1)
                            spans.append((moment_of(ends[0]), last))
            except LogPartError:
                continue
        if not spans:
            return None
        return Window(min(start for start, _ in spans), max(end for _, end in spans))

    def _paths(self, window: Window) -> Iterator[str]:
        """Yield patterns of the window's own days, where the path names the partition as any."""
        any_value = f"{self.partition}=*"
        if self.partition is None or any_value not in self.path.split("/"):
            yield self.path
            return
        zone = ZoneInfo(self.times.timezone)
        day = window.start.astimezone(zone).date()
        last = (window.end - timedelta(microseconds=1)).astimezone(zone).date()
        while day <= last:
            for written in (f"{day:%Y-%m-%d}", f"{day:%Y%m%d}"):
                yield self.path.replace(any_value, f"{self.partition}={written}*", 1)
            day += _DAY

    def _may_hold(self, file: FoundFile, window: Window) -> bool:
        covered = None if self.partition is None else self._covered(file)
        return covered is None or (covered.start < window.end and window.start < covered.end)

    def _covered(self, file: FoundFile) -> Window | None:
        """Return the time of a file's partition."""
        value = file.partitions.get(str(self.partition))
        match = None if value is None else _VALUE.fullmatch(value)
        if match is None:
            return None
        year, month, day, hour = (int(part) if part else None for part in match.groups())
        zone = ZoneInfo(self.times.timezone)
        try:
            start = datetime(year or 1, month or 1, day or 1, hour or 0, tzinfo=zone)
        except ValueError:
            return None
        # The next day begins at its own midnight, whatever clocks did in between.
        end = start + _DAY if hour is None else start.astimezone(UTC) + _HOUR
        return Window(start, end)

    def _groups(self, part: LogPart, file: ParquetFile, window: Window) -> list[int]:
        """Return the row groups that may hold rows of a window, by their statistics."""
        if self.times.name not in file.schema_arrow.names:
            raise LogPartError(part.name, f"no column {self.times.name!r}")
        start, end = moment64(window.start), moment64(window.end)
        groups = []
        for group in range(file.num_row_groups):
            span = self._span_of(file, group)
            if span is None or (span[0] < end and span[1] >= start):
                groups.append(group)
        return groups

    def _span_of(self, file: ParquetFile, group: int) -> tuple[Any, Any] | None:
        """Return the first and the last time of a row group, if its statistics say them."""
        place = file.schema_arrow.names.index(self.times.name)
        column = file.metadata.row_group(group)
        if column.num_columns != len(file.schema_arrow.names):
            return None  # nested columns: places are not those of the schema
        known = column.column(place).statistics
        if known is None or not known.has_min_max or known.null_count:
            return None
        if isinstance(known.min, str | bytes):
            return None  # texts of times are not in the order of times
        low, high = self.times.moment(known.min), self.times.moment(known.max)
        return None if low is None or high is None else (low, high)


@dataclass(frozen=True)
class _FilePart(LogPart):
    file: FoundFile | None = None


def _state(file: FoundFile) -> str:
    """Return what changes whenever a file does."""
    if file.remote is None:
        seen = Path(file.name).stat()
        return f"{seen.st_size} {seen.st_mtime_ns}"
    found = file.remote.info(file.name)
    keys = ("ETag", "etag", "mtime", "LastModified", "last_modified", "created")
    changed = next((str(found[key]) for key in keys if found.get(key) is not None), "")
    return f"{found.get('size')} {changed}"


@contextmanager
def _opened(part: LogPart) -> Iterator[ParquetFile]:
    """Open a file; whatever is wrong with it is an error of this part."""
    from pyarrow import parquet

    file = part.file if isinstance(part, _FilePart) else None
    if file is None:
        msg = f"{part.name} is no file"
        raise SourceError(msg)
    try:
        if file.remote is None:
            with parquet.ParquetFile(file.name, page_checksum_verification=True) as opened:
                yield opened
        else:
            with file.remote.open(file.name, "rb", cache_type="none") as content:
                yield parquet.ParquetFile(content, page_checksum_verification=True, pre_buffer=True)
    except LogPartError:
        raise
    except (TocsinError, ValueError, OSError, NotImplementedError) as error:
        # What Arrow's own errors are; a half-written file has no footer.
        said = str(error).removeprefix(f"{part.name}: ")
        raise LogPartError(part.name, f"can't be read as Parquet logs: {said}") from error
