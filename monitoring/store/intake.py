"""Writing rows, scores and labels into the store: each once, nothing overwritten."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from monitoring.errors import InputError
from monitoring.rows.key_history import first_of_each
from monitoring.rows.quarantine import (
    Fault,
    QuarantinedRow,
    QuarantineReason,
    from_the_future,
    is_usable_time,
    quarantine_unusable,
    quarantine_values,
    row_payload,
)
from monitoring.rows.rows import NEGATIVE, NO_TIME, POSITIVE, Role, moment64, moment_of
from monitoring.store.added import Aside, LabelsAdded, RowsAdded, ScoresAdded
from monitoring.store.block_reading import same_as_stored
from monitoring.store.bulk_columns import Columns, count_of, in_order_of_ids, taken
from monitoring.store.bulk_insert import as_new, insert_all, insert_new, new_blocks, there
from monitoring.store.database import ids_in, insert, insert_records
from monitoring.store.key_history import insert_history
from monitoring.store.row_blocks import Layout, packed
from monitoring.store.schema import (
    label_conflicts,
    labels,
    production_rows,
    quarantined_rows,
    row_blocks,
    row_layouts,
    scores,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

    from monitoring.rows.rows import Rows
    from monitoring.use_case import UseCase

Record = Mapping[str, Any]


def add_rows(
    connection: Connection, case: UseCase, rows: Rows, *, checked: bool = False
) -> RowsAdded:
    """Add rows by their ids; those that no later step can take are set aside.

    Parameters
    ----------
    checked
        Whether `quarantine_unusable` let all of them through before.

    Raises
    ------
    InputError
        None of the rows has a time.
    """
    use_case = case.name
    usable, aside = rows, []
    if not checked:
        usable, unusable = quarantine_unusable(rows)
        if unusable:
            seen_at = _seen_at("rows", rows.arrival_time, rows.event_time)
            aside = _quarantine_records(use_case, unusable, seen_at)
    first = first_of_each(usable.row_id)
    added = _insert_blocks(connection, case, usable.take(first) if not first.all() else usable)
    others = ~first
    others[np.flatnonzero(first)[~added]] = True
    repeated = 0
    if others.any():
        again = usable.take(others)
        reused = again.take(~same_as_stored(connection, use_case, again, case.made_of_history))
        aside += _reused(use_case, reused)
        repeated = len(again) - len(reused)
    return RowsAdded(int(added.sum()), repeated, len(aside), _put_aside(connection, aside))


def _put_aside(connection: Connection, records: Sequence[Record]) -> Aside:
    new = insert_records(connection, quarantined_rows, records)
    return Aside(Counter(record["reason"] for record in records), new)


def _insert_blocks(connection: Connection, case: UseCase, rows: Rows) -> NDArray[np.bool_]:
    """Insert the rows whose ids are not there, packed into blocks; return which ones."""
    key: Columns = {"use_case": case.name, "row_id": rows.row_id}

    def insert(new: NDArray[np.bool_]) -> None:
        ordered = _in_order_of_time(rows if new.all() else rows.take(new))
        insert_blocks(connection, case.name, ordered)
        insert_history(connection, case, ordered)

    return as_new(connection, production_rows, key, insert)


def _in_order_of_time(rows: Rows) -> Rows:
    """Return rows in order of event time, then of id."""
    if (rows.event_time[1:] > rows.event_time[:-1]).all():
        return rows
    order = np.lexsort((rows.row_id, rows.event_time))
    return rows if (order[1:] > order[:-1]).all() else rows.take(order)


def insert_blocks(connection: Connection, use_case: str, rows: Rows) -> None:
    """Insert rows that are in order of event time.

    Raises
    ------
    IntegrityError
        The id of one of them is there.
    """
    layout = Layout.of(rows.features)
    known = {"id": layout.id, "columns": layout.as_json}
    connection.execute(insert(connection, row_layouts).on_conflict_do_nothing(), known)
    blocks = packed(rows, layout)
    numbers = new_blocks(connection, len(blocks.rows))
    content: Columns = {
        "id": numbers,
        "use_case": use_case,
        "first_event": blocks.first_event,
        "last_event": blocks.last_event,
        "rows": blocks.rows,
        "layout": layout.id,
        "words": blocks.words,
        "ids": blocks.ids,
        "facts": blocks.facts,
        "features": blocks.features,
    }
    insert_all(connection, row_blocks, content)
    before = np.cumsum(blocks.rows) - blocks.rows
    columns: Columns = {
        "use_case": use_case,
        "row_id": rows.row_id,
        "event_time": rows.event_time,
        "arrival_time": rows.arrival_time,
        "block": np.repeat(numbers, blocks.rows),
        "place": np.arange(len(rows)) - np.repeat(before, blocks.rows),
    }
    insert_all(connection, production_rows, in_order_of_ids(columns))


@dataclass(frozen=True, eq=False)
class GivenScores:
    """Scores of rows by one model, each array as long as the others.

    Attributes
    ----------
    alarmed
        The decision: score >= threshold.
    probabilities
        Of each class, as JSON by name; None where the target has two values.
    """

    row_id: NDArray[np.str_]
    score: NDArray[np.float64]
    alarmed: NDArray[np.bool_]
    scored_at: NDArray[np.datetime64]
    probabilities: Sequence[str] | None = None


def add_scores(
    connection: Connection, use_case: str, given: GivenScores, *, model_version: str, role: Role
) -> ScoresAdded:
    """Add scores by row, version and role; those that can't be taken are set aside.

    Raises
    ------
    InputError
        None of the scores has a time.
    """
    row_id, score, scored_at = given.row_id, given.score, given.scored_at
    outside = Fault(
        QuarantineReason.SCORE_OUT_OF_RANGE, "score", score, ~((score >= 0) & (score <= 1))
    )
    usable, aside = _set_aside(connection, use_case, "scores", [outside], row_id, scored_at)
    count = len(row_id)
    columns: Columns = {
        "use_case": use_case,
        "row_id": row_id,
        "role": role.value,
        "model_version": model_version,
        "score": score,
        "alarmed": given.alarmed,
        "scored_at": scored_at,
        "probabilities": given.probabilities,
    }
    firsts = taken(columns, first_of_each(row_id, usable))
    added = int(insert_new(connection, scores, firsts).sum())
    taken_up = int(usable.sum())
    return ScoresAdded(added, taken_up - added, count - taken_up, aside)


def add_labels(
    connection: Connection,
    case: UseCase,
    row_id: NDArray[np.str_],
    label: NDArray[np.int8],
    label_time: NDArray[np.datetime64],
    true_class: Sequence[str] | None = None,
    *,
    received_at: datetime | None,
) -> LabelsAdded:
    """Add labels by row; those that can't be taken are set aside.

    The first one of a row stays, or, where the use case says so, the newest wins. Either way all
    that say something else are saved apart.

    Parameters
    ----------
    true_class
        Names of the classes that `label` was made of; None where the target has two values.

    Raises
    ------
    InputError
        None of the labels has a time.
    """
    use_case = case.name
    neither = ~np.isin(label, (NEGATIVE, POSITIVE))
    told = label if true_class is None else np.asarray(true_class, object)
    faults = [Fault(QuarantineReason.UNKNOWN_LABEL, "label", told, neither)]
    if received_at is not None:
        faults.append(from_the_future("label time", label_time, moment64(received_at)))
    usable, aside = _set_aside(
        connection, use_case, "labels", faults, row_id, label_time, received_at
    )
    columns: Columns = {
        "use_case": use_case,
        "row_id": row_id,
        "label": label.astype(np.int8),
        "label_time": label_time,
        "true_class": true_class,
    }
    first = first_of_each(row_id, usable)
    others = usable & ~first
    others[np.flatnonzero(first)[~insert_new(connection, labels, taken(columns, first))]] = True
    again = _records(taken(columns, others))
    apart = _unlike_the_first(connection, case, again)
    new = insert_records(connection, label_conflicts, apart)
    return LabelsAdded(
        int((usable & ~others).sum()),
        repeated=len(again) - len(apart),
        conflicting=0 if case.labels.newest_wins else len(apart),
        unknown=_without_row(connection, use_case, row_id[usable]),
        quarantined=int((~usable).sum()),
        corrected=len(apart) if case.labels.newest_wins else 0,
        aside=Aside(aside.reasons, aside.new + new),
    )


def _without_row(connection: Connection, use_case: str, row_id: NDArray[np.str_]) -> int:
    """Return how many of these ids have no row."""
    ids = list(dict.fromkeys(row_id.tolist()))
    found = sa.select(sa.func.count()).select_from(production_rows)
    mine = (
        production_rows.c.use_case == use_case,
        ids_in(connection, production_rows.c.row_id, ids),
    )
    if connection.execute(found.where(*mine)).scalar_one() == len(ids):
        return 0
    key: Columns = {"use_case": use_case, "row_id": row_id}
    return int((~there(connection, production_rows, key)).sum())


_TOLD_BY = ("label", "true_class")


def _unlike_the_first(
    connection: Connection, case: UseCase, others: Sequence[Record]
) -> list[Record]:
    """Return the labels that contradict the first of their row.

    Where the newest wins, one that goes back to the first is among them.
    """
    first = _stored(connection, labels, case.name, others, (*_TOLD_BY, "label_time"))

    def contradicts(record: Record) -> bool:
        return first[record["row_id"]][:2] != tuple(record[column] for column in _TOLD_BY)

    against = [record for record in others if contradicts(record)]
    if not case.labels.newest_wins:
        return against
    changed = {record["row_id"] for record in against}
    changed |= _stored(connection, label_conflicts, case.name, others, ()).keys()
    back = [
        record
        for record in others
        if record["row_id"] in changed
        and not contradicts(record)
        and first[record["row_id"]][2] != record["label_time"]
    ]
    return against + back


def add_quarantined(
    connection: Connection, use_case: str, rows: Sequence[QuarantinedRow], seen_at: datetime
) -> int:
    """Save rows that a check set aside; return how many were not stored yet."""
    records = [_quarantine_record(use_case, row, seen_at) for row in rows]
    return insert_records(connection, quarantined_rows, records)


def moments(times: NDArray[np.datetime64]) -> list[datetime | None]:
    """Return numpy's UTC times as zoned moments; None for NaT."""
    plain = times.astype("datetime64[us]").tolist()
    return [None if time is None else time.replace(tzinfo=UTC) for time in plain]


def _records(columns: Columns) -> list[Record]:
    """Return columns as a record each."""
    count = count_of(columns)
    lists = [
        [values] * count
        if values is None or isinstance(values, str)
        else moments(np.asarray(values))
        if name.endswith("_time")
        else np.asarray(values, object).tolist()
        for name, values in columns.items()
    ]
    return [dict(zip(columns, record, strict=True)) for record in zip(*lists, strict=True)]


def _quarantine_records(
    use_case: str, rows: Sequence[QuarantinedRow], seen_at: NDArray[np.datetime64]
) -> list[Record]:
    return [_quarantine_record(use_case, row, moment_of(seen_at[row.row_number])) for row in rows]


def _quarantine_record(use_case: str, row: QuarantinedRow, seen_at: datetime) -> Record:
    """Return the record of a row set aside; its key is the same each time the row is tried."""
    content = "\n".join((row.row_id, str(row.row_number), row.reason, row.detail, row.payload))
    return {
        "use_case": use_case,
        "key": hashlib.sha256(content.encode()).hexdigest(),
        "row_id": row.row_id,
        "reason": str(row.reason),
        "detail": row.detail,
        "payload": row.payload,
        "seen_at": seen_at,
    }


def _reused(use_case: str, rows: Rows) -> list[Record]:
    """Return the records of rows set aside since others have their ids."""
    amounts = [None] * len(rows) if rows.amount is None else rows.amount.tolist()
    records = []
    for place, (row_id, amount) in enumerate(zip(rows.row_id.tolist(), amounts, strict=True)):
        told = None if amount is None or np.isnan(amount) else amount
        row = QuarantinedRow(
            row_id,
            row_number=0,
            reason=QuarantineReason.REUSED_ID,
            detail=f"event time {moment_of(rows.event_time[place]).isoformat()}, amount {told}: "
            "another row came earlier under this id",
            payload=row_payload({name: rows.features[name].iloc[place] for name in rows.features}),
        )
        records.append(_quarantine_record(use_case, row, moment_of(rows.arrival_time[place])))
    return records


def _set_aside(
    connection: Connection,
    use_case: str,
    what: str,
    faults: Sequence[Fault],
    row_id: NDArray[np.str_],
    times: NDArray[np.datetime64],
    received_at: datetime | None = None,
) -> tuple[NDArray[np.bool_], Aside]:
    """Quarantine the scores or labels that can't be taken; return which ones can."""
    usable, unusable = quarantine_values(faults, row_id=row_id, times=times)
    seen_at = _seen_at(what, times)
    if received_at is not None:
        seen_at = np.full(len(row_id), moment64(received_at))
    return usable, _put_aside(connection, _quarantine_records(use_case, unusable, seen_at))


def _seen_at(what: str, *columns: NDArray[np.datetime64]) -> NDArray[np.datetime64]:
    """Return when each was seen: the first of its times that can be used, else the latest of all.

    Raises
    ------
    InputError
        None of them has a time.
    """
    seen = np.full(len(columns[0]), NO_TIME)
    for times in columns:
        fills = np.isnat(seen) & is_usable_time(times)
        seen[fills] = times[fills]
    lacking = np.isnat(seen)
    if seen.size and lacking.all():
        msg = f"none of the {seen.size} {what} has a time between the years 1900 and 2199"
        raise InputError(msg)
    if lacking.any():
        seen[lacking] = seen[~lacking].max()
    return seen


def _stored(
    connection: Connection,
    table: sa.Table,
    use_case: str,
    records: Iterable[Record],
    columns: Sequence[str],
) -> dict[str, tuple[Any, ...]]:
    """Return what the table holds in `columns` for the rows of these records, by row id."""
    ids = sorted({record["row_id"] for record in records})
    statement = sa.select(table.c.row_id, *(table.c[column] for column in columns)).where(
        table.c.use_case == use_case, ids_in(connection, table.c.row_id, ids)
    )
    return {row[0]: tuple(row[1:]) for row in connection.execute(statement)}
