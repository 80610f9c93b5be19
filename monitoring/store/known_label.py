"""The label of a row as it was known at a moment: its first one, or its newest.

Labels after the first of a row that say something else lie in a table of their own. They are
counted; where a use case says `newest_wins`, the newest of all is the row's label.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from monitoring.rows.rows import NO_TIME, UNLABELLED, Rows
from monitoring.store.schema import (
    Microseconds,
    label_conflicts,
    labels,
    production_rows,
    same_row,
)

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from monitoring.use_case import UseCase

_P = production_rows.c


@dataclass(frozen=True)
class KnownLabel:
    """A row's label in a statement.

    Attributes
    ----------
    label, time
        Null where none was known.
    true_class
        Its name; null where the target has two values too.
    rows
        The production rows, with what the others are read from.
    """

    label: sa.ColumnElement[Any]
    time: sa.ColumnElement[Any]
    true_class: sa.ColumnElement[Any]
    rows: sa.FromClause


def label_of_row(as_of: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that joins a row and its first label, come by `as_of`."""
    return sa.and_(same_row(labels), labels.c.label_time <= as_of)


def known_label(case: UseCase, as_of: datetime) -> KnownLabel:
    """Return the label of production rows as it was known at `as_of`."""
    rows = production_rows.outerjoin(labels, label_of_row(as_of))
    if not case.labels.newest_wins:
        return KnownLabel(labels.c.label, labels.c.label_time, labels.c.true_class, rows)
    others = label_conflicts.alias("others")
    newest = (
        sa.select(sa.func.max(others.c.label_time))
        .where(same_row(others), others.c.label_time <= as_of)
        .correlate(production_rows)
        .scalar_subquery()
    )
    later = label_conflicts.c
    rows = rows.outerjoin(
        label_conflicts, sa.and_(same_row(label_conflicts), later.label_time == newest)
    )
    # Of two with one time, the one that was received later is the newer.
    corrected = sa.and_(
        later.label_time.is_not(None),
        sa.or_(labels.c.label_time.is_(None), later.label_time >= labels.c.label_time),
    )
    label, time, true_class = (
        sa.case((corrected, later[name]), else_=labels.c[name])
        for name in ("label", "label_time", "true_class")
    )
    return KnownLabel(label, time, true_class, rows)


@dataclass(frozen=True)
class Correction:
    """What an archived row's label is by now.

    Attributes
    ----------
    true_class
        Place of its class; `UNLABELLED` where there is none.
    """

    label: int
    time: np.datetime64
    true_class: int


def corrections(connection: Connection, case: UseCase, as_of: datetime) -> Mapping[str, Correction]:
    """Return the label, as known at `as_of`, of each row that has had unlike labels.

    Empty where the first label stays.
    """
    if not case.labels.newest_wins:
        return {}
    known = known_label(case, as_of)
    again = sa.select(label_conflicts.c.row_id).where(label_conflicts.c.use_case == case.name)
    statement = (
        sa.select(_P.row_id, known.label, Microseconds(known.time), known.true_class)
        .select_from(known.rows)
        .where(_P.use_case == case.name, _P.row_id.in_(again))
    )
    found = connection.execute(statement).all()
    classes = case.columns.classes
    places = (
        [UNLABELLED] * len(found)
        if classes is None
        else classes.places([true_class for *_, true_class in found]).tolist()
    )
    return {
        row_id: Correction(
            UNLABELLED if label is None else label,
            NO_TIME if time is None else np.datetime64(time, "us"),
            place,
        )
        for (row_id, label, time, _), place in zip(found, places, strict=True)
    }


def corrected(rows: Rows, labels: Mapping[str, Correction]) -> Rows:
    """Return rows with their corrected labels: an archive holds those of its time."""
    if not labels:
        return rows
    place = {row_id: index for index, row_id in enumerate(rows.row_id.tolist())}
    label, label_time = rows.label.copy(), rows.label_time.copy()
    true_class = None if rows.true_class is None else rows.true_class.copy()
    for row_id in labels.keys() & place.keys():
        index, now = place[row_id], labels[row_id]
        label[index], label_time[index] = now.label, now.time
        if true_class is not None:
            true_class[index] = now.true_class
    return replace(rows, label=label, label_time=label_time, true_class=true_class)
