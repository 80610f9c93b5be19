"""Decisions that were acted on: rows that were blocked, and those let through in their place.

What a row stands for follows from that: nothing where it was blocked, 1 / probability where it was
let through, itself where no decision would have stopped it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import sqlalchemy as sa

from monitoring.rows.control_group import drawn, where_truth_is_hidden
from monitoring.store.bulk_columns import Columns, taken
from monitoring.store.bulk_insert import insert_new
from monitoring.store.database import ids_in
from monitoring.store.handed_in import check_lengths, times_of
from monitoring.store.known_label import label_of_row
from monitoring.store.schema import decisions, exists, labels, production_rows, same_row

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

    from monitoring.rows.control_group import Control
    from monitoring.rows.rows import Rows
    from monitoring.store.block_reading import HeldRows
    from monitoring.use_case import UseCase

_P, _D = production_rows.c, decisions.c


def add_decisions(
    connection: Connection,
    use_case: str,
    row_id: Sequence[str] | NDArray[np.str_],
    control: Control,
    decided_at: datetime | NDArray[np.datetime64],
) -> int:
    """Add what was done about flagged rows; see `ProductionStore.add_decisions`."""
    control.check()
    times, ids = times_of(decided_at, len(row_id)), np.asarray(row_id, np.str_)
    check_lengths(row_id=ids, control=control, decided_at=times)
    columns: Columns = {
        "use_case": use_case,
        "row_id": ids,
        "blocked": ~control.let_through,
        "control_probability": control.probability,
        "decided_at": times,
    }
    _, firsts = np.unique(ids, return_index=True)
    return int(insert_new(connection, decisions, taken(columns, firsts)).sum())


def decide(
    connection: Connection,
    case: UseCase,
    row_id: NDArray[np.str_],
    decided_at: datetime | NDArray[np.datetime64],
) -> NDArray[np.bool_]:
    """Draw which flagged rows are let through, and store it; a row that was decided stays so."""
    control = drawn(case.name, row_id, case.decisions.control_share)
    if add_decisions(connection, case.name, row_id, control, decided_at) == len(row_id):
        return control.let_through
    statement = sa.select(_D.row_id, _D.blocked).where(
        _D.use_case == case.name, ids_in(connection, _D.row_id, row_id.tolist())
    )
    through = {name: not blocked for name, blocked in connection.execute(statement)}
    return np.array([through[name] for name in row_id.tolist()], np.bool_)


def with_weights(
    connection: Connection,
    case: UseCase,
    held: HeldRows,
    rows: Rows,
    wanted: Sequence[sa.ColumnElement[bool]],
    as_of: datetime,
) -> Rows:
    """Return rows with what each stands for, where blocking hides the truth of some."""
    if case.decisions.blocking is None:
        return rows
    statement = (
        sa.select(_P.block, _P.place, _D.blocked, _D.control_probability)
        .join_from(production_rows, decisions, same_row(decisions))
        .where(*wanted, _D.decided_at <= as_of)
    )
    found = connection.execute(statement).all()
    if not found:
        return rows
    block, place, blocked, probability = (np.array(column) for column in zip(*found, strict=True))
    weight = np.ones(len(rows))
    places = held.places(block.astype(np.int64), place.astype(np.int32))
    weight[places] = _stands_for(blocked, probability)
    return where_truth_is_hidden(replace(rows, weight=weight))


def weighted(connection: Connection, case: UseCase, rows: Rows, as_of: datetime) -> Rows:
    """Return rows from anywhere, by their ids, with what each stands for."""
    if case.decisions.blocking is None:
        return rows
    statement = sa.select(_D.row_id, _D.blocked, _D.control_probability).where(
        _D.use_case == case.name, _D.decided_at <= as_of
    )
    found = connection.execute(statement).all()
    if not found:
        return rows
    ids, blocked, probability = zip(*found, strict=True)
    weights = _stands_for(np.array(blocked), np.array(probability)).tolist()
    known = dict(zip(ids, weights, strict=True))
    weight = np.array([known.get(row_id, 1.0) for row_id in rows.row_id.tolist()], np.float64)
    return replace(rows, weight=weight)


def truth_is_hidden(case: UseCase, as_of: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a row was blocked and no label of it had come."""
    if case.decisions.blocking is None:
        return sa.false()
    return sa.and_(
        exists(decisions, same_row(decisions), _D.blocked.is_(True), _D.decided_at <= as_of),
        ~exists(labels, label_of_row(as_of)),
    )


def _stands_for(
    blocked: NDArray[np.bool_], probability: NDArray[np.float64]
) -> NDArray[np.float64]:
    weight: NDArray[np.float64] = ~blocked.astype(np.bool_) / np.where(blocked, 1.0, probability)
    return weight
