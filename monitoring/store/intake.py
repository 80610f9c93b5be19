"""Intake: rows, scores and labels come in, each once, and nothing is overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import sqlalchemy as sa

from monitoring.errors import InputError
from monitoring.rows.rows import NEGATIVE, POSITIVE, Role
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

REUSED_ID = "id used again"
"""Reason of a row that came under the id of another one."""

Record = Mapping[str, Any]


class SetAside(Protocol):
    """A row that a check set aside."""

    @property
    def row_id(self) -> str:
        """Its id, or where it stood if it has none."""

    @property
    def row_number(self) -> int:
        """Its place in what it came with."""

    @property
    def reason(self) -> str:
        """Short, and the same for all rows with the same fault: it is counted by."""

    @property
    def detail(self) -> str:
        """What was wrong with this one."""

    @property
    def payload(self) -> str:
        """The row as it came."""


@dataclass(frozen=True)
class _Reused:
    row_id: str
    detail: str
    payload: str
    row_number: int = 0
    reason: str = REUSED_ID


@dataclass(frozen=True)
class RowsAdded:
    """What became of the rows handed in: the three add up.

    Attributes
    ----------
    repeated
        Already there with the same event time, amount and features.
    quarantined
        Another row is there under the same id; set aside with the reason `REUSED_ID`.
    """

    added: int
    repeated: int
    quarantined: int


@dataclass(frozen=True)
class ScoresAdded:
    """What became of the scores handed in; the first of a row, version and role stays."""

    added: int
    repeated: int


@dataclass(frozen=True)
class LabelsAdded:
    """What became of the labels handed in: the first three add up.

    Attributes
    ----------
    conflicting
        Contradict the label that is there; kept apart, and counted.
    unknown
        Labels among all handed in whose row is not there; kept, and valid once it comes.
    """

    added: int
    repeated: int
    conflicting: int
    unknown: int


def add_rows(connection: Connection, use_case: str, rows: Rows) -> RowsAdded:
    """Add rows by their ids."""
    added, others = _insert_firsts(connection, production_rows, _row_records(use_case, rows))
    columns = ("event_time", "amount", "features")
    there = _stored(connection, production_rows, use_case, others, columns)
    reused = [r for r in others if there[r["row_id"]] != tuple(r[column] for column in columns)]
    insert_new(connection, quarantined_rows, [_reused(record) for record in reused])
    return RowsAdded(added, len(others) - len(reused), len(reused))


def add_scores(connection: Connection, records: Sequence[Record]) -> ScoresAdded:
    """Add scores by row, version and role."""
    added = len(insert_new(connection, scores, records))
    return ScoresAdded(added, len(records) - added)


def add_labels(connection: Connection, use_case: str, records: Sequence[Record]) -> LabelsAdded:
    """Add labels by row; the first one stays."""
    added, others = _insert_firsts(connection, labels, records)
    there = _stored(connection, labels, use_case, others, ("label",))
    against = [record for record in others if there[record["row_id"]] != (record["label"],)]
    insert_new(connection, label_conflicts, against)
    rows_there = _stored(connection, production_rows, use_case, records, ())
    unknown = sum(record["row_id"] not in rows_there for record in records)
    return LabelsAdded(added, len(others) - len(against), len(against), unknown)


def add_quarantined(
    connection: Connection, use_case: str, rows: Sequence[SetAside], seen_at: datetime
) -> int:
    """Keep rows that a check set aside; return how many were not there yet."""
    records = [_quarantine_record(use_case, row, seen_at) for row in rows]
    return len(insert_new(connection, quarantined_rows, records))


def score_records(
    use_case: str,
    row_id: Sequence[str] | NDArray[np.str_],
    score: NDArray[np.float64],
    *,
    alarmed: NDArray[np.bool_],
    model_version: str,
    role: str,
    scored_at: NDArray[np.datetime64],
) -> list[Record]:
    """Return one record a score.

    Raises
    ------
    InputError
        A score is not within 0 to 1, the role is no `Role`, or there is not one of each for
        each id.
    """
    wrong = np.flatnonzero(~((score >= 0) & (score <= 1)))
    if wrong.size:
        first = wrong[0]
        msg = (
            f"{wrong.size} of {len(score)} scores of model version {model_version} are not "
            f"within 0 to 1, the first is {score[first]} of row {row_id[first]}"
        )
        raise InputError(msg)
    name = Role(role).value
    columns = zip(row_id, score.tolist(), alarmed.tolist(), moments(scored_at), strict=True)
    return [
        {
            "use_case": use_case,
            "row_id": str(row),
            "role": name,
            "model_version": model_version,
            "score": value,
            "alarmed": alarm,
            "scored_at": time,
        }
        for row, value, alarm, time in columns
    ]


def label_records(
    use_case: str,
    row_id: Sequence[str] | NDArray[np.str_],
    label: Sequence[int] | NDArray[np.int8],
    label_time: NDArray[np.datetime64],
) -> list[Record]:
    """Return one record a label.

    Raises
    ------
    InputError
        A label is neither `POSITIVE` nor `NEGATIVE`, or has no time, or there is not one of each
        for each id.
    """
    records: list[Record] = [
        {"use_case": use_case, "row_id": str(row), "label": int(value), "label_time": time}
        for row, value, time in zip(row_id, label, moments(label_time), strict=True)
    ]
    for record in records:
        if record["label"] not in (NEGATIVE, POSITIVE) or record["label_time"] is None:
            msg = (
                f"row {record['row_id']}: label {record['label']} at {record['label_time']}: "
                f"a label is {NEGATIVE} or {POSITIVE} and has a time"
            )
            raise InputError(msg)
    return records


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


def _quarantine_record(use_case: str, row: SetAside, seen_at: datetime) -> Record:
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
    row = _Reused(
        record["row_id"],
        detail=f"event time {record['event_time'].isoformat()}, amount {record['amount']}: "
        "another row came earlier under this id",
        payload=record["features"],
    )
    return _quarantine_record(record["use_case"], row, record["arrival_time"])


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
    found: dict[str, tuple[Any, ...]] = {}
    for some in batches(ids):
        statement = sa.select(table.c.row_id, *(table.c[column] for column in columns)).where(
            table.c.use_case == use_case, table.c.row_id.in_(some)
        )
        found |= {row[0]: tuple(row[1:]) for row in connection.execute(statement)}
    return found
