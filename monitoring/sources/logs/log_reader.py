"""What reads a table of logs, and the columns of its batches as arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from monitoring.errors import TocsinError
from monitoring.rows.parsing import ColumnTypeError, parse_times
from monitoring.rows.rows import UNLABELLED, moment64
from monitoring.sources.target_values import Reading, parse_target
from monitoring.use_case_columns import EventTime, Target

if TYPE_CHECKING:
    from datetime import datetime

    import pyarrow as pa
    from numpy.typing import NDArray

    from monitoring.rows.window import Window

BATCH = 1 << 16
"""Rows that are read at a time, at most."""


class LogPartError(TocsinError, ValueError):
    """A part of prediction logs can't be read: it is set aside as a whole, and tried again later.

    Attributes
    ----------
    part
        The name of the file.
    """

    def __init__(self, part: str, problem: str) -> None:
        super().__init__(f"{part}: {problem}")
        self.part = part


@dataclass(frozen=True)
class LogPart:
    """A part of logs that is read or set aside as a whole: a file, or what a query gives.

    Attributes
    ----------
    state
        Of its content: size and time of the last change. What has the same was not changed.
    """

    name: str
    state: str


class LogReader(Protocol):
    """A table of logs, read in portions of bounded size."""

    def parts(self, window: Window) -> Sequence[LogPart]:
        """Return the parts in which rows of a window may be; none of them is opened."""

    def read(
        self, part: LogPart, columns: Sequence[str], window: Window
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a part, some outside the window among them.

        A column that the part lacks is not in its batches; the column of times always is.

        Raises
        ------
        LogPartError
            The part can't be read.
        """

    def count(self, part: LogPart, window: Window) -> int:
        """Return how many rows of a window a part has, from as little of it as shows that.

        Raises
        ------
        LogPartError
            The part can't be read.
        """

    def misplaced(self, part: LogPart, window: Window) -> int:
        """Return how many rows of a part lie outside the time that the part says it is of.

        No window finds them. They are told of the window in which that time begins.

        Raises
        ------
        LogPartError
            The part can't be read.
        """

    def sample(
        self, parts: Sequence[LogPart], columns: Sequence[str], window: Window, size: int
    ) -> Iterator[pa.RecordBatch]:
        """Yield about `size` rows, drawn at random at bounded cost; all where there are fewer."""

    def span(self) -> Window | None:
        """Return from when to when there are rows, as far as that is known without reading them."""


@dataclass(frozen=True)
class TimeColumn:
    """A column of times, and how they are read."""

    declared: EventTime
    timezone: str

    @property
    def name(self) -> str:
        """Of the column."""
        return self.declared.name

    def values(self, column: pa.Array) -> NDArray[np.datetime64]:
        """Return times as `datetime64[us]` in UTC; NaT where there is none.

        Raises
        ------
        ColumnTypeError
            The column holds no times, or cells that are none.
        """
        import pyarrow as pa

        kind = column.type
        in_utc = pa.types.is_timestamp(kind) and (kind.tz is not None or self.timezone == "UTC")
        if in_utc and self.declared.unit == "iso":
            micros = column.cast(pa.timestamp("us", kind.tz), safe=False)
            plain = micros.cast(pa.timestamp("us")) if kind.tz is None else micros
            found: NDArray[np.datetime64] = np.asarray(
                plain.cast(pa.int64()).fill_null(np.iinfo(np.int64).min)
            ).view("datetime64[us]")
            return found
        read = parse_times(column.to_pandas(), self.declared, self.timezone)
        if read.unparsable.any():
            msg = f"column {self.name!r}: {int(read.unparsable.sum()):,} cells are no times"
            raise ColumnTypeError(msg)
        return read.values

    def moment(self, value: Any) -> np.datetime64 | None:
        """Return a cell as a time; None where it can't be told from it alone."""
        import pandas as pd

        try:
            times = parse_times(pd.Series([value]), self.declared, self.timezone).values
        except (ColumnTypeError, ValueError, TypeError):
            return None
        return None if np.isnat(times[0]) else times[0]


def within(times: NDArray[np.datetime64], window: Window) -> NDArray[np.bool_]:
    """Return which times lie in a window."""
    inside: NDArray[np.bool_] = (times >= moment64(window.start)) & (times < moment64(window.end))
    return inside


def column_of(batch: pa.RecordBatch, name: str) -> pa.Array:
    """Return a column.

    Raises
    ------
    ColumnTypeError
        It is not there.
    """
    place = batch.schema.get_field_index(name)
    if place < 0:
        msg = f"no column {name!r}"
        raise ColumnTypeError(msg)
    return batch.column(place)


def numbers_of(column: pa.Array, name: str) -> NDArray[np.float64]:
    """Return a column of numbers; NaN where there is none.

    Raises
    ------
    ColumnTypeError
        It holds something else.
    """
    import pyarrow as pa

    kind = column.type
    if pa.types.is_decimal(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return np.asarray(column.cast(pa.float64(), safe=False), np.float64)
    if pa.types.is_null(kind):
        return np.full(len(column), np.nan)
    msg = f"column {name!r} holds {kind}, not numbers"
    raise ColumnTypeError(msg)


def words_of(column: pa.Array) -> pa.Array:
    """Return a column of ids or versions as text, however their numbers are held."""
    import pyarrow as pa
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_floating(kind):
        whole = column.cast(pa.int64(), safe=False)
        if pc.all(pc.equal(whole.cast(kind), column)).as_py() is not False:
            column = whole
    return column.cast(pa.string())


def flags_of(column: pa.Array) -> NDArray[np.bool_]:
    """Return decisions: true where a row was flagged, whether that says 1, true or yes."""
    read = Reading(truth=True)
    codes, values = _values(column)
    flagged = np.array([read(value) == "1" for value in values] + [False], np.bool_)
    return flagged[codes]


def labels_of(column: pa.Array, target: Target) -> NDArray[np.int8]:
    """Return labels, as `Rows` has them.

    Raises
    ------
    ColumnTypeError
        The column holds no classes, or nothing says which value is the negative one.
    """
    import pandas as pd

    codes, values = _values(column)
    if not values:
        return np.full(len(column), UNLABELLED, np.int8)
    label = parse_target(pd.Series(values), target, history=False).label
    return np.append(label, np.int8(UNLABELLED))[codes]


def _values(column: pa.Array) -> tuple[NDArray[np.intp], list[Any]]:
    """Return each row's place among the values, -1 where it has none."""
    import pyarrow.compute as pc

    encoded = pc.dictionary_encode(column)
    codes = np.asarray(encoded.indices.fill_null(-1), np.intp)
    return codes, encoded.dictionary.to_pylist()


def known_by(
    label: NDArray[np.int8], times: NDArray[np.datetime64], as_of: datetime
) -> NDArray[np.int8]:
    """Return labels as they were known at a moment: those that came later are not there yet."""
    return np.where(times <= moment64(as_of), label, np.int8(UNLABELLED)).astype(np.int8)
