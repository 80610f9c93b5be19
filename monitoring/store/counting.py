"""Counting: what a report needs to know of the store before it reads rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from monitoring.rows.rows import POSITIVE
from monitoring.store.reading import inside, known, label_of_row
from monitoring.store.tables import label_conflicts, labels, production_rows, quarantined_rows

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from monitoring.rows.window import Window
    from monitoring.use_case import UseCase


@dataclass(frozen=True)
class LabelProblems:
    """Labels that could not be taken as they are; none of them is lost.

    Attributes
    ----------
    unknown
        Labels whose row is not there.
    conflicting
        Labels that contradict the first one of their row.
    """

    unknown: int
    conflicting: int


@dataclass(frozen=True)
class Settled:
    """Rows whose truth is settled, and those of them that are positive."""

    rows: int
    positives: int


def rows_in_window(connection: Connection, case: UseCase, window: Window, as_of: datetime) -> int:
    """Return how many rows of a window had arrived."""
    count = sa.select(sa.func.count()).select_from(production_rows)
    return connection.execute(count.where(*inside(case, window, as_of))).scalar_one()


def oldest_event_time(connection: Connection, case: UseCase, as_of: datetime) -> datetime | None:
    """Return the earliest event time of a row that had arrived."""
    oldest: sa.Select[datetime | None] = sa.select(sa.func.min(production_rows.c.event_time))
    return connection.execute(oldest.where(*known(case, as_of))).scalar_one()


def newest_event_time(connection: Connection, case: UseCase, as_of: datetime) -> datetime | None:
    """Return the latest event time of a row that had arrived."""
    newest: sa.Select[datetime | None] = sa.select(sa.func.max(production_rows.c.event_time))
    return connection.execute(newest.where(*known(case, as_of))).scalar_one()


def newest_label_time(connection: Connection, case: UseCase, as_of: datetime) -> datetime | None:
    """Return when the latest label came."""
    newest: sa.Select[datetime | None] = sa.select(sa.func.max(labels.c.label_time))
    mine = newest.where(labels.c.use_case == case.name, labels.c.label_time <= as_of)
    return connection.execute(mine).scalar_one()


def quarantined_counts(
    connection: Connection, case: UseCase, since: datetime, as_of: datetime
) -> Mapping[str, int]:
    """Return the rows set aside after `since` and by `as_of`, by reason."""
    table = quarantined_rows.c
    statement = (
        sa.select(table.reason, sa.func.count())
        .where(table.use_case == case.name, table.seen_at > since, table.seen_at <= as_of)
        .group_by(table.reason)
        .order_by(table.reason)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def label_problems(connection: Connection, case: UseCase, as_of: datetime) -> LabelProblems:
    """Return the labels by `as_of` whose row is not there, and those that contradict."""
    row_is_there = (
        sa.select(sa.literal(1))
        .where(
            production_rows.c.use_case == labels.c.use_case,
            production_rows.c.row_id == labels.c.row_id,
        )
        .exists()
    )
    unknown = (
        sa.select(sa.func.count())
        .select_from(labels)
        .where(labels.c.use_case == case.name, labels.c.label_time <= as_of, ~row_is_there)
    )
    conflicting = (
        sa.select(sa.func.count())
        .select_from(label_conflicts)
        .where(label_conflicts.c.use_case == case.name, label_conflicts.c.label_time <= as_of)
    )
    return LabelProblems(
        unknown=connection.execute(unknown).scalar_one(),
        conflicting=connection.execute(conflicting).scalar_one(),
    )


def settled_since(
    connection: Connection, case: UseCase, since: datetime, *, after: datetime, as_of: datetime
) -> Settled:
    """Return the rows from `since` on that settled in (after, as_of]."""
    if case.labels.absent_at_maturity == "unknown":
        settled_at: sa.ColumnElement[Any] = labels.c.label_time
        settled = [settled_at > after, settled_at <= as_of]
    else:
        wait = case.labels.mature_after
        settled_at = production_rows.c.event_time
        settled = [settled_at > after - wait, settled_at <= as_of - wait]
    positive = sa.case((labels.c.label == POSITIVE, 1), else_=0)
    statement = (
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(positive), 0))
        .select_from(production_rows)
        .outerjoin(labels, label_of_row(as_of))
        .where(*known(case, as_of), production_rows.c.event_time >= since, *settled)
    )
    rows, positives = connection.execute(statement).one()
    return Settled(rows=rows, positives=int(positives))
