"""What history features see of rows: their keys, times and aggregated numbers.

Written with the rows themselves, so that neither is there without the other. A key is kept as its
hash: whatever it holds and however long it is, an index can hold it, and whose rows these are is
not to be read here. Rows of the source from just before production began are among them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from monitoring.rows.key_history import KeyRows, aggregated, key_rows, longest
from monitoring.rows.quarantine import usable_ids
from monitoring.store.block_reading import stored_rows
from monitoring.store.bulk_insert import Columns, in_order_of_ids, insert_all, taken, there
from monitoring.store.database import Writer, consistent_read, ids_in
from monitoring.store.schema import TimeText, key_history, production_rows
from monitoring.use_case_columns import Features

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection, Engine

    from monitoring.rows.rows import Rows
    from monitoring.use_case import UseCase

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
        if len(columns["row_id"]):
            insert_all(connection, key_history, in_order_of_ids(columns))


def _records(case: UseCase, by: str, rows: Rows) -> Columns:
    """Return a record of each row that has a key."""
    seen = key_rows(rows, case, by)
    seen = seen.take(seen.usable)
    count, names = len(seen.row_id), list(seen.numbers)
    numbers = np.empty((count, len(names)), "<f8")
    for place, name in enumerate(names):
        numbers[:, place] = seen.numbers[name]
    content, width = numbers.tobytes(), numbers.itemsize * len(names)
    return {
        "use_case": [case.name] * count,
        "row_id": seen.row_id,
        "key_column": [by] * count,
        "key_hash": [_hash(key) for key in seen.key.tolist()],
        "event_time": seen.event_time,
        "columns": [json.dumps(names)] * count,
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
        self, by: str, keys: Sequence[str], since: np.datetime64, until: np.datetime64
    ) -> KeyRows:
        """Return the rows of some keys with event times in [since, until)."""
        words = {_hash(key): key for key in keys}
        with consistent_read(self._engine) as connection:
            found = connection.execute(
                sa.select(
                    _K.row_id, _K.key_hash, TimeText(_K.event_time), _K.columns, _K.numbers
                ).where(
                    _K.use_case == self._case.name,
                    _K.key_column == by,
                    ids_in(connection, _K.key_hash, list(words)),
                    _K.event_time >= _moment(since),
                    _K.event_time < _moment(until),
                )
            ).all()
        row_id, hashes, times, columns, numbers = zip(*found, strict=True) if found else [()] * 5
        return KeyRows(
            row_id=np.array(row_id, np.str_),
            key=np.array([words[each] for each in hashes], object),
            event_time=np.array(times, "datetime64[us]"),
            numbers=_numbers(columns, numbers, aggregated(self._case)[by]),
        )

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
                if len(new["row_id"]):
                    insert_all(connection, key_history, in_order_of_ids(new))
                added += len(new["row_id"])
        self._writer.grew(key_history, added)
        return added

    def _not_in_production(self, connection: Connection, history: Rows) -> NDArray[np.bool_]:
        mine = production_rows.c.use_case == self._case.name
        if self._case.columns.id is not None:
            key: Columns = {"use_case": [self._case.name] * len(history), "row_id": history.row_id}
            return ~there(connection, production_rows, key)
        first = sa.select(sa.func.min(production_rows.c.event_time)).where(mine)
        began: datetime | None = connection.execute(first).scalar_one()
        if began is None:
            return np.ones(len(history), np.bool_)
        earlier: NDArray[np.bool_] = history.event_time < np.datetime64(
            began.astimezone(UTC).replace(tzinfo=None), "us"
        )
        return earlier


def _moment(time: np.datetime64) -> datetime:
    plain: datetime = time.astype("datetime64[us]").item()
    return plain.replace(tzinfo=UTC)


def _numbers(
    columns: Sequence[str], numbers: Sequence[bytes], wanted: Sequence[str]
) -> dict[str, NDArray[np.float64]]:
    """Return the numbers of records by column; one that a record does not have is missing."""
    found = {name: np.full(len(columns), np.nan) for name in wanted}
    layouts = np.array(columns, object)
    for layout in set(columns):
        places = np.flatnonzero(layouts == layout)
        names: list[Any] = json.loads(layout)
        content = b"".join(numbers[place] for place in places.tolist())
        rows = np.frombuffer(content, "<f8").reshape(len(places), len(names))
        for name in found.keys() & set(names):
            found[name][places] = rows[:, names.index(name)]
    return found
