"""The declared columns of a raw frame, parsed to their declared types."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import InputTypeError, TocsinError
from monitoring.rows.parsing import (
    ColumnTypeError,
    Times,
    parse_numbers,
    parse_times,
    parse_words,
)
from monitoring.rows.quarantine import QuarantineReason, is_usable_id
from monitoring.rows.rows import moment64
from monitoring.sources.derived import file_columns
from monitoring.sources.target_values import ParsedLabels, parse_target, without_labels
from monitoring.use_case import UseCase
from monitoring.use_case_columns import ArrivalOrder, EventTime, Features, Target
from monitoring.wording import several

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


EVENT_TIME, LABEL = "(event time)", "(label)"
"""Names in `TypedColumns.content` that no file's column should have."""

# Up to this share, or these few rows, it is the rows that are wrong; beyond, it is the column.
_STRAY_SHARE, _STRAY_ROWS = 0.1, 10


class SchemaError(TocsinError, ValueError):
    """A file, or a batch, as a whole is not what the use case declares."""


@dataclass(frozen=True, eq=False)
class Defect:
    """A fault that some rows have in one column.

    Attributes
    ----------
    where
        True for each row that has it.
    """

    reason: QuarantineReason
    column: str
    where: NDArray[np.bool_]


@dataclass(frozen=True)
class ClockChanges:
    """Times without a zone that fell into the change of a clock.

    Attributes
    ----------
    ambiguous
        Shown twice, as the clock was set back: the first of the two was taken.
    nonexistent
        Never shown, as it was set forward: the clock as it was before was taken.
    """

    ambiguous: int = 0
    nonexistent: int = 0


@dataclass(frozen=True, eq=False)
class TypedColumns:
    """Every declared column of the file, one value per row of the raw frame, in its order.

    Attributes
    ----------
    content
        Features, inputs, amount, label and event time: what a row says beside its id.
    event_time
        `datetime64[us]`, UTC; NaT where it could not be read.
    label
        int8, as in `Rows`.
    true_class
        int8, as in `Rows`; None where the target has two values.
    negative
        The target's negative value as the file spells it; None where no row has it.
    clock_changes
        Event times without a zone that fell into the change of a clock.
    ids
        None where the use case has no id column; an element is None where there is none to use.
    defects
        What could not be read.
    """

    content: pd.DataFrame
    event_time: NDArray[np.datetime64]
    label: NDArray[np.int8]
    true_class: NDArray[np.int8] | None
    negative: str | None
    ids: list[str | None] | None
    defects: tuple[Defect, ...]
    clock_changes: ClockChanges


def resolved_columns(case: UseCase) -> tuple[Features, Target]:
    """Return features and target of a use case whose columns are known.

    Raises
    ------
    InputTypeError
        They are still left to `auto`.
    """
    features, target = case.columns.features, case.columns.target
    if not isinstance(features, Features) or not isinstance(target, Target):
        msg = f"use case {case.name}: its columns are still `auto`: call `resolve` first"
        raise InputTypeError(msg)
    return features, target


def declared_columns(case: UseCase) -> tuple[str, ...]:
    """Return the file's columns that the use case names, each once, the target last."""
    columns = case.columns
    _, target = resolved_columns(case)
    names = [columns.event_time.name] if isinstance(columns.event_time, EventTime) else []
    names += [columns.id] if columns.id is not None else []
    names += [name for names in file_columns(case) for name in names]
    names += [columns.amount] if columns.amount is not None else []
    return tuple(dict.fromkeys(name for name in [*names, target.name] if name not in case.derive))


def typed_columns(
    frame: pd.DataFrame,
    case: UseCase,
    row_number: NDArray[np.int64],
    *,
    target_required: bool = True,
) -> TypedColumns:
    """Read every declared column of the file; what is derived comes later.

    Parameters
    ----------
    row_number
        Each row's place in its file; gives rows without event times their time.
    target_required
        Whether the target's column must be there; without it no row is labelled.

    Raises
    ------
    SchemaError
        A column is not there, there twice, or is of another type.
    InputTypeError
        The use case's columns are not resolved yet.
    """
    import pandas as pd

    _, target = resolved_columns(case)
    _require_columns(frame, case, optional=() if target_required else (target.name,))
    content, defects = _given(frame, case)
    times, time_defects = _event_times(frame, case, row_number)
    event_time = times.values
    labels, label_defects = _label(frame, target, history=target_required)
    if isinstance(case.columns.event_time, EventTime):
        content[EVENT_TIME] = event_time
    content[LABEL] = labels.label if labels.true_class is None else labels.true_class
    ids = None
    if case.columns.id is not None:
        ids, id_defects = _ids(frame, case.columns.id)
        defects += id_defects
    return TypedColumns(
        content=pd.DataFrame(content),
        event_time=event_time,
        label=labels.label,
        true_class=labels.true_class,
        negative=labels.negative,
        ids=ids,
        defects=(*defects, *time_defects, *label_defects),
        clock_changes=ClockChanges(times.ambiguous, times.nonexistent),
    )


def _require_columns(frame: pd.DataFrame, case: UseCase, *, optional: tuple[str, ...]) -> None:
    there = [str(name) for name in frame.columns]
    problems = []
    for name in declared_columns(case):
        if there.count(name) > 1:
            problems.append(f"column {name!r} appears {there.count(name)} times")
        elif name not in there and name not in optional:
            near = get_close_matches(name, there) or _same_letters(name, there)
            hint = f": did you mean {' or '.join(map(repr, near))}?" if near else ""
            problems.append(f"column {name!r} is missing{hint}")
    problems += [
        f"column {name!r} is there, and is derived" for name in case.derive if name in there
    ]
    if problems:
        msg = f"{'; '.join(problems)} (columns in the file: {', '.join(there)})"
        raise SchemaError(msg)


def _same_letters(name: str, there: list[str]) -> list[str]:
    """Return names that differ in case and spaces only."""
    return [other for other in there if other.strip().casefold() == name.strip().casefold()]


def _given(frame: pd.DataFrame, case: UseCase) -> tuple[dict[str, Any], list[Defect]]:
    """Read the features, inputs and amounts that are columns of the file."""
    content: dict[str, Any] = {}
    defects = []
    numeric, categorical = file_columns(case)
    amount = case.columns.amount
    given = () if amount is None or amount in case.derive else (amount,)
    for name in dict.fromkeys((*numeric, *given)):
        with _named(name):
            parsed = parse_numbers(frame[name])
        _require_type(name, "numbers", parsed.unparsable, frame[name])
        content[name] = parsed.values
        defects.append(Defect(QuarantineReason.UNPARSABLE_NUMBER, name, parsed.unparsable))
    for name in categorical:
        content[name] = parse_words(frame[name])
    return content, defects


def _event_times(
    frame: pd.DataFrame, case: UseCase, row_number: NDArray[np.int64]
) -> tuple[Times, list[Defect]]:
    declared = case.columns.event_time
    if isinstance(declared, ArrivalOrder):
        spacing = np.timedelta64(declared.spacing).astype("timedelta64[us]")
        none = np.zeros(len(row_number), np.bool_)
        return Times(moment64(declared.origin) + row_number * spacing, none, none), []
    name = declared.name
    with _named(name):
        times = parse_times(frame[name], declared, case.timezone)
    _require_type(name, "times", times.unparsable, frame[name])
    missing = np.isnat(times.values) & ~times.unparsable & ~times.out_of_range
    return times, [
        Defect(QuarantineReason.UNPARSABLE_TIME, name, times.unparsable),
        Defect(QuarantineReason.TIME_OUT_OF_RANGE, name, times.out_of_range),
        Defect(QuarantineReason.MISSING_TIME, name, missing),
    ]


def _label(
    frame: pd.DataFrame, target: Target, *, history: bool
) -> tuple[ParsedLabels, list[Defect]]:
    if target.name not in frame.columns:
        return without_labels(len(frame), target), []
    with _named(target.name):
        labels = parse_target(frame[target.name], target, history=history)
    if int(labels.unknown.sum()) > max(1, _STRAY_SHARE * len(frame)):
        wanted, more = f"two values, the positive {target.positive!r} and one other", "a third"
        if target.classes is not None:
            wanted = f"the classes {', '.join(map(repr, target.classes))}"
            more = "none of them"
        msg = (
            f"column {target.name!r} should hold {wanted}, but {int(labels.unknown.sum()):,} of "
            f"its {several(len(frame), 'row')} hold {more}: it holds {labels.listed()}; correct "
            "`columns.target`, or leave out the target of such rows"
        )
        raise SchemaError(msg)
    defect = Defect(QuarantineReason.UNKNOWN_TARGET, target.name, labels.unknown)
    return labels, [defect]


def _ids(frame: pd.DataFrame, name: str) -> tuple[list[str | None], list[Defect]]:
    words = parse_words(frame[name]).to_numpy(dtype=object, na_value=None).tolist()
    missing = np.array([word is None for word in words], np.bool_)
    unusable = np.array([word is not None and not is_usable_id(word) for word in words], np.bool_)
    ids = [None if bad else word for word, bad in zip(words, unusable, strict=True)]
    return ids, [
        Defect(QuarantineReason.MISSING_ID, name, missing),
        Defect(QuarantineReason.UNUSABLE_ID, name, unusable),
    ]


@contextmanager
def _named(column: str) -> Iterator[None]:
    """Add the column's name to what is wrong with its type."""
    try:
        yield
    except ColumnTypeError as error:
        msg = f"column {column!r} {error}"
        raise SchemaError(msg) from error


def _require_type(column: str, wanted: str, stray: NDArray[np.bool_], values: pd.Series) -> None:
    """Refuse a column of which more than a few values are of another type."""
    wrong = int(stray.sum())
    if wrong > max(_STRAY_ROWS, _STRAY_SHARE * len(stray)):
        examples = ", ".join(repr(value) for value in values[stray].iloc[:3].tolist())
        msg = (
            f"column {column!r} should hold {wanted}, but {wrong:,} of its "
            f"{several(len(stray), 'value')} are not, such as {examples}"
        )
        raise SchemaError(msg)
