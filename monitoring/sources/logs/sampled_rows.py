"""A random sample of logged rows, with their features, scores and labels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.parsing import ColumnTypeError, parse_numbers, parse_words
from monitoring.rows.rows import NO_TIME, UNLABELLED, Rows
from monitoring.rows.score_scale import ScoreScale
from monitoring.rows.window import Window
from monitoring.sources.logs.log_reader import (
    LogPart,
    column_of,
    flags_of,
    numbers_of,
    within,
    words_of,
)
from monitoring.sources.logs.passing_sample import PassingSample
from monitoring.sources.logs.score_problems import ScoreProblems
from monitoring.sources.logs.scored_rows import LoggedScores
from monitoring.sources.typed_columns import resolved_columns

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from numpy.typing import NDArray

SCORED_COLUMNS = ("time", "score", "amount", "label")
"""What a sample of scored rows holds; times are microseconds since 1970."""


def sampled_rows(
    scores: LoggedScores, parts: Sequence[LogPart], window: Window, as_of: datetime, *, size: int
) -> Rows:
    """Return about `size` rows of a window, drawn at random, in order of event time.

    A feature that a file lacks, or holds something else in, is missing there.

    Raises
    ------
    LogPartError
        A part can't be read.
    """
    held = _drawn(scores, parts, window, size)
    rows = _with_scores(scores, held, window, as_of)
    return rows.take(np.argsort(rows.event_time, kind="stable"))


def passed_rows(
    scores: LoggedScores, features: PassingSample | None, scored: PassingSample
) -> Rows | None:
    """Return the rows that were drawn as a window went by, in order of event time.

    None where not the same rows went by in both passes.

    Parameters
    ----------
    features
        Drawn as features went by; None where they are not wanted.
    scored
        Drawn as scores went by: batches of `SCORED_COLUMNS`.
    """
    if features is not None and features.rows != scored.rows:
        return None
    own = scored.drawn()
    whole = {
        name: np.concatenate([np.asarray(batch.column(name)) for batch in own] or [np.empty(0)])
        for name in SCORED_COLUMNS
    }
    held = [] if features is None else features.drawn()
    rows = _rows(scores, held, len(whole["time"]))
    rows.event_time[:] = whole["time"].astype(np.int64).view("datetime64[us]")
    rows.arrival_time[:] = rows.event_time
    rows.label[:] = whole["label"]
    rows = replace(rows, score=whole["score"])
    if rows.amount is not None:
        rows.amount[:] = whole["amount"]
    return rows.take(np.argsort(rows.event_time, kind="stable"))


@dataclass(frozen=True, eq=False)
class LoggedReference:
    """Rows that windows of logs will be compared with, and what the logs say of them.

    Attributes
    ----------
    rows
        In order of event time; scores are not theirs yet.
    given
        (rows,): the numbers of the score, as they are logged; NaN where there is none.
    flagged
        (rows,): the decisions; None where none are logged.
    version
        (rows,): who gave the score; None where no versions are logged.
    """

    rows: Rows
    given: NDArray[np.float64]
    flagged: NDArray[np.bool_] | None
    version: NDArray[np.str_] | None


def logged_reference(
    scores: LoggedScores, parts: Sequence[LogPart], window: Window, as_of: datetime, *, size: int
) -> LoggedReference:
    """Return about `size` rows of a window with what is logged of them; see `sampled_rows`."""
    return _reference(scores, _drawn(scores, parts, window, size), window, as_of)


def table_reference(scores: LoggedScores, table: pa.Table, *, size: int) -> LoggedReference:
    """Return the rows of a labelled table, at most `size` of them drawn at random.

    Raises
    ------
    LogPartError
        The table is not what the use case declares.
    """
    if table.num_rows > size:
        drawn = np.random.default_rng(size).choice(table.num_rows, size, replace=False)
        table = table.take(np.sort(drawn))
    held = table.combine_chunks().to_batches()
    always = Window(datetime(1900, 1, 1, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC))
    return _reference(scores, held, always, always.end)


def _reference(
    scores: LoggedScores, held: Sequence[pa.RecordBatch], window: Window, as_of: datetime
) -> LoggedReference:
    own = scores.columns.production
    rows = _with_scores(replace(scores, scale=ScoreScale(), version=None), held, window, as_of)
    order = np.argsort(rows.event_time, kind="stable")
    given = [numbers_of(column_of(batch, own.score.name), own.score.name) for batch in held]
    flagged = version = None
    if own.decision is not None:
        flags = [flags_of(column_of(batch, own.decision)) for batch in held]
        flagged = np.concatenate([*flags, np.empty(0, np.bool_)])[order]
    if own.version is not None:
        names = [w or "" for b in held for w in words_of(column_of(b, own.version)).to_pylist()]
        version = np.array(names, np.str_)[order]
    return LoggedReference(
        replace(rows.take(order), score=None),
        np.concatenate([*given, np.empty(0)])[order],
        flagged,
        version,
    )


def _drawn(
    scores: LoggedScores, parts: Sequence[LogPart], window: Window, size: int
) -> list[pa.RecordBatch]:
    """Return batches of rows of a window drawn at random, in their files' own columns."""
    import pyarrow as pa

    times = scores.columns.times
    wanted = tuple(dict.fromkeys((*scores.columns.features, *scores.columns.of_scores)))
    held = []
    for batch in scores.logs.sample(parts, wanted, window, size):
        inside = within(times.values(column_of(batch, times.name)), window)
        held.append(batch.filter(pa.array(inside)))
    return held


def _with_scores(
    scores: LoggedScores, held: Sequence[pa.RecordBatch], window: Window, as_of: datetime
) -> Rows:
    """Return rows in the order of the batches, with scores and labels as the logs have them."""
    rows = _rows(scores, held, sum(batch.num_rows for batch in held))
    drawn = replace(scores, logs=_Held(tuple(held)))
    for some in drawn.read(drawn.logs.parts(window), window, as_of, ScoreProblems()):
        rows.event_time[some.place] = some.time
        rows.label[some.place] = some.label
        if rows.score is not None:
            rows.score[some.place] = some.score
        if rows.amount is not None and some.amount is not None:
            rows.amount[some.place] = some.amount
    rows.arrival_time[:] = rows.event_time
    return rows


@dataclass(frozen=True, eq=False)
class _Held:
    """Batches in memory, read as a table of logs is."""

    held: tuple[pa.RecordBatch, ...]

    def parts(self, window: Window) -> Sequence[LogPart]:
        del window
        return (LogPart("the sample", ""),)

    def read(
        self, part: LogPart, columns: Sequence[str], window: Window
    ) -> Iterator[pa.RecordBatch]:
        del part, columns, window
        return iter(self.held)

    def count(self, part: LogPart, window: Window) -> int:
        del part, window
        return sum(batch.num_rows for batch in self.held)

    def misplaced(self, part: LogPart, window: Window) -> int:
        del part, window
        return 0

    def sample(
        self, parts: Sequence[LogPart], columns: Sequence[str], window: Window, size: int
    ) -> Iterator[pa.RecordBatch]:
        del parts, columns, window, size
        return iter(self.held)

    def span(self) -> Window | None:
        return None


def _rows(scores: LoggedScores, held: Sequence[pa.RecordBatch], rows: int) -> Rows:
    """Return rows with their features and ids, and room for what is found out by their places.

    Of rows that none of their batches is held of, there are no features.
    """
    import pandas as pd

    case = scores.columns.case
    features = resolved_columns(case)[0]
    known = bool(held) or not rows
    columns: dict[str, Any] = {
        name: np.concatenate([_numbers(batch, name) for batch in held] or [np.empty(0)])
        for name in (features.numeric if known else ())
    }
    for name in features.categorical if known else ():
        words = [pd.Series(_words(batch, name), dtype="str") for batch in held]
        columns[name] = pd.concat(words, ignore_index=True) if words else pd.Series([], dtype="str")
    ids = [word for batch in held for word in _ids(batch, case.columns.id)]
    return Rows(
        features=pd.DataFrame(columns, index=range(rows)),
        row_id=np.array(ids or [""] * rows, np.str_),
        event_time=np.full(rows, NO_TIME),
        arrival_time=np.full(rows, NO_TIME),
        label=np.full(rows, UNLABELLED, np.int8),
        label_time=np.full(rows, NO_TIME),
        amount=None if case.columns.amount is None else np.full(rows, np.nan),
        score=np.full(rows, np.nan),
    )


def _column(batch: pa.RecordBatch, name: str) -> pd.Series | None:
    place = batch.schema.get_field_index(name)
    return None if place < 0 else batch.column(place).to_pandas()


def _numbers(batch: pa.RecordBatch, name: str) -> Any:
    column = _column(batch, name)
    try:
        return np.full(batch.num_rows, np.nan) if column is None else parse_numbers(column).values
    except ColumnTypeError:
        return np.full(batch.num_rows, np.nan)


def _words(batch: pa.RecordBatch, name: str) -> Any:
    column = _column(batch, name)
    return [None] * batch.num_rows if column is None else parse_words(column)


def _ids(batch: pa.RecordBatch, name: str | None) -> Sequence[str]:
    place = -1 if name is None else batch.schema.get_field_index(name)
    if place < 0:
        return [""] * batch.num_rows
    return [word or "" for word in words_of(batch.column(place)).to_pylist()]
