"""Writing rows, scores and labels into the store: each once, nothing overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import sqlalchemy as sa

from monitoring.errors import InputError
from monitoring.rows.quarantine import (
    Fault,
    QuarantinedRow,
    QuarantineReason,
    from_the_future,
    is_usable_time,
    quarantine_unusable,
    quarantine_values,
)
from monitoring.rows.rows import NEGATIVE, NO_TIME, POSITIVE, Role, moment64
from monitoring.rows.window import utc
from monitoring.store.database import batches, insert_new
from monitoring.store.row_formats import features_to_json
from monitoring.store.schema import (
    label_conflicts,
    labels,
    production_rows,
    quarantined_rows,
    scores,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sqlalchemy.engine import Connection

    from monitoring.rows.rows import Rows
    from monitoring.use_case import UseCase

Record = Mapping[str, Any]


@dataclass(frozen=True)
class RowsAdded:
    """What became of the rows handed in: the three add up.

    Attributes
    ----------
    repeated
        Already there with the same event time, amount and features.
    quarantined
        Set aside with a reason: no later step could take them, or another row is there under the
        same id.
    """

    added: int
    repeated: int
    quarantined: int


@dataclass(frozen=True)
class ScoresAdded:
    """What became of the scores handed in: the three add up.

    Attributes
    ----------
    repeated
        The row has a score by this version and role already; the first one stays.
    quarantined
        Not within 0 to 1, or without a time.
    """

    added: int
    repeated: int
    quarantined: int = 0


@dataclass(frozen=True)
class LabelsAdded:
    """What became of the labels handed in: all but `unknown` add up.

    Attributes
    ----------
    conflicting
        Contradict the label that is stored; saved apart, and counted.
    corrected
        The same where the newest label wins: they take the place of the one before.
    unknown
        Accepted labels whose row is not stored yet; valid once it comes.
    quarantined
        Neither `POSITIVE` nor `NEGATIVE`, without a time, or from the future.
    """

    added: int
    repeated: int
    conflicting: int
    unknown: int
    quarantined: int = 0
    corrected: int = 0


def add_rows(connection: Connection, use_case: str, rows: Rows) -> RowsAdded:
    """Add rows by their ids; those that no later step can take are set aside.

    Raises
    ------
    InputError
        None of the rows has a time.
    """
    seen_at = _seen_at("rows", rows.arrival_time, rows.event_time)
    usable, unusable = quarantine_unusable(rows)
    insert_new(
        connection,
        quarantined_rows,
        [_quarantine_record(use_case, row, seen_at[row.row_number]) for row in unusable],
    )
    added, others = _insert_firsts(connection, production_rows, _row_records(use_case, usable))
    columns = ("event_time", "amount", "features")
    there = _stored(connection, production_rows, use_case, others, columns)
    reused = [r for r in others if there[r["row_id"]] != tuple(r[column] for column in columns)]
    insert_new(connection, quarantined_rows, [_reused(record) for record in reused])
    return RowsAdded(added, len(others) - len(reused), len(reused) + len(unusable))


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
    usable = _set_aside(connection, use_case, "scores", [outside], row_id, scored_at)
    by_class: Sequence[str | None] = given.probabilities or [None] * len(row_id)
    columns = zip(
        row_id[usable].tolist(),
        score[usable].tolist(),
        given.alarmed[usable].tolist(),
        moments(scored_at[usable]),
        [by_class[place] for place in np.flatnonzero(usable).tolist()],
        strict=True,
    )
    records = [
        {
            "use_case": use_case,
            "row_id": row,
            "role": role.value,
            "model_version": model_version,
            "score": value,
            "alarmed": alarm,
            "scored_at": time,
            "probabilities": probabilities,
        }
        for row, value, alarm, time, probabilities in columns
    ]
    added = len(insert_new(connection, scores, records))
    return ScoresAdded(added, len(records) - added, len(row_id) - len(records))


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
    usable = _set_aside(connection, use_case, "labels", faults, row_id, label_time, received_at)
    names: Sequence[str | None] = true_class or [None] * len(row_id)
    columns = zip(
        row_id[usable].tolist(),
        label[usable].tolist(),
        moments(label_time[usable]),
        [names[place] for place in np.flatnonzero(usable).tolist()],
        strict=True,
    )
    records: list[Record] = [
        {
            "use_case": use_case,
            "row_id": row,
            "label": value,
            "label_time": time,
            "true_class": name,
        }
        for row, value, time, name in columns
    ]
    added, others = _insert_firsts(connection, labels, records)
    apart = _unlike_the_first(connection, case, others)
    insert_new(connection, label_conflicts, apart)
    rows_there = _stored(connection, production_rows, use_case, records, ())
    return LabelsAdded(
        added,
        repeated=len(others) - len(apart),
        conflicting=0 if case.labels.newest_wins else len(apart),
        unknown=sum(record["row_id"] not in rows_there for record in records),
        quarantined=len(row_id) - len(records),
        corrected=len(apart) if case.labels.newest_wins else 0,
    )


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
    return len(insert_new(connection, quarantined_rows, records))


def moments(times: NDArray[np.datetime64]) -> list[datetime | None]:
    """Return numpy's UTC times as zoned moments; None for NaT."""
    plain = times.astype("datetime64[us]").tolist()
    return [None if time is None else time.replace(tzinfo=UTC) for time in plain]


def _row_records(use_case: str, rows: Rows) -> list[Record]:
    amounts = [None] * len(rows) if rows.amount is None else rows.amount.tolist()
    columns = zip(
        rows.row_id.tolist(),
        moments(rows.event_time),
        moments(rows.arrival_time),
        amounts,
        features_to_json(rows.features),
        strict=True,
    )
    return [
        {
            "use_case": use_case,
            "row_id": row_id,
            "event_time": event,
            "arrival_time": arrival,
            "amount": None if amount is None or np.isnan(amount) else amount,
            "features": features,
        }
        for row_id, event, arrival, amount, features in columns
    ]


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


def _reused(record: Record) -> Record:
    """Return the record of a row set aside since another one has its id."""
    row = QuarantinedRow(
        record["row_id"],
        row_number=0,
        reason=QuarantineReason.REUSED_ID,
        detail=f"event time {record['event_time'].isoformat()}, amount {record['amount']}: "
        "another row came earlier under this id",
        payload=record["features"],
    )
    return _quarantine_record(record["use_case"], row, record["arrival_time"])


def _set_aside(
    connection: Connection,
    use_case: str,
    what: str,
    faults: Sequence[Fault],
    row_id: NDArray[np.str_],
    times: NDArray[np.datetime64],
    received_at: datetime | None = None,
) -> NDArray[np.bool_]:
    """Quarantine the scores or labels that can't be taken; return which ones can."""
    usable, unusable = quarantine_values(faults, row_id=row_id, times=times)
    seen_at = _seen_at(what, times) if received_at is None else [utc(received_at)] * len(row_id)
    records = [_quarantine_record(use_case, row, seen_at[row.row_number]) for row in unusable]
    insert_new(connection, quarantined_rows, records)
    return usable


def _seen_at(what: str, *columns: NDArray[np.datetime64]) -> list[datetime]:
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
    return [time for time in moments(seen) if time is not None]


def _insert_firsts(
    connection: Connection, table: sa.Table, records: Sequence[Record]
) -> tuple[int, list[Record]]:
    """Insert by row id; return how many went in, and the records that did not."""
    firsts: dict[str, Record] = {}
    others = []
    for record in records:
        if firsts.setdefault(record["row_id"], record) is not record:
            others.append(record)
    added = set(insert_new(connection, table, list(firsts.values())))
    others += [record for row_id, record in firsts.items() if row_id not in added]
    return len(added), others


def _stored(
    connection: Connection,
    table: sa.Table,
    use_case: str,
    records: Iterable[Record],
    columns: Sequence[str],
) -> dict[str, tuple[Any, ...]]:
    """Return what the table holds in `columns` for the rows of these records, by row id."""
    ids = sorted({record["row_id"] for record in records})
    stored: dict[str, tuple[Any, ...]] = {}
    for some in batches(ids):
        statement = sa.select(table.c.row_id, *(table.c[column] for column in columns)).where(
            table.c.use_case == use_case, table.c.row_id.in_(some)
        )
        stored |= {row[0]: tuple(row[1:]) for row in connection.execute(statement)}
    return stored
