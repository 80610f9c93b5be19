"""Reading blocks: the rows of a window, or those that a statement names, as `Rows`.

Arrays are made once, as long as they need to be, and filled block after block: beside the rows
themselves there is never more in memory than a few blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from monitoring.rows.rows import NO_TIME, UNLABELLED, Rows, moment64
from monitoring.store.bulk_read import read_records
from monitoring.store.database import ids_in
from monitoring.store.row_blocks import Layout, Stored, Unpacked, unpacked
from monitoring.store.row_formats import readable_amounts
from monitoring.store.schema import production_rows, row_blocks, row_layouts
from monitoring.use_case_columns import Features

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

    from monitoring.rows.window import Window

PORTION = 4_000
"""Rows of the blocks that are read at once."""

_P, _B = production_rows.c, row_blocks.c

NO_FEATURES = Features.model_construct(numeric=(), categorical=())

Chosen = Callable[["NDArray[np.int64]", Unpacked], "NDArray[np.intp]"]
"""Given the id of each row's block, and the rows of some blocks: the places of those wanted."""


@dataclass(eq=False)
class HeldRows:
    """Rows as they are read, in the order of their blocks.

    Attributes
    ----------
    blocks
        Ids of the blocks, and `starts`, the place of the first row of each among all their rows.
    rank
        Of each row of the blocks, its place among those held; -1 where it is not wanted.
    """

    features: Features
    blocks: NDArray[np.int64]
    starts: NDArray[np.int64]
    rank: NDArray[np.int32]
    row_id: NDArray[np.str_]
    times: NDArray[np.datetime64]
    amount: NDArray[np.float64]
    numbers: NDArray[np.float64]
    words: dict[str, list[pd.Series]] = field(default_factory=dict)
    count: int = 0

    @classmethod
    def of(
        cls, blocks: Sequence[tuple[int, int]], features: Features, most: int | None = None
    ) -> HeldRows:
        """Return room for rows of blocks, each given by its id and its number of rows.

        Parameters
        ----------
        most
            How many of their rows are wanted; all if unset.
        """
        counts = np.array([rows for _, rows in blocks], np.int64)
        size = int(counts.sum()) if most is None else most
        return cls(
            features=features,
            blocks=np.array([block for block, _ in blocks], np.int64),
            starts=np.cumsum(counts) - counts,
            rank=np.full(int(counts.sum()), -1, np.int32),
            row_id=np.empty(size, "U1"),
            times=np.empty((2, size), "datetime64[us]"),
            amount=np.empty(size),
            numbers=np.empty((len(features.numeric), size)),
            words={name: [] for name in features.categorical},
        )

    def add(self, first: int, rows: Unpacked, wanted: NDArray[np.intp]) -> None:
        """Add the wanted rows of some blocks, the first of which is at `first` of all."""
        import pandas as pd

        start, end = self.count, self.count + len(wanted)
        self.rank[first + wanted] = np.arange(start, end)
        ids = np.array(rows.row_id, np.str_)[wanted]
        if ids.dtype.itemsize > self.row_id.dtype.itemsize:
            wider = np.empty(len(self.row_id), ids.dtype)
            wider[:start] = self.row_id[:start]
            self.row_id = wider
        self.row_id[start:end] = ids
        self.times[0, start:end] = rows.event_time[wanted]
        self.times[1, start:end] = rows.arrival_time[wanted]
        self.amount[start:end] = rows.amount[wanted]
        for column, name in zip(self.numbers, self.features.numeric, strict=True):
            column[start:end] = rows.features[name][wanted]
        for name, parts in self.words.items():
            parts.append(pd.Series(rows.features[name][wanted], dtype="str"))
        self.count = end

    def places(self, block: NDArray[np.int64], place: NDArray[np.int32]) -> NDArray[np.int64]:
        """Return where rows are held, by their block and their place in it."""
        order = np.argsort(self.blocks)
        nth = order[np.searchsorted(self.blocks, block, sorter=order)]
        found: NDArray[np.int64] = self.rank[self.starts[nth] + place].astype(np.int64)
        return found

    def sort(self) -> None:
        """Put them in order of event time, then of id; each array by itself, to save memory."""
        held = slice(self.count)
        event_time, row_id = self.times[0, held], self.row_id[held]
        later, same = event_time[1:] > event_time[:-1], event_time[1:] == event_time[:-1]
        if (later | same).all() and (row_id[1:][same] >= row_id[:-1][same]).all():
            return
        order = np.lexsort((row_id, event_time))
        for column in (self.row_id, *self.times, self.amount, *self.numbers):
            column[held] = column[held][order]
        for name, parts in self.words.items():
            self.words[name] = [_one_after_another(parts).iloc[order]]
        place_now = np.empty(self.count, np.int32)
        place_now[order] = np.arange(self.count)
        wanted = self.rank >= 0
        self.rank[wanted] = place_now[self.rank[wanted]]

    def rows(self, *, amounts: bool) -> Rows:
        """Return them, without labels."""
        held = slice(self.count)
        return Rows(
            features=self._frame(),
            row_id=self.row_id[held],
            event_time=self.times[0, held],
            arrival_time=self.times[1, held],
            amount=readable_amounts(self.amount[held]) if amounts else None,
            label=np.full(self.count, UNLABELLED, np.int8),
            label_time=np.full(self.count, NO_TIME),
        )

    def _frame(self) -> pd.DataFrame:
        import pandas as pd

        numbers = self.numbers[:, : self.count]
        frame = pd.DataFrame(
            numbers.T, index=range(self.count), columns=list(self.features.numeric), copy=False
        )
        for name, parts in self.words.items():
            frame[name] = _one_after_another(parts).array
        return frame


def _one_after_another(parts: Sequence[pd.Series]) -> pd.Series:
    import pandas as pd

    return pd.concat([pd.Series([], dtype="str"), *parts], ignore_index=True)


def blocks_of_window(
    connection: Connection, use_case: str, window: Window
) -> list[tuple[int, int]]:
    """Return the id and number of rows of each block that may hold rows of a window."""
    day = datetime.combine(window.start.astimezone(UTC).date(), time(), UTC)
    statement = (
        sa.select(_B.id, _B.rows)
        .where(
            _B.use_case == use_case,
            _B.first_event >= day,  # no block goes beyond its day
            _B.first_event < window.end,
            _B.last_event >= window.start,
        )
        .order_by(_B.first_event, _B.id)
    )
    return [(block, rows) for block, rows in connection.execute(statement)]


def in_window(window: Window, as_of: datetime) -> Chosen:
    """Choose the rows of a window that had arrived."""
    start, end, known = moment64(window.start), moment64(window.end), moment64(as_of)

    def chosen(_: NDArray[np.int64], rows: Unpacked) -> NDArray[np.intp]:
        inside = (rows.event_time >= start) & (rows.event_time < end)
        return np.flatnonzero(inside & (rows.arrival_time <= known))

    return chosen


def hold_at(
    connection: Connection, block: NDArray[np.int64], place: NDArray[np.int64], features: Features
) -> HeldRows:
    """Read and hold rows by their block and their place in it, each once."""
    order = np.lexsort((place, block))
    block, place = block[order], place[order]
    again = (block[1:] == block[:-1]) & (place[1:] == place[:-1])
    once = np.concatenate([np.ones(min(len(block), 1), np.bool_), ~again])
    block, place = block[once], place[once]

    def chosen(of_block: NDArray[np.int64], _: Unpacked) -> NDArray[np.intp]:
        ids, starts = np.unique(of_block, return_index=True)
        low, high = (np.searchsorted(block, ids, side=side) for side in ("left", "right"))
        counts = high - low
        skipped = np.repeat(low - (np.cumsum(counts) - counts), counts)
        places: NDArray[np.intp] = place[skipped + np.arange(counts.sum())]
        return np.repeat(starts, counts) + places

    blocks: list[tuple[int, int]] = []
    ids = np.unique(block).tolist()
    for start in range(0, len(ids), PORTION):
        some = sa.select(_B.id, _B.rows).where(_B.id.in_(ids[start : start + PORTION]))
        blocks += [(number, rows) for number, rows in connection.execute(some)]
    return hold(connection, blocks, features, chosen, most=len(block))


def hold(
    connection: Connection,
    blocks: Sequence[tuple[int, int]],
    features: Features,
    chosen: Chosen,
    *,
    most: int | None = None,
) -> HeldRows:
    """Read blocks, and hold those of their rows that are chosen, in order of event time.

    Parameters
    ----------
    most
        How many they are; as many as the blocks have if unset.
    """
    held = HeldRows.of(blocks, features, most)
    layouts: dict[str, Layout] = {}
    for first, some in _portions(blocks):
        stored = _stored(connection, some, layouts, features=bool(features.names))
        rows = unpacked(stored, features.numeric, features.categorical)
        of_block = np.repeat(*np.array(some, np.int64).T)
        held.add(first, rows, chosen(of_block, rows))
    held.sort()
    return held


def _portions(
    blocks: Sequence[tuple[int, int]],
) -> Iterator[tuple[int, Sequence[tuple[int, int]]]]:
    """Yield some blocks at a time, with the number of rows before them."""
    first = before = begin = 0
    for place, (_, rows) in enumerate(blocks):
        if before - first + rows > PORTION and place > begin:
            yield first, blocks[begin:place]
            first, begin = before, place
        before += rows
    if blocks:
        yield first, blocks[begin:]


def _stored(
    connection: Connection,
    blocks: Sequence[tuple[int, int]],
    layouts: dict[str, Layout],
    *,
    features: bool,
) -> list[Stored]:
    """Return the content of blocks, in their order."""
    content = (_B.words, _B.ids, _B.facts, _B.features) if features else (_B.ids, _B.facts)
    statement = sa.select(_B.id, _B.layout, *content).where(
        _B.id.in_([block for block, _ in blocks])
    )
    found = {record[0]: record[1:] for record in read_records(connection, statement)}
    named = {layout for layout, *_ in found.values()} - layouts.keys()
    if named:
        statement = sa.select(row_layouts).where(row_layouts.c.id.in_(sorted(named)))
        for record in connection.execute(statement):
            layouts[record.id] = Layout.from_json(record.columns)
    return [
        Stored(layouts[layout], *(content if features else (None, *content, b"")))
        for layout, *content in (found[block] for block, _ in blocks)
    ]


def stored_rows(
    connection: Connection, use_case: str, row_id: NDArray[np.str_], features: Features
) -> tuple[NDArray[np.bool_], Rows | None]:
    """Return which ids are stored, and the rows of those in their order; None where none is."""
    ids = row_id.tolist()
    statement = sa.select(_P.row_id, _P.block, _P.place).where(
        _P.use_case == use_case, ids_in(connection, _P.row_id, ids)
    )
    stored = {row_id: where for row_id, *where in connection.execute(statement)}
    there = np.array([each in stored for each in ids], np.bool_)
    if not stored:
        return there, None
    block, place = np.array([stored[each] for each in ids if each in stored], np.int64).T
    held = hold_at(connection, block, place, features)
    return there, held.rows(amounts=True).take(held.places(block, place.astype(np.int32)))


def same_as_stored(
    connection: Connection, use_case: str, rows: Rows, ignoring: Collection[str]
) -> NDArray[np.bool_]:
    """Return which rows equal those that are stored under their ids: times, amount, features.

    When a row arrived is not looked at: a retry may come later.

    Parameters
    ----------
    ignoring
        Features that earlier rows make: late ones may have come since.
    """
    layout = Layout.of(rows.features)
    features = Features.model_construct(
        numeric=tuple(name for name in layout.numeric if name not in ignoring),
        categorical=tuple(name for name in layout.categorical if name not in ignoring),
    )
    _, there = stored_rows(connection, use_case, rows.row_id, features)
    if there is None:
        return np.empty(0, np.bool_)
    amount = np.full(len(rows), np.nan) if rows.amount is None else rows.amount
    given = [rows.event_time, amount, *(rows.features[name] for name in features.names)]
    kept = [there.event_time, there.amount, *(there.features[name] for name in features.names)]
    same = np.ones(len(rows), np.bool_)
    for one, other in zip(map(np.asarray, given), map(np.asarray, kept), strict=True):
        same &= (one == other) | ((one != one) & (other != other))  # noqa: PLR0124 - missing in both
    return same
