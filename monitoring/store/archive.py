"""Archives: the rows that each retrain consumed, every row once, as Parquet files.

A retrain claims rows in one transaction, under its run key. The keys of two tables are the
guarantee: a row stands once in `consumed_rows` (it has counted towards a retrain) and once in
`archived_rows` (one file holds it), whoever tries and however often. Only then is the file
written, whole or not at all, while its record is locked, and the record turned `complete`.
Killed anywhere, a rerun under the same key finds its claim, or makes it, and finishes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from monitoring.rows.control_group import with_controls
from monitoring.rows.maturity import matured
from monitoring.rows.rows import ACTED_ON, Rows, moment64, together
from monitoring.store.acted_on import truth_is_hidden, weighted
from monitoring.store.database import consistent_read, insert, tell_planner, writing
from monitoring.store.known_label import corrected, corrections, label_of_row
from monitoring.store.reading import known, read_rows
from monitoring.store.row_formats import Scored, encode_archive, read_archive
from monitoring.store.schema import (
    archived_rows,
    archives,
    consumed_rows,
    exists,
    labels,
    production_rows,
    same_row,
    scores,
)
from monitoring.stored_files import StoredPath, write

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from monitoring.use_case import UseCase


_P = production_rows.c
_CLAIMED, _COMPLETE = "claimed", "complete"


@dataclass(frozen=True)
class Archive:
    """What one retrain consumed.

    Attributes
    ----------
    run_key
        The retrain's own key: a rerun of it gives the same archive.
    as_of
        The moment of its first try; a rerun's later moment changes nothing.
    rows_consumed
        Rows that counted towards this retrain and towards no other.
    rows
        Labelled rows in the file: those of them, and earlier ones whose label came later.
    file
        Name in the archive folder; None where there are no rows.
    sha256
        Of the file; None until it is complete.
    first_event, last_event
        Event times of the first and the last row; None without rows.
    """

    run_key: str
    as_of: datetime
    rows_consumed: int
    rows: int
    file: str | None
    sha256: str | None
    first_event: datetime | None
    last_event: datetime | None
    complete: bool


def count_new(connection: Connection, case: UseCase, as_of: datetime) -> int:
    """Return how many rows an archive would consume."""
    rows = sa.select(sa.func.count()).select_from(_unconsumed(case, as_of).subquery())
    return connection.execute(rows).scalar_one()


def archive(
    engine: Engine, case: UseCase, run_key: str, as_of: datetime, folder: StoredPath
) -> Archive:
    """Consume and archive under `run_key`; see `ProductionStore.archive`."""
    with writing(engine) as connection:
        claimed = _claim(connection, case, run_key, as_of)
    if claimed.complete:
        return claimed
    tell_planner(engine, consumed_rows, archived_rows, rows=claimed.rows_consumed + claimed.rows)
    with consistent_read(engine) as connection:
        content = encode_archive(*_claimed_rows(connection, case, claimed), case.columns.classes)
    with writing(engine) as connection:
        return _complete(connection, case, run_key, folder, content)


def complete_archives(connection: Connection, case: UseCase) -> list[Archive]:
    """Return the archives whose file is written, in order of their first row."""
    statement = (
        sa.select(archives)
        .where(
            archives.c.use_case == case.name,
            archives.c.state == _COMPLETE,
            archives.c.file.is_not(None),
        )
        .order_by(archives.c.first_event, archives.c.run_key)
    )
    return [_archive(record) for record in connection.execute(statement)]


def in_complete_archive() -> sa.ColumnElement[bool]:
    """Return the condition that a row is in an archive whose file is written."""
    complete = archived_rows.join(archives, _same_run(archived_rows, archives))
    return exists(complete, same_row(archived_rows), archives.c.state == _COMPLETE)


def counts_as_labelled(case: UseCase, as_of: datetime) -> sa.ColumnElement[bool]:
    """Return the condition that a row's label had come, or its absence had a meaning, by then."""
    label_came = exists(labels, label_of_row(as_of))
    if case.labels.absent_at_maturity == "unknown":
        return label_came
    return sa.or_(label_came, _P.event_time <= as_of - case.labels.mature_after)


def _claim(connection: Connection, case: UseCase, run_key: str, as_of: datetime) -> Archive:
    key = {"use_case": case.name, "run_key": run_key}
    record = {**key, "as_of": as_of, "state": _CLAIMED, "rows_archived": 0, "rows_consumed": 0}
    # Another process under the same key waits here until the first one's claim is made.
    begun = connection.execute(
        insert(connection, archives).on_conflict_do_nothing().returning(archives.c.run_key), record
    ).first()
    if begun is not None:
        consumed = _take(connection, consumed_rows, run_key, _unconsumed(case, as_of))
        archived = _take(connection, archived_rows, run_key, _unarchived(case, as_of))
        first, last = connection.execute(
            sa.select(sa.func.min(_P.event_time), sa.func.max(_P.event_time))
            .join(archived_rows, same_row(archived_rows))
            .where(archived_rows.c.use_case == case.name, archived_rows.c.run_key == run_key)
        ).one()
        connection.execute(
            sa.update(archives)
            .where(*_key(case, run_key))
            .values(
                rows_consumed=consumed,
                rows_archived=archived,
                first_event=first,
                last_event=last,
                file=_file_name(case, run_key, first, last) if archived else None,
                state=_CLAIMED if archived else _COMPLETE,
            )
        )
    return _archive(connection.execute(sa.select(archives).where(*_key(case, run_key))).one())


def _claimed_rows(
    connection: Connection, case: UseCase, claimed: Archive
) -> tuple[Rows, Mapping[str, Scored]]:
    """Return the rows that an archive is to hold, and the newest score of each that decided."""
    mine = (
        archived_rows.c.use_case == case.name,
        archived_rows.c.run_key == claimed.run_key,
    )
    given = (
        sa.select(scores.c.row_id, scores.c.score, scores.c.model_version, scores.c.probabilities)
        .join(
            archived_rows,
            sa.and_(
                archived_rows.c.use_case == scores.c.use_case,
                archived_rows.c.row_id == scores.c.row_id,
            ),
        )
        .where(*mine, scores.c.role.in_(ACTED_ON), scores.c.scored_at <= claimed.as_of)
        .order_by(scores.c.scored_at, scores.c.model_version)
    )
    newest = {row_id: Scored(*score) for row_id, *score in connection.execute(given)}
    archived = (archived_rows, same_row(archived_rows))
    return read_rows(connection, case, claimed.as_of, mine, archived), newest


def _complete(
    connection: Connection, case: UseCase, run_key: str, folder: StoredPath, content: bytes
) -> Archive:
    # Locked, so that of two processes under one key only one writes the file.
    record = sa.select(archives).where(*_key(case, run_key))
    claimed = _archive(connection.execute(record.with_for_update()).one())
    if claimed.complete or claimed.file is None:
        return claimed
    write(folder / claimed.file, content)
    connection.execute(
        sa.update(archives)
        .where(*_key(case, run_key))
        .values(state=_COMPLETE, sha256=hashlib.sha256(content).hexdigest())
    )
    return _archive(connection.execute(record).one())


def _take(connection: Connection, into: sa.Table, run_key: str, rows: sa.Select[Any]) -> int:
    """Put rows under a run key, but none that another one took meanwhile; return how many."""
    chosen = rows.add_columns(sa.literal(run_key)).order_by(_P.row_id)
    statement = insert(connection, into).from_select(["use_case", "row_id", "run_key"], chosen)
    return connection.execute(statement.on_conflict_do_nothing()).rowcount


def _unconsumed(case: UseCase, as_of: datetime) -> sa.Select[Any]:
    return sa.select(_P.use_case, _P.row_id).where(
        *known(case, as_of),
        counts_as_labelled(case, as_of),
        ~truth_is_hidden(case, as_of),
        ~exists(consumed_rows, same_row(consumed_rows)),
    )


def _unarchived(case: UseCase, as_of: datetime) -> sa.Select[Any]:
    return sa.select(_P.use_case, _P.row_id).where(
        *known(case, as_of),
        exists(labels, label_of_row(as_of)),
        ~exists(archived_rows, same_row(archived_rows)),
    )


def _same_run(one: sa.Table, other: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(one.c.use_case == other.c.use_case, one.c.run_key == other.c.run_key)


def _key(case: UseCase, run_key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return archives.c.use_case == case.name, archives.c.run_key == run_key


def _file_name(case: UseCase, run_key: str, first: datetime, last: datetime) -> str:
    """Return a name with the time range, in whole seconds around its rows."""
    end = last + timedelta(seconds=1)
    short = hashlib.sha256(run_key.encode()).hexdigest()[:12]
    return f"{case.name}_{first:%Y%m%dT%H%M%SZ}_{end:%Y%m%dT%H%M%SZ}_{short}.parquet"


def _archive(record: sa.Row[Any]) -> Archive:
    return Archive(
        run_key=record.run_key,
        as_of=record.as_of,
        rows_consumed=record.rows_consumed,
        rows=record.rows_archived,
        file=record.file,
        sha256=record.sha256,
        first_event=record.first_event,
        last_event=record.last_event,
        complete=record.state == _COMPLETE,
    )


def read_training_rows(
    engine: Engine, case: UseCase, as_of: datetime, span: timedelta | None, folder: StoredPath
) -> Rows:
    """Return the training rows as of a moment; see `ProductionStore.training_rows`."""
    live = [*known(case, as_of), counts_as_labelled(case, as_of), ~in_complete_archive()]
    start = None if span is None else as_of - span
    if start is not None:
        live.append(production_rows.c.event_time >= start)
    with consistent_read(engine) as connection:
        parts = [read_rows(connection, case, as_of, live)]
        archives = complete_archives(connection, case)
        changed = corrections(connection, case, as_of)
    parts += [
        read_archive(folder / archive.file, archive.sha256, case)
        for archive in archives
        if archive.file is not None
        and (start is None or archive.last_event is None or archive.last_event >= start)
    ]
    known_then = _in_order(corrected(together(parts), changed)).as_of(as_of)
    with consistent_read(engine) as connection:
        known_then = weighted(connection, case, known_then, as_of)
    rows = with_controls(matured(known_then, case.labels, as_of)).labelled
    if start is not None:
        rows = rows.take(rows.event_time >= moment64(start))
    return rows


def _in_order(rows: Rows) -> Rows:
    """Return rows in order of event time."""
    return rows.take(np.lexsort((rows.row_id, rows.event_time)))
