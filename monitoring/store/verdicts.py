"""Drift verdicts in the store: JSON under an id, written once and never changed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from monitoring.store.database import consistent_read, insert
from monitoring.store.schema import verdicts

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from monitoring.rows.window import Window


def save(
    connection: Connection,
    use_case: str,
    verdict_id: str,
    *,
    window: Window,
    as_of: datetime,
    model_version: str | None,
    payload: str,
) -> str:
    """Save a verdict unless its id is taken; return the one that is stored under the id."""
    record = {
        "use_case": use_case,
        "id": verdict_id,
        "window_start": window.start,
        "window_end": window.end,
        "as_of": as_of,
        "model_version": model_version,
        "payload": payload,
    }
    connection.execute(insert(connection, verdicts).on_conflict_do_nothing(), record)
    return connection.execute(_by_id(use_case, verdict_id)).scalar_one()


def load(connection: Connection, use_case: str, verdict_id: str) -> str | None:
    """Return the verdict of that id."""
    return connection.execute(_by_id(use_case, verdict_id)).scalar_one_or_none()


def newest_first(engine: Engine, use_case: str, as_of: datetime) -> Iterator[str]:
    """Yield verdicts by their windows; of one window, by the moment that they were made from."""
    statement = (
        sa.select(verdicts.c.payload)
        .where(verdicts.c.use_case == use_case, verdicts.c.as_of <= as_of)
        .order_by(verdicts.c.window_end.desc(), verdicts.c.as_of.desc(), verdicts.c.id)
    )
    with consistent_read(engine) as connection:
        yield from connection.execute(statement.execution_options(yield_per=20)).scalars()


def _by_id(use_case: str, verdict_id: str) -> sa.Select[str]:
    return sa.select(verdicts.c.payload).where(
        verdicts.c.use_case == use_case, verdicts.c.id == verdict_id
    )
