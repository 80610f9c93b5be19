"""Prediction logs in a database: a window's rows are asked for, and streamed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import TocsinError
from monitoring.rows.rows import moment_of
from monitoring.rows.window import Window
from monitoring.sources.logs.log_reader import (
    BATCH,
    LogPart,
    LogPartError,
    TimeColumn,
    column_of,
    within,
)
from monitoring.sources.warehouse import rows_asked_for
from monitoring.use_case import UseCase
from monitoring.use_case_source import Source

if TYPE_CHECKING:
    import pyarrow as pa

_MARGIN = timedelta(days=1)
"""Times are compared as dates, which text, zoned and unzoned times alike understand."""


@dataclass
class DatabaseLogs:
    """The rows of a query on a database, as logs or as labels.

    Attributes
    ----------
    name
        The field of the use case that declares it, as errors call it.
    """

    case: UseCase
    name: str
    variable: str
    query: str
    times: TimeColumn
    _counted: dict[Window, tuple[LogPart, ...]] = field(default_factory=dict)

    def parts(self, window: Window) -> Sequence[LogPart]:
        """Return the query, with how many rows and which newest time it has of a window's days."""
        if window not in self._counted:
            time = self._quoted(self.times.name)
            ((rows, newest),) = self._asked(f"count(*), max({time})", window)
            part = LogPart(f"{self.name} in {self.variable}", f"{rows} {newest}")
            self._counted[window] = (part,) if rows else ()
        return self._counted[window]

    def read(
        self, part: LogPart, columns: Sequence[str], window: Window
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a window, and of its whole days."""
        import pyarrow as pa

        names = list(dict.fromkeys((self.times.name, *columns)))
        listed = ", ".join(map(self._quoted, names))
        try:
            rows: list[Any] = []
            for row in self._asked(listed, window):
                rows.append(row)
                if len(rows) == BATCH:
                    yield _batch(names, rows)
                    rows = []
            if rows:
                yield _batch(names, rows)
        except (TocsinError, pa.ArrowException) as error:
            raise LogPartError(part.name, str(error)) from error

    def count(self, part: LogPart, window: Window) -> int:
        """Return how many rows a window has."""
        return sum(
            int(within(self.times.values(column_of(batch, self.times.name)), window).sum())
            for batch in self.read(part, (), window)
        )

    def misplaced(self, part: LogPart, window: Window) -> int:
        """Return 0: a database finds rows by their times."""
        del part, window
        return 0

    def sample(
        self, parts: Sequence[LogPart], columns: Sequence[str], window: Window, size: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield about `size` rows drawn at random; the others go by."""
        import pyarrow as pa

        rng = np.random.default_rng(size)
        for part in parts:
            share = size / max(self.count(part, window), 1)
            for batch in self.read(part, columns, window):
                kept = rng.random(batch.num_rows) < share
                yield batch.filter(pa.array(kept))

    def span(self) -> Window | None:
        """Return the time from the first to the last row."""
        time = self._quoted(self.times.name)
        ((first, last),) = self._asked(f"min({time}), max({time})", None)
        start, end = self.times.moment(first), self.times.moment(last)
        if start is None or end is None:
            return None
        return Window(moment_of(start), moment_of(end) + timedelta(microseconds=1))

    def _asked(self, what: str, window: Window | None) -> Iterator[Any]:
        time = self._quoted(self.times.name)
        where = ""
        if window is not None:
            since, until = window.start - _MARGIN, window.end + 2 * _MARGIN
            where = f" WHERE {time} >= '{since:%Y-%m-%d}' AND {time} < '{until:%Y-%m-%d}'"
        inner = self.query.rstrip().removesuffix(";")
        statement = f"SELECT {what} FROM ({inner}) AS logs{where}"  # noqa: S608  # nosec B608 # the user's own query
        source = Source(database=self.variable, sql=statement)
        yield from rows_asked_for(self.case.model_copy(update={"source": source}))

    @staticmethod
    def _quoted(name: str) -> str:
        return '"' + name.replace('"', '""') + '"'


def _batch(names: Sequence[str], rows: Sequence[Any]) -> pa.RecordBatch:
    import pyarrow as pa

    columns = zip(*rows, strict=True)
    arrays = [pa.array(list(column)) for column in columns]
    return pa.RecordBatch.from_arrays(arrays, names=list(names))
