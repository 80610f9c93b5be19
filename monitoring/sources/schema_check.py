"""Schema check: rows against the use case's declarations; every row is accounted for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.key_history import history_inputs
from monitoring.rows.parsing import parse_words
from monitoring.rows.quarantine import (
    LARGEST_AMOUNT,
    QuarantinedRow,
    QuarantineReason,
    is_usable_id,
    row_payload,
)
from monitoring.rows.rows import NO_TIME, UNLABELLED, Rows, moment64
from monitoring.sources.derived import Known, derived_columns, file_columns
from monitoring.sources.source_csv import MalformedRow
from monitoring.sources.source_rows import numbered
from monitoring.sources.typed_columns import (
    ClockChanges,
    Defect,
    SchemaError,
    TypedColumns,
    declared_columns,
    resolved_columns,
    typed_columns,
)
from monitoring.use_case import UseCase
from monitoring.use_case_columns import Features, Target

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from pandera.pandas import DataFrameSchema

    from monitoring.rows.key_history import StoredHistory


@dataclass(frozen=True, eq=False)
class CheckedRows:
    """Every row of a file: accepted, in order of event time, or quarantined, in file order.

    Attributes
    ----------
    row_number
        Where each accepted row stands in the file, counted from 0.
    equal_content
        Rows that equal an earlier one in every declared column but the id; only counted.
    out_of_order
        Accepted rows that stand after a later one in the file; they were sorted.
    source_hash
        SHA-256 of the source's content, in hex, whether or not it is compressed.
    target
        The use case's target with the negative value that these rows were read by: batches that
        come later are read by the same one.
    clock_changes
        Event times without a zone that fell into the change of a clock.
    synthetic
        Whether the rows are generated, not real.
    sample
        Whether they are the small sample that comes with the use case.
    dealt
        Whether they were dealt out at random over their times, for a demonstration.
    """

    rows: Rows
    row_number: NDArray[np.int64]
    quarantined: tuple[QuarantinedRow, ...]
    equal_content: int
    out_of_order: int
    source_hash: str
    target: Target
    clock_changes: ClockChanges = field(default_factory=ClockChanges)
    synthetic: bool = False
    sample: bool = False
    dealt: bool = False


def check(
    frame: pd.DataFrame,
    case: UseCase,
    *,
    source_hash: str,
    first_row: int = 0,
    malformed: Sequence[MalformedRow] = (),
    called: Callable[[NDArray[np.int64]], list[str]] | None = None,
    arrival: datetime | None = None,
    stored: StoredHistory | None = None,
) -> CheckedRows:
    """Check the rows of a file, or of a batch, against what the use case declares.

    A fault of a row sets that row aside; a fault of a column, or of the whole, is an error. Every
    row comes back, accepted or quarantined.

    Parameters
    ----------
    frame
        The rows as they came, in the file's own columns; others than the declared are ignored.
    source_hash
        SHA-256 of where they came from, in hex.
    first_row
        Number of the first row, where `frame` is a later part of its source.
    malformed
        Rows of the source that could not be put into `frame`; the others have the numbers that
        these leave free.
    called
        Ids for rows by their numbers, where the use case has no column of ids; `<first 12 of
        source_hash>-<row number>` if unset.
    arrival
        When a batch of production rows arrived, its labels with it; it may come without the
        target's column. None for history: a row arrived when it happened, and its label after
        the use case's delay.
    stored
        Where the rows before these are known, for history features; these alone if unset.

    Raises
    ------
    SchemaError
        There is no row, a declared column is not there or there twice, or more than a tenth of a
        column is not of its type.
    TypeError
        The use case's columns are not resolved yet.
    """
    features, target = resolved_columns(case)
    if len(frame) + len(malformed) == 0:
        msg = "no rows: the file is empty or has only a header"
        raise SchemaError(msg)
    row_number = _row_numbers(len(frame), malformed, first_row)
    typed = typed_columns(frame, case, row_number, target_required=arrival is None)
    called = numbered(source_hash) if called is None else called
    ids = _ids(typed, called(row_number))
    defects = [*typed.defects, *broken_declarations(typed.content, case)]
    readable = _first_defects(len(frame), defects) < 0
    derived, broken = _derived(typed, case, ids, readable, stored)
    defects += broken
    blame = _first_defects(len(frame), defects)
    if typed.ids is not None:
        again = _repeated(ids, blame < 0)
        blame[again] = len(defects)
        defects = [*defects, Defect(QuarantineReason.DUPLICATE_ID, str(case.columns.id), again)]

    accepted = np.flatnonzero(blame < 0)
    order = accepted[np.argsort(typed.event_time[accepted], kind="stable")]
    content = typed.content.assign(**derived)
    rows = _rows(typed, content, case, features, ids, arrival).take(order)
    aside = malformed_rows(malformed, called)
    aside += _set_aside(frame, case, ids, row_number, derived, defects, blame)
    return CheckedRows(
        rows=rows,
        row_number=row_number[order],
        quarantined=tuple(sorted(aside, key=lambda row: row.row_number)),
        equal_content=int(typed.content.duplicated().sum()),
        out_of_order=_out_of_order(typed.event_time[accepted]),
        source_hash=source_hash,
        target=_with_negative(target, typed.negative),
        clock_changes=typed.clock_changes,
    )


def _derived(
    typed: TypedColumns,
    case: UseCase,
    ids: NDArray[np.str_],
    usable: NDArray[np.bool_],
    stored: StoredHistory | None,
) -> tuple[pd.DataFrame, list[Defect]]:
    """Return the derived columns, and which rows hold values there that they may not."""
    import pandas as pd

    if not case.derive:
        return pd.DataFrame(index=typed.content.index), []
    given = _by_name(typed.content)
    while True:
        known = Known(ids, typed.event_time, usable, stored)
        derived = pd.DataFrame(derived_columns(case, given, known), index=typed.content.index)
        defects = broken_declarations(derived, case)
        broken = usable & (_first_defects(len(derived), defects) >= 0)
        if not case.history or not broken.any():
            return derived, defects
        usable = usable & ~broken  # a row that is set aside is in nobody's history


def _by_name(content: pd.DataFrame) -> dict[str, pd.Series]:
    return {str(name): content[name] for name in content}


def numbered_ids(
    frame: pd.DataFrame,
    id_column: str | None,
    *,
    source_hash: str,
    first_row: int,
    malformed: Sequence[MalformedRow] = (),
) -> tuple[NDArray[np.int64], NDArray[np.str_]]:
    """Return the number and the id of each row of a frame, as `check` numbers and calls them.

    Parameters
    ----------
    id_column
        The column that names rows, if there is one.
    """
    row_number = _row_numbers(len(frame), malformed, first_row)
    ids = np.array(numbered(source_hash)(row_number), object)
    if id_column is not None and id_column in frame.columns:
        words = parse_words(frame[id_column]).to_numpy(dtype=object, na_value=None)
        named = np.array([word is not None and is_usable_id(word) for word in words], np.bool_)
        ids[named] = words[named]
    return row_number, ids.astype(np.str_)


def _with_negative(target: Target, found: str | None) -> Target:
    """Return the target with its negative value: the declared one, else the one found."""
    if target.negative is not None:
        return target
    return target.model_copy(update={"negative": found})


def _row_numbers(rows: int, malformed: Sequence[MalformedRow], first_row: int) -> NDArray[np.int64]:
    """Return the numbers of the frame's rows: those that the malformed ones leave free."""
    numbers = np.arange(first_row, first_row + rows + len(malformed))
    return np.setdiff1d(numbers, [row.row_number for row in malformed], assume_unique=True)


def _ids(typed: TypedColumns, generated: list[str]) -> NDArray[np.str_]:
    """Return each row's id; a missing one is generated."""
    if typed.ids is None:
        return np.array(generated, np.str_)
    named = zip(typed.ids, generated, strict=True)
    return np.array([other if word is None else word for word, other in named], np.str_)


def _first_defects(rows: int, defects: list[Defect]) -> NDArray[np.int64]:
    """Return, for each row, which defect it is set aside for; -1 for none."""
    severity = list(QuarantineReason)
    blame = np.full(rows, -1, np.int64)
    for index in sorted(range(len(defects)), key=lambda i: severity.index(defects[i].reason)):
        blame[(blame < 0) & defects[index].where] = index
    return blame


def _repeated(ids: NDArray[np.str_], accepted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which accepted rows have the id of an earlier accepted one."""
    import pandas as pd

    again = np.zeros(len(ids), np.bool_)
    again[accepted] = pd.Series(ids[accepted].astype(object)).duplicated().to_numpy()
    return again


def _rows(
    typed: TypedColumns,
    content: pd.DataFrame,
    case: UseCase,
    features: Features,
    ids: NDArray[np.str_],
    arrival: datetime | None,
) -> Rows:
    import pandas as pd

    labelled = typed.label != UNLABELLED
    if arrival is None:
        arrival_time = typed.event_time
        due = typed.event_time + np.timedelta64(case.labels.delay)
    else:
        arrival_time = due = np.full(len(ids), moment64(arrival))
    columns = {name: content[name].array for name in features.names}
    amount = None if case.columns.amount is None else content[case.columns.amount].to_numpy()
    return Rows(
        features=pd.DataFrame(columns, columns=list(features.names)),
        row_id=ids,
        event_time=typed.event_time,
        arrival_time=arrival_time,
        label=typed.label,
        label_time=np.where(labelled, due, NO_TIME),
        amount=amount,
        true_class=typed.true_class,
        inputs=history_inputs(case, _by_name(content)),
    )


def _out_of_order(event_time: NDArray[np.datetime64]) -> int:
    if event_time.size == 0:
        return 0
    return int((event_time < np.maximum.accumulate(event_time)).sum())


def malformed_rows(
    rows: Sequence[MalformedRow], called: Callable[[NDArray[np.int64]], list[str]]
) -> list[QuarantinedRow]:
    """Return what could not be put into columns as it is set aside."""
    ids = called(np.array([row.row_number for row in rows], np.int64))
    return [
        QuarantinedRow(
            row_id=row_id,
            row_number=row.row_number,
            reason=row.reason,
            detail=row.detail,
            payload=row.text,
        )
        for row, row_id in zip(rows, ids, strict=True)
    ]


def _set_aside(
    frame: pd.DataFrame,
    case: UseCase,
    ids: NDArray[np.str_],
    row_number: NDArray[np.int64],
    derived: pd.DataFrame,
    defects: list[Defect],
    blame: NDArray[np.int64],
) -> list[QuarantinedRow]:
    where = np.flatnonzero(blame >= 0)
    declared = [name for name in declared_columns(case) if name in frame.columns]
    records = frame[declared].iloc[where].to_dict(orient="records")
    return [
        QuarantinedRow(
            row_id=str(ids[row]),
            row_number=int(row_number[row]),
            reason=defects[blame[row]].reason,
            detail=_detail(defects[blame[row]], record, derived, row),
            payload=row_payload(record),
        )
        for row, record in zip(where.tolist(), records, strict=True)
    ]


def _detail(defect: Defect, record: dict[Any, Any], derived: pd.DataFrame, row: int) -> str:
    name = defect.column
    value = record[name] if name in record else derived[name].iloc[row]
    shown = repr(value) if isinstance(value, str) else str(value)
    return f"{defect.column}: {shown[:80]}"


def declarations(case: UseCase, names: Collection[str]) -> DataFrameSchema:
    """Return what numbers of these names must be: finite, and money from 0 to 1e12."""
    from pandera.pandas import Check, Column, DataFrameSchema

    finite = Check(_is_finite, error=QuarantineReason.INFINITE_NUMBER)
    features, _ = resolved_columns(case)
    amount = case.columns.amount
    numeric = dict.fromkeys((*features.numeric, *file_columns(case)[0]))
    columns = {name: Column(float, finite, nullable=True) for name in numeric if name in names}
    if amount is not None and amount in names:
        positive = Check.ge(0, error=QuarantineReason.NEGATIVE_AMOUNT)
        usual = Check.le(LARGEST_AMOUNT, error=QuarantineReason.AMOUNT_OUT_OF_RANGE)
        columns[amount] = Column(float, [finite, positive, usual], nullable=True)
    return DataFrameSchema(columns)


def broken_declarations(content: pd.DataFrame, case: UseCase) -> list[Defect]:
    """Return which rows hold values that the use case's columns may not."""
    from pandera.errors import SchemaErrors

    schema = declarations(case, content.columns)
    if not schema.columns:
        return []
    try:
        schema.validate(content, lazy=True)
    except SchemaErrors as error:
        return _defects(error.failure_cases, len(content))
    return []


def _is_finite(values: pd.Series) -> pd.Series:
    finite: pd.Series = ~np.isinf(values)
    return finite


def _defects(failures: pd.DataFrame, rows: int) -> list[Defect]:
    defects = []
    for (reason, column), cases in failures.groupby(["check", "column"], sort=True):
        where = np.zeros(rows, np.bool_)
        where[cases["index"].to_numpy(np.int64)] = True
        defects.append(Defect(QuarantineReason(str(reason)), str(column), where))
    return defects
