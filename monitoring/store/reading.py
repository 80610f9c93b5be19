"""Queries on the store as of a moment: rows of a window, counts, newest times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import POSITIVE, UNLABELLED, Role, Rows
from monitoring.store.acted_on import truth_is_hidden, with_weights
from monitoring.store.block_reading import (
    NO_FEATURES,
    HeldRows,
    blocks_of_window,
    hold,
    hold_at,
    in_window,
)
from monitoring.store.bulk_columns import Column
from monitoring.store.bulk_read import as_moments, read_in_portions
from monitoring.store.database import ids_in
from monitoring.store.known_label import known_label
from monitoring.store.row_formats import declared_features
from monitoring.store.row_source import LabelProblems
from monitoring.store.schema import (
    label_conflicts,
    labels,
    production_rows,
    quarantined_rows,
    same_row,
    scores,
)
from monitoring.use_case_columns import EventTime

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

    from monitoring.rows.window import Window
    from monitoring.use_case import UseCase
    from monitoring.use_case_columns import Classes


_P = production_rows.c


@dataclass(frozen=True)
class Settled:
    """Rows whose truth is settled, and those of them that are positive."""

    rows: int
    positives: int


def read_window(
    connection: Connection,
    case: UseCase,
    window: Window,
    as_of: datetime,
    *,
    role: Role = Role.CHAMPION,
    version: str | None = None,
    features: bool = True,
) -> Rows:
    """Return the rows of a window as they were known at `as_of`; see `ProductionStore.window`.

    Parameters
    ----------
    role, version
        Whose scores; of the version that scored last in that role if None is named.
    features
        Whether to read them: they are most of a row.
    """
    held = hold(
        connection,
        blocks_of_window(connection, case.name, window),
        declared_features(case) if features else NO_FEATURES,
        in_window(window, as_of),
    )
    wanted = inside(case, window, as_of)
    rows = _with_labels(case, held, _labels(connection, case, as_of, wanted))
    rows = with_weights(connection, case, held, rows, wanted, as_of)
    scored = _scored(role, as_of)
    if version is None:
        version = next(iter(_versions(connection, scored, wanted)), None)
    if version is None:
        return rows
    return _with_scores(connection, case, held, rows, version, scored, wanted)


def read_versions(
    connection: Connection, case: UseCase, window: Window, as_of: datetime, role: Role
) -> Mapping[str, int]:
    """Return how many rows of a window each version scored in a role, who scored last first."""
    return _versions(connection, _scored(role, as_of), inside(case, window, as_of))


def _versions(
    connection: Connection,
    scored: sa.ColumnElement[bool],
    wanted: Sequence[sa.ColumnElement[bool]],
) -> Mapping[str, int]:
    last = sa.func.max(scores.c.scored_at)
    statement = (
        sa.select(scores.c.model_version, sa.func.count())
        .join_from(production_rows, scores, scored)
        .where(*wanted)
        .group_by(scores.c.model_version)
        .order_by(last.desc(), scores.c.model_version.desc())
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def _scored(role: Role, as_of: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that joins a row and a score of a role, given by `as_of`."""
    return sa.and_(
        same_row(scores),
        scores.c.role == role.value,
        scores.c.scored_at <= as_of,
    )


def _with_scores(
    connection: Connection,
    case: UseCase,
    held: HeldRows,
    rows: Rows,
    version: str,
    scored: sa.ColumnElement[bool],
    wanted: Sequence[sa.ColumnElement[bool]],
) -> Rows:
    """Return the rows with the scores of a version, missing where it gave none."""
    classes = case.columns.classes
    given = (
        sa.select(
            _P.block,
            _P.place,
            scores.c.score,
            sa.null() if classes is None else scores.c.probabilities,
        )
        .join_from(production_rows, scores, scored)
        .where(*wanted, scores.c.model_version == version)
    )
    score = np.full(len(rows), np.nan)
    probabilities = None if classes is None else np.full((len(rows), len(classes.names)), np.nan)
    for block, place, value, by_class in read_in_portions(connection, given):
        places = held.places(np.array(block, np.int64), np.array(place, np.int32))
        score[places] = value
        if probabilities is not None and classes is not None:
            probabilities[places] = _probabilities(list(by_class), classes)
    return replace(rows, score=score, model_version=version, probabilities=probabilities)


def read_ids(connection: Connection, case: UseCase, as_of: datetime) -> NDArray[np.str_]:
    """Return the ids of the rows that had arrived by `as_of`; see `ProductionStore.known_ids`."""
    ids = connection.execute(sa.select(_P.row_id).where(*known(case, as_of))).scalars().all()
    return np.array(ids, dtype=np.str_)


def known(case: UseCase, as_of: datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for rows of the use case that had arrived by `as_of`."""
    return [_P.use_case == case.name, _P.arrival_time <= as_of]


def inside(case: UseCase, window: Window, as_of: datetime) -> list[sa.ColumnElement[bool]]:
    """Return the conditions for rows of a window that had arrived by `as_of`."""
    return [*known(case, as_of), _P.event_time >= window.start, _P.event_time < window.end]


def read_rows(
    connection: Connection,
    case: UseCase,
    as_of: datetime,
    wanted: Sequence[sa.ColumnElement[bool]],
    *joined: tuple[sa.FromClause, sa.ColumnElement[bool]],
) -> Rows:
    """Return the rows for which conditions hold, with their labels as of `as_of`.

    Parameters
    ----------
    joined
        More tables that the conditions are about, each with what joins it.
    """
    named = sa.select(_P.block, _P.place).select_from(production_rows).where(*wanted)
    for table, on in joined:
        named = named.join(table, on)
    parts = [
        np.array([block, place], np.int64) for block, place in read_in_portions(connection, named)
    ]
    block, place = np.concatenate([np.empty((2, 0), np.int64), *parts], axis=1)
    held = hold_at(connection, block, place, declared_features(case))
    return _with_labels(case, held, _labels(connection, case, as_of, wanted, joined))


def _labels(
    connection: Connection,
    case: UseCase,
    as_of: datetime,
    wanted: Sequence[sa.ColumnElement[bool]],
    joined: Sequence[tuple[sa.FromClause, sa.ColumnElement[bool]]] = (),
) -> Iterator[tuple[Column, ...]]:
    """Yield where labelled rows lie, label, time and name of the class, some at a time."""
    known = known_label(case, as_of)
    rows = known.rows
    for table, on in joined:
        rows = rows.join(table, on)
    time = as_moments(connection, known.time)
    columns = (_P.block, _P.place, known.label, time, known.true_class)
    statement = sa.select(*columns).select_from(rows).where(*wanted, known.time.is_not(None))
    return read_in_portions(connection, statement)


def _with_labels(case: UseCase, held: HeldRows, labelled: Iterator[tuple[Column, ...]]) -> Rows:
    rows = held.rows(amounts=case.columns.amount is not None)
    classes = case.columns.classes
    true_class = None if classes is None else np.full(len(rows), UNLABELLED, np.int8)
    for block, place, label, label_time, name in labelled:
        places = held.places(np.array(block, np.int64), np.array(place, np.int32))
        rows.label[places] = label
        rows.label_time[places] = np.array(label_time, "datetime64[us]")
        if true_class is not None and classes is not None:
            true_class[places] = classes.places(name)
    return replace(rows, true_class=true_class)


def _probabilities(texts: Sequence[str | None], classes: Classes) -> NDArray[np.float64]:
    """Return the probability of each class of rows; NaN where a row, or a class, has none."""
    given = np.full((len(texts), len(classes.names)), np.nan)
    for place, text in enumerate(texts):
        if text is not None:
            by_name = json.loads(text)
            given[place] = [by_name.get(name, np.nan) for name in classes.names]
    return given


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


def newest_labels(
    connection: Connection, case: UseCase, ids: Sequence[str]
) -> Mapping[str, int | str]:
    """Return the label, or the class, that was last received of rows, by id."""
    told = {}
    # The first of a row lies in one table, all that said something else later in the other.
    for table in (labels.c, label_conflicts.c):
        statement = (
            sa.select(table.row_id, table.label, table.true_class)
            .where(table.use_case == case.name, ids_in(connection, table.row_id, ids))
            .order_by(table.label_time)
        )
        for row_id, label, name in connection.execute(statement):
            told[row_id] = label if name is None else name
    return told


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


def unreadable_values(
    connection: Connection, case: UseCase, since: datetime, as_of: datetime
) -> Mapping[str, int]:
    """Return the rows set aside for a value of another type than its column, by column."""
    table = quarantined_rows.c
    statement = sa.select(table.detail).where(
        table.use_case == case.name,
        table.seen_at > since,
        table.seen_at <= as_of,
        table.reason.in_((QuarantineReason.UNPARSABLE_NUMBER, QuarantineReason.UNPARSABLE_TIME)),
    )
    declared = [*declared_features(case).names, case.columns.amount]
    if isinstance(case.columns.event_time, EventTime):
        declared.append(case.columns.event_time.name)
    # The longest first: one name may be the beginning of another.
    names = sorted({name for name in declared if name is not None}, key=len, reverse=True)
    details = connection.execute(statement).scalars()
    columns = (next((n for n in names if text.startswith(f"{n}: ")), None) for text in details)
    return dict(sorted(Counter(filter(None, columns)).items()))


def label_problems(
    connection: Connection, case: UseCase, since: datetime, as_of: datetime
) -> LabelProblems:
    """Return the labels that came after `since` and by `as_of` and are not as they should be."""
    mine = (
        labels.c.use_case == case.name,
        labels.c.label_time > since,
        labels.c.label_time <= as_of,
    )
    with_rows = labels.outerjoin(production_rows, same_row(labels))
    joined = sa.select(sa.func.count()).select_from(with_rows)
    unknown = joined.where(*mine, production_rows.c.row_id.is_(None))
    before_event = joined.where(*mine, labels.c.label_time < production_rows.c.event_time)
    again = (
        sa.select(sa.func.count())
        .select_from(label_conflicts)
        .where(
            label_conflicts.c.use_case == case.name,
            label_conflicts.c.label_time > since,
            label_conflicts.c.label_time <= as_of,
        )
    )
    changed = connection.execute(again).scalar_one()
    return LabelProblems(
        unknown=connection.execute(unknown).scalar_one(),
        conflicting=0 if case.labels.newest_wins else changed,
        corrected=changed if case.labels.newest_wins else 0,
        before_event=connection.execute(before_event).scalar_one(),
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
    truth = known_label(case, as_of)
    positive = sa.case((truth.label == POSITIVE, 1), else_=0)
    statement = (
        sa.select(sa.func.count(), sa.func.coalesce(sa.func.sum(positive), 0))
        .select_from(truth.rows)
        .where(
            *known(case, as_of),
            production_rows.c.event_time >= since,
            *settled,
            ~truth_is_hidden(case, as_of),
        )
    )
    rows, positives = connection.execute(statement).one()
    return Settled(rows=rows, positives=int(positives))
