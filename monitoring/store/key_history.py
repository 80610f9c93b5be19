"""What history features see of rows: their keys, times and aggregated numbers.

Written with the rows themselves, so that neither is there without the other. A key is kept as its
hash: whatever it holds and however long it is, an index can hold it, and whose rows these are is
not to be read here. Rows of the source from just before production began are among them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import blake2b
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from monitoring.rows.key_history import KeyRows, aggregated, key_rows, longest
from monitoring.rows.quarantine import usable_ids
from monitoring.rows.rows import moment64, moment_of
from monitoring.store.block_reading import stored_rows
from monitoring.store.bulk_columns import Columns, count_of, in_order_of_ids, taken
from monitoring.store.bulk_insert import insert_all, there
from monitoring.store.database import Writer, consistent_read, ids_in, ids_not_in
from monitoring.store.schema import Microseconds, key_history, production_rows
from monitoring.use_case_columns import Features

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection, Engine

    from monitoring.rows.rows import Rows
    from monitoring.use_case import UseCase

LATE = timedelta(days=7)
"""How late a row may come and still find all the earlier ones that its features are made of."""

_K = key_history.c


def insert_history(connection: Connection, case: UseCase, rows: Rows) -> None:
    """Insert what history features see of new rows; what the source said of them is replaced.

    Raises
    ------
    InputError
        The rows lack a column that history features are made of.
    """
    records = [_records(case, by, rows) for by in aggregated(case)]
    if records:
        mine = _K.use_case == case.name, ids_in(connection, _K.row_id, rows.row_id.tolist())
        connection.execute(sa.delete(key_history).where(*mine))
    for columns in records:
        if count_of(columns):
            insert_all(connection, key_history, in_order_of_ids(columns))


def _records(case: UseCase, by: str, rows: Rows) -> Columns:
    """Return a record of each row that has a key."""
    every = key_rows(rows, case, by)
    seen = every.take(every.usable)
    count, names = len(seen.key), list(seen.numbers)
    numbers = np.empty((count, len(names)), "<f8")
    for place, name in enumerate(names):
        numbers[:, place] = seen.numbers[name]
    content, width = numbers.tobytes(), numbers.itemsize * len(names)
    return {
        "use_case": case.name,
        "row_id": rows.row_id[every.usable],
        "key_column": by,
        "key_hash": [_hash(key) for key in seen.key.tolist()],
        "event_time": seen.event_time,
        "columns": json.dumps(names),
        "numbers": [content[at * width : (at + 1) * width] for at in range(count)],
    }


def _hash(key: str) -> str:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class KeyHistory:
    """The stored rows of one use case, as its history features see them."""

    def __init__(self, engine: Engine, writer: Writer, case: UseCase) -> None:
        self._engine = engine
        self._writer = writer
        self._case = case

    def earlier(
        self,
        by: str,
        keys: Sequence[str],
        since: np.datetime64,
        until: np.datetime64,
        but: NDArray[np.str_],
    ) -> KeyRows:
        """Return the rows of some keys with event times in [since, until), but those of some ids.

        The database joins the rows of a key: it hands over one record of each.
        """
        words = {_hash(key): key for key in keys}
        with consistent_read(self._engine) as connection:
            statement = (
                sa.select(_K.key_hash, _K.columns, sa.func.count(), *_joined(connection))
                .where(
                    _K.use_case == self._case.name,
                    _K.key_column == by,
                    ids_in(connection, _K.key_hash, list(words)),
                    _K.event_time >= moment_of(since),
                    _K.event_time < moment_of(until),
                    ids_not_in(connection, _K.row_id, but.tolist()),
                )
                .group_by(_K.key_hash, _K.columns)
            )
            found = connection.execute(statement).all()
            times = _times(connection, [record[3] for record in found])
            numbers = [_as_bytes(record[4]) for record in found]
        counts = [record[2] for record in found]
        key = np.repeat(np.array([words[record[0]] for record in found], object), counts)
        columns = [record[1] for record in found]
        wanted = aggregated(self._case)[by]
        return KeyRows(key, times, _numbers(columns, counts, numbers, wanted))

    def knows(self, by: str, row_id: NDArray[np.str_]) -> NDArray[np.bool_]:
        """Return which rows have a record of a key column."""
        key: Columns = {"use_case": self._case.name, "key_column": by, "row_id": row_id}
        usable = usable_ids(row_id)
        known = np.zeros(len(row_id), np.bool_)
        with consistent_read(self._engine) as connection:
            known[usable] = there(connection, key_history, taken(key, usable))
        return known

    def kept(self, row_id: NDArray[np.str_]) -> tuple[NDArray[np.bool_], pd.DataFrame | None]:
        """Return which rows are stored, and what those hold in features made of earlier rows.

        None where none is stored.
        """
        made, features = self._case.made_of_history, self._case.columns.features
        assert isinstance(features, Features)  # noqa: S101  # nosec B101 # as `derive` needs it
        wanted = Features.model_construct(
            numeric=tuple(name for name in features.numeric if name in made),
            categorical=tuple(name for name in features.categorical if name in made),
        )
        usable = usable_ids(row_id)
        with consistent_read(self._engine) as connection:
            stored, rows = stored_rows(connection, self._case.name, row_id[usable], wanted)
        again = np.zeros(len(row_id), np.bool_)
        again[np.flatnonzero(usable)[stored]] = True
        return again, None if rows is None else rows.features

    def begin_with(self, history: Rows) -> int:
        """Add rows from before production, of the newest time that features look back over.

        Those whose id is there stay as they are: a row that came in production counts as it is
        there. Without a column of ids a row is not known again, so only those count that happened
        before the first one in production.

        Returns
        -------
        How many were added, for each column of keys.
        """
        added = 0
        if not len(history):
            return added
        with self._writer.writing() as connection:
            history = history.take(self._not_in_production(connection, history))
            for by in aggregated(self._case):
                newest = history.event_time >= history.event_time[-1:] - longest(self._case, by)
                records = _records(self._case, by, history.take(newest))
                known = there(
                    connection,
                    key_history,
                    {name: records[name] for name in ("use_case", "row_id", "key_column")},
                )
                new = taken(records, ~known)
                if count_of(new):
                    insert_all(connection, key_history, in_order_of_ids(new))
                added += count_of(new)
        self._writer.grew(key_history, added)
        return added

    def prune(self, as_of: datetime) -> int:
        """Remove what rows that happen from `LATE` before `as_of` on do not look back to.

        Returns
        -------
        How many records that were.
        """
        needed = [
            sa.and_(
                _K.key_column == by,
                _K.event_time >= as_of - LATE - timedelta(microseconds=int(span.astype(int))),
            )
            for by, span in ((by, longest(self._case, by)) for by in aggregated(self._case))
        ]
        old = sa.delete(key_history).where(
            _K.use_case == self._case.name, ~sa.or_(sa.false(), *needed)
        )
        with self._writer.writing() as connection:
            return connection.execute(old).rowcount

    def _not_in_production(self, connection: Connection, history: Rows) -> NDArray[np.bool_]:
        mine = production_rows.c.use_case == self._case.name
        if self._case.columns.id is not None:
            key: Columns = {"use_case": self._case.name, "row_id": history.row_id}
            return ~there(connection, production_rows, key)
        first = sa.select(sa.func.min(production_rows.c.event_time)).where(mine)
        began: datetime | None = connection.execute(first).scalar_one()
        if began is None:
            return np.ones(len(history), np.bool_)
        earlier: NDArray[np.bool_] = history.event_time < moment64(began)
        return earlier


def _joined(connection: Connection) -> tuple[sa.ColumnElement[Any], sa.ColumnElement[Any]]:
    """Return the times and the numbers of a key's rows, each as one value."""
    if connection.dialect.name == "postgresql":
        empty = sa.cast(sa.literal(b""), sa.LargeBinary)
        return (
            sa.func.array_agg(Microseconds(_K.event_time)),
            sa.func.string_agg(_K.numbers, empty),
        )
    # SQLite joins texts alone.
    return (
        sa.func.group_concat(_K.event_time, " ", type_=sa.Text),
        sa.func.group_concat(sa.func.hex(_K.numbers), "", type_=sa.Text),
    )


def _times(connection: Connection, joined: Sequence[Any]) -> NDArray[np.datetime64]:
    if connection.dialect.name == "postgresql":
        times = np.array(list(chain.from_iterable(joined)), np.int64)
    else:
        times = np.fromstring(" ".join(joined), np.int64, sep=" ")
    return times.view("datetime64[us]")


def _as_bytes(joined: Any) -> bytes:
    return bytes.fromhex(joined) if isinstance(joined, str) else bytes(joined)


def _numbers(
    columns: Sequence[str], counts: Sequence[int], numbers: Sequence[bytes], wanted: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of rows by column; one that a row does not have is missing.

    Parameters
    ----------
    columns, counts, numbers
        Of some rows each: which columns they have, how many they are, and the numbers of all.
    """
    found = {name: np.full(sum(counts), np.nan) for name in wanted}
    layouts = np.repeat(np.array(columns, object), counts)
    for layout in set(columns):
        names: list[Any] = json.loads(layout)
        mine = [each for each, own in zip(numbers, columns, strict=True) if own == layout]
        rows = np.frombuffer(b"".join(mine), "<f8").reshape(-1, max(len(names), 1))
        for name in found.keys() & set(names):
            found[name][layouts == layout] = rows[:, names.index(name)]
    return found
