"""Scores, amounts and labels of logged rows, portion by portion, labels joined where they lie."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.parsing import ColumnTypeError
from monitoring.rows.rows import UNLABELLED, moment64
from monitoring.rows.score_scale import ScoreScale
from monitoring.rows.window import Window
from monitoring.sources.logs.label_join import LabelJoin
from monitoring.sources.logs.log_reader import (
    LogPart,
    LogPartError,
    LogReader,
    TimeColumn,
    column_of,
    flags_of,
    known_by,
    labels_of,
    numbers_of,
    within,
    words_of,
)
from monitoring.sources.logs.score_problems import ScoreProblems
from monitoring.sources.typed_columns import resolved_columns
from monitoring.use_case import UseCase
from monitoring.use_case_columns import EventTime
from monitoring.use_case_production import Production

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class ScoredRows:
    """Some logged rows of a window.

    Attributes
    ----------
    place
        Where each row stands among those of the window, as they were read.
    time, score, amount, label
        As `Rows` has them; a score is NaN of rows that another version scored.
    """

    place: NDArray[np.int64]
    time: NDArray[np.datetime64]
    score: NDArray[np.float64]
    amount: NDArray[np.float64] | None
    label: NDArray[np.int8]

    def as_batch(self) -> pa.RecordBatch:
        """Return them as columns, times as microseconds; an amount is NaN where there is none."""
        import pyarrow as pa

        amount = np.full(len(self.time), np.nan) if self.amount is None else self.amount
        return pa.record_batch(
            {
                "time": self.time.view(np.int64),
                "score": self.score,
                "amount": amount,
                "label": self.label,
            }
        )


@dataclass(frozen=True)
class LogColumns:
    """Which columns of logs and labels are what, and how they are read."""

    case: UseCase
    production: Production

    @property
    def times(self) -> TimeColumn:
        """The time of the event."""
        declared = self.case.columns.event_time
        if not isinstance(declared, EventTime):
            msg = f"use case {self.case.name}: logs need a column of event times"
            raise ColumnTypeError(msg)
        return TimeColumn(declared, self.case.timezone)

    @property
    def label_times(self) -> TimeColumn | None:
        """When a label came; None where no column says it."""
        table = self.production.labels
        name = self.production.labelled_at if table is None else table.time
        return None if name is None else TimeColumn(EventTime(name=name), self.case.timezone)

    @property
    def label_name(self) -> str:
        """The column of the label, in the rows or in its own table."""
        table = self.production.labels
        target = resolved_columns(self.case)[1].name
        return target if table is None else table.label or target

    @property
    def joined(self) -> bool:
        """Whether labels lie in a table of their own."""
        return self.production.labels is not None

    @property
    def features(self) -> tuple[str, ...]:
        """The features."""
        return resolved_columns(self.case)[0].names

    @property
    def of_scores(self) -> tuple[str, ...]:
        """The columns of logs that scores are counted by."""
        columns, own = self.case.columns, self.production
        given = (
            columns.event_time.name if isinstance(columns.event_time, EventTime) else None,
            columns.id,
            columns.amount,
            own.score.name,
            own.decision,
            own.version,
            None if self.joined else self.label_name,
            None if self.joined else own.labelled_at,
        )
        return tuple(dict.fromkeys(name for name in given if name is not None))


@dataclass(frozen=True)
class LoggedScores:
    """The scores of logs, as a model version reads them.

    Attributes
    ----------
    labels
        The table of labels; None where they are in the rows.
    version
        The name that the logs have for the version; None where they name none.
    skip
        Names of parts of labels that can't be read.
    """

    columns: LogColumns
    logs: LogReader
    labels: LogReader | None
    scale: ScoreScale
    version: str | None
    skip: Collection[str] = ()

    def read(
        self, parts: Sequence[LogPart], window: Window, as_of: datetime, problems: ScoreProblems
    ) -> Iterator[ScoredRows]:
        """Yield the rows of a window with what was known of them at a moment.

        Raises
        ------
        LogPartError
            A part can't be read, of the logs or of the labels.
        """
        own = self._batches(parts, window, as_of, problems)
        if self.labels is None:
            for batch in own:
                yield self._rows(batch, batch.column("label"))
            return
        yield from self._joined(own, self.labels, window, as_of, problems)

    def _batches(
        self, parts: Sequence[LogPart], window: Window, as_of: datetime, problems: ScoreProblems
    ) -> Iterator[pa.RecordBatch]:
        place = 0
        for part in parts:
            for batch in self.logs.read(part, self.columns.of_scores, window):
                try:
                    typed = self._typed(batch, place, window, as_of, problems)
                    place += typed.num_rows
                    yield typed
                except ValueError as error:
                    raise LogPartError(part.name, str(error)) from error

    def _typed(
        self,
        batch: pa.RecordBatch,
        place: int,
        window: Window,
        as_of: datetime,
        problems: ScoreProblems,
    ) -> pa.RecordBatch:
        """Return a batch's rows of the window in the columns that are joined and counted."""
        import pyarrow as pa

        names, own = self.columns, self.columns.production
        amount_name = names.case.columns.amount
        time = names.times.values(column_of(batch, names.times.name))
        inside = within(time, window)
        batch, time = batch.filter(pa.array(inside)), time[inside]
        given = numbers_of(column_of(batch, own.score.name), own.score.name)
        flagged = None if own.decision is None else flags_of(column_of(batch, own.decision))
        mine = self._mine(batch, problems)
        score = self.scale.scores(given)
        problems.outside += int((np.isnan(score) & mine).sum())
        score = np.where(mine, self.scale.decided(score, flagged), np.nan)
        columns: dict[str, Any] = {
            "place": pa.array(np.arange(place, place + len(time))),
            "time": pa.array(time.view(np.int64)),
            "score": pa.array(score),
            "amount": pa.array(
                np.full(len(time), np.nan)
                if amount_name is None
                else numbers_of(column_of(batch, amount_name), amount_name)
            ),
        }
        if names.joined:
            columns["id"] = words_of(column_of(batch, str(names.case.columns.id)))
        else:
            self._count_shared(batch, problems)
            columns["label"] = pa.array(self._own_labels(batch, time, as_of))
        return pa.record_batch(columns)

    def _count_shared(self, batch: pa.RecordBatch, problems: ScoreProblems) -> None:
        """Count ids where no label is joined by them; whoever has none needs none."""
        name = self.columns.case.columns.id
        if name is not None and name in batch.schema.names:
            ids = words_of(batch.column(name)).drop_null()
            problems.shared.add(problems.hashes(ids))

    def _mine(self, batch: pa.RecordBatch, problems: ScoreProblems) -> NDArray[np.bool_]:
        """Return which rows were scored by this version; count those of others by name."""
        import pyarrow as pa
        import pyarrow.compute as pc

        name = self.columns.production.version
        if name is None or self.version is None:
            return np.ones(batch.num_rows, np.bool_)
        versions = words_of(column_of(batch, name))
        mine = np.asarray(pc.fill_null(pc.equal(versions, self.version), False), np.bool_)
        if not mine.all():
            others = pc.value_counts(versions.filter(pa.array(~mine)))
            for one in others.to_pylist():
                called = str(one["values"])
                known = problems.other_versions.get(called, 0)
                problems.other_versions[called] = known + int(one["counts"])
        return mine

    def _own_labels(
        self, batch: pa.RecordBatch, time: NDArray[np.datetime64], as_of: datetime
    ) -> NDArray[np.int8]:
        names = self.columns
        target = resolved_columns(names.case)[1]
        label = labels_of(column_of(batch, names.label_name), target)
        if names.label_times is None:
            came = time + np.timedelta64(names.case.labels.delay)
        else:
            came = names.label_times.values(column_of(batch, names.label_times.name))
        return known_by(label, came, as_of)

    def _joined(
        self,
        own: Iterator[pa.RecordBatch],
        labels: LogReader,
        window: Window,
        as_of: datetime,
        problems: ScoreProblems,
    ) -> Iterator[ScoredRows]:
        join = LabelJoin(
            own,
            self._labels_that_came(labels, window, as_of, problems),
            newest_wins=self.columns.case.labels.newest_wins,
        )
        priced = self.columns.case.columns.amount is not None
        for start, some, label in join.blocks(problems):
            yield ScoredRows(
                place=np.arange(start, start + len(some)),
                time=some["time"].view("datetime64[us]"),
                score=some["score"],
                amount=some["amount"] if priced else None,
                label=label,
            )

    def _labels_that_came(
        self, labels: LogReader, window: Window, as_of: datetime, problems: ScoreProblems
    ) -> Callable[[], Iterator[pa.RecordBatch]]:
        """Return what yields the labels; those of the window are counted as it does so first."""
        reads = count()

        def read() -> Iterator[pa.RecordBatch]:
            first = next(reads) == 0
            for batch in self._labels(labels, window, as_of):
                if first and problems.arrivals is not None:
                    time = np.asarray(batch.column("time"))
                    own = within(time.view("datetime64[us]"), window)
                    problems.arrivals.add(problems.arrivals.came, time[own])
                yield batch

        return read

    def _labels(
        self, labels: LogReader, window: Window, as_of: datetime
    ) -> Iterator[pa.RecordBatch]:
        """Yield the labels that had come by a moment; none is older than the window's rows."""
        import pyarrow as pa

        names = self.columns
        table, times = names.production.labels, names.label_times
        if table is None or times is None:
            return
        target = resolved_columns(names.case)[1]
        id_name = table.id or str(names.case.columns.id)
        until = max(as_of, window.end)
        came = Window(window.start, until)
        for part in labels.parts(came):
            if part.name in self.skip:
                continue
            for batch in labels.read(part, (id_name, names.label_name), came):
                try:
                    time = times.values(column_of(batch, times.name))
                    label = labels_of(column_of(batch, names.label_name), target)
                    known = (label != UNLABELLED) & (time <= moment64(as_of))
                    known &= time >= moment64(window.start)
                    rows = batch.filter(pa.array(known))
                    yield pa.record_batch(
                        {
                            "id": words_of(column_of(rows, id_name)),
                            "label": pa.array(label[known]),
                            "time": pa.array(time[known].view(np.int64)),
                        }
                    )
                except ValueError as error:
                    raise LogPartError(part.name, str(error)) from error

    def _rows(self, batch: pa.RecordBatch, label: pa.Array) -> ScoredRows:
        priced = self.columns.case.columns.amount is not None
        return ScoredRows(
            place=np.asarray(batch.column("place"), np.int64),
            time=np.asarray(batch.column("time")).view("datetime64[us]"),
            score=np.asarray(batch.column("score"), np.float64),
            amount=np.asarray(batch.column("amount"), np.float64) if priced else None,
            label=np.asarray(label, np.int8),
        )
