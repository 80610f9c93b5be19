"""Queries on the store as of a moment: rows of a window, counts, newest times."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import sqlalchemy as sa

from monitoring.rows.quarantine import QuarantineReason
from monitoring.rows.rows import POSITIVE, UNLABELLED, Role, Rows, together
from monitoring.store.known_label import known_label
from monitoring.store.row_formats import declared_features, features_from_json, readable_amounts
from monitoring.store.schema import (
    TimeText,
    label_conflicts,
    labels,
    production_rows,
    quarantined_rows,
    scores,
)
from monitoring.store.window_source import LabelProblems
from monitoring.use_case_columns import EventTime

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

    from monitoring.rows.window import Window
    from monitoring.use_case import UseCase
    from monitoring.use_case_columns import Classes


Portions: TypeAlias = Iterator[Sequence[sa.Row[Any]]]

PORTION = 20_000
"""Rows read and decoded at once: undecoded, a row takes some ten times its numbers' memory."""

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
    features: bool = True,
) -> Rows:
    """Return the rows of a window as they were known at `as_of`; see `ProductionStore.window`.

    Parameters
    ----------
    role
        Whose scores.
    features
        Whether to read them: they are most of a row.
    """
    wanted = inside(case, window, as_of)
    scored = [
        scores.c.use_case == _P.use_case,
        scores.c.row_id == _P.row_id,
        scores.c.role == role.value,
        scores.c.scored_at <= as_of,
    ]
    newest = (
        sa.select(scores.c.model_version)
        .join_from(production_rows, scores, sa.and_(*scored))
        .where(*wanted)
        .order_by(scores.c.scored_at.desc(), scores.c.model_version.desc())
        .limit(1)
    )
    version = connection.execute(newest).scalar_one_or_none()
    statement = (
        select_rows(case, as_of, features=features)
        .add_columns(scores.c.score, scores.c.probabilities)
        .outerjoin(scores, sa.and_(*scored, scores.c.model_version == version))
        .where(*wanted)
    )
    portions = read_in_portions(connection, statement)
    return to_rows(case, portions, model_version=version, features=features)


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


def select_rows(case: UseCase, as_of: datetime, *, features: bool = True) -> sa.Select[Any]:
    """Return the select of rows in order of event time, with their labels as of `as_of`.

    Without `features`, null stands in their place.
    """
    known = known_label(case, as_of)
    return (
        sa.select(
            _P.row_id,
            TimeText(_P.event_time),
            TimeText(_P.arrival_time),
            _P.amount,
            _P.features if features else sa.null(),
            known.label,
            TimeText(known.time),
            known.true_class,
        )
        .select_from(known.rows)
        .order_by(_P.event_time, _P.row_id)
    )


def read_in_portions(connection: Connection, statement: sa.Select[Any]) -> Portions:
    """Yield the records of a statement, never more than `PORTION` in memory."""
    records = connection.execute(statement, execution_options={"yield_per": PORTION})
    return records.partitions()


def to_rows(
    case: UseCase,
    portions: Portions,
    *,
    model_version: str | None = None,
    features: bool = True,
) -> Rows:
    """Decode the records of `select_rows`, with score and probabilities if there is a version."""
    parts = [_decoded(case, records, model_version, features) for records in portions]
    return together(parts or [_decoded(case, (), model_version, features)])


def _decoded(
    case: UseCase, records: Sequence[sa.Row[Any]], model_version: str | None, features: bool
) -> Rows:
    import pandas as pd

    columns = list(zip(*records, strict=True)) or [()] * 10
    row_id, event_time, arrival_time, amount, values, label, label_time, name, *score = columns
    classes = case.columns.classes
    return Rows(
        features=features_from_json(values, declared_features(case))
        if features
        else pd.DataFrame(index=range(len(records))),
        row_id=np.array(row_id, dtype=np.str_),
        event_time=_times(event_time),
        arrival_time=_times(arrival_time),
        label=np.array([UNLABELLED if value is None else value for value in label], np.int8),
        label_time=_times(label_time),
        amount=None
        if case.columns.amount is None
        else readable_amounts(np.array(amount, dtype=np.float64)),
        score=None if model_version is None else np.array(score[0], dtype=np.float64),
        model_version=model_version,
        true_class=None if classes is None else classes.places(name),
        probabilities=None
        if model_version is None or classes is None
        else _probabilities(score[1], classes),
    )


def _probabilities(texts: Sequence[str | None], classes: Classes) -> NDArray[np.float64]:
    """Return the probability of each class of rows; NaN where a row, or a class, has none."""
    given = np.full((len(texts), len(classes.names)), np.nan)
    for place, text in enumerate(texts):
        if text is not None:
            by_name = json.loads(text)
            given[place] = [by_name.get(name, np.nan) for name in classes.names]
    return given


def _times(moments: Sequence[str | None]) -> NDArray[np.datetime64]:
    return np.array(["NaT" if text is None else text for text in moments], "datetime64[us]")


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
    of_row = sa.and_(
        production_rows.c.use_case == labels.c.use_case,
        production_rows.c.row_id == labels.c.row_id,
    )
    joined = sa.select(sa.func.count()).select_from(labels.outerjoin(production_rows, of_row))
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
        .where(*known(case, as_of), production_rows.c.event_time >= since, *settled)
    )
    rows, positives = connection.execute(statement).one()
    return Settled(rows=rows, positives=int(positives))
