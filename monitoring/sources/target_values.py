"""The target's values, however they are spelled, become labels; what is no label is counted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.rows.parsing import MISSING_NUMBERS, ColumnTypeError, is_text
from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED
from monitoring.use_case_columns import Target

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

_NUMBER = re.compile(r"[+-]?(0|[1-9][0-9]*)(\.[0-9]*)?(e[+-]?[0-9]+)?")
"""Texts that are numbers; one with leading zeros is a code."""

_YES = ("true", "t", "yes", "y", "on")
_NO = ("false", "f", "no", "n", "off")
_TRUTH = dict.fromkeys(_YES, "1") | dict.fromkeys(_NO, "0")

_OTHER_OF_TWO = dict(zip((*_YES, *_NO, "1", "0"), (*_NO, *_YES, "0", "1"), strict=True))
"""The values that come in pairs: one of them tells the other."""

_MISSING = frozenset(word.casefold() for word in MISSING_NUMBERS)

_SHOWN = 10
"""Values that an error lists."""


@dataclass(frozen=True, eq=False)
class ParsedLabels:
    """The truth of each row.

    Attributes
    ----------
    label
        int8: `POSITIVE`, `NEGATIVE`, or `UNLABELLED` where nothing was there or it is unknown.
    unknown
        Where the value is neither the positive nor the negative one.
    negative
        The negative value as the column spells it; None where no row has it.
    found
        Rows by value, as spelled, the most frequent first.
    true_class
        int8: place among the target's classes, -1 where `label` is `UNLABELLED`; None where it
        has two values.
    """

    label: NDArray[np.int8]
    unknown: NDArray[np.bool_]
    negative: str | None
    found: Mapping[str, int]
    true_class: NDArray[np.int8] | None = None

    def listed(self) -> str:
        """Return the values found and their rows, as an error lists them."""
        shown = [f"{value!r} ({rows:,})" for value, rows in list(self.found.items())[:_SHOWN]]
        more = len(self.found) - len(shown)
        return ", ".join([*shown, f"and {more:,} more"] if more > 0 else shown)


def without_labels(rows: int, target: Target) -> ParsedLabels:
    """Return the labels of rows that came without the target's column."""
    none = np.full(rows, UNLABELLED, np.int8)
    return ParsedLabels(
        label=none,
        unknown=np.zeros(rows, np.bool_),
        negative=None,
        found={},
        true_class=None if target.classes is None else none,
    )


def parse_target(column: pd.Series, target: Target, *, history: bool = True) -> ParsedLabels:
    """Classify values as positive, negative or unknown; an empty one is `UNLABELLED`.

    Of a target of classes the watched ones are positive, and all others that are declared
    negative.

    Values are compared by what they say: 1, 1.0, "1.0" and, where the positive one is true,
    false, 1 or 0, also true, "T", "yes"; letter case and spaces around a word don't matter.

    The negative value is the declared one; else, of a pair such as yes and no, 1 and 0, the other
    one; else the most frequent of the other values.

    Parameters
    ----------
    history
        Whether the column may say what the negative value is. A batch may hold any part of the
        values: it is read by what the use case declares, or what comes in pairs.

    Raises
    ------
    ColumnTypeError
        The column holds times, or anything else that no class is written as.
        A batch holds another value than the positive one, and nothing says which is negative.
    """
    codes, spelled = _values(column, target)
    rows = np.bincount(codes[codes >= 0], minlength=len(spelled))
    read = _reading(column, target)
    canonical = [read(value) for value in spelled]
    missing = frozenset({""}) if target.is_text else _MISSING
    found = sorted(zip(spelled, rows.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
    listed = {word: count for word, count in found if read(word) not in missing}
    if target.classes is not None:
        return _of_classes(
            target, [read(value) for value in target.classes], codes, listed, canonical, missing
        )
    positive, others = read(target.positive), dict[str, int]()
    for value, count in zip(canonical, rows.tolist(), strict=True):
        if value != positive and value not in missing:
            others[value] = others.get(value, 0) + count
    negative = _negative(target, read, others, history=history)
    label = np.full(len(spelled) + 1, UNLABELLED, np.int8)
    unknown = np.zeros(len(spelled) + 1, np.bool_)  # the last place is that of code -1: missing
    for place, value in enumerate(canonical):
        if value == positive:
            label[place] = POSITIVE
        elif value == negative:
            label[place] = NEGATIVE
        else:
            unknown[place] = value not in missing
    return ParsedLabels(
        label=label[codes],
        unknown=unknown[codes],
        negative=next((word for word in spelled if read(word) == negative), None),
        found=listed,
    )


def _of_classes(
    target: Target,
    classes: Sequence[str],
    codes: NDArray[np.intp],
    found: Mapping[str, int],
    canonical: Sequence[str],
    missing: frozenset[str],
) -> ParsedLabels:
    """Return the labels of a target of classes, each value looked up by how it is read."""
    places = {value: place for place, value in enumerate(classes)}
    watched = np.isin([str(one) for one in target.classes or ()], [str(w) for w in target.watch])
    true_class = np.array([places.get(value, -1) for value in canonical] + [-1], np.int8)
    label = np.where(true_class < 0, UNLABELLED, np.append(watched, False)[true_class])
    unknown = np.array(
        [value not in places and value not in missing for value in canonical] + [False]
    )
    return ParsedLabels(
        label=label.astype(np.int8)[codes],
        unknown=unknown[codes],
        negative=None,
        found=found,
        true_class=true_class[codes],
    )


def _negative(
    target: Target, read: Reading, others: Mapping[str, int], *, history: bool
) -> str | None:
    """Return the negative value, as read; None where no row has another than the positive one."""
    if target.negative is not None:
        return read(target.negative)
    pair = _OTHER_OF_TWO.get(read(target.positive))
    if pair in others or not others:
        return pair
    if history:
        return min(others, key=lambda value: (-others[value], value))
    if pair is not None:
        return pair
    some = ", ".join(sorted(others)[:_SHOWN])
    msg = (
        f"holds {some} beside the positive {target.positive!r}, and a batch can't say which value "
        "is the negative one: declare `columns.target.negative`"
    )
    raise ColumnTypeError(msg)


class Reading:
    """How a value is read, so that equal ones compare equal."""

    def __init__(self, *, truth: bool) -> None:
        self._truth = truth

    def __call__(self, value: object) -> str:
        """Return the value as a word without case, or as the shortest spelling of its number."""
        word = str(value).strip().casefold()
        if self._truth:
            word = _TRUTH.get(word, word)
        if _NUMBER.fullmatch(word) is None:
            return word
        if word.removeprefix("-").removeprefix("+").isdigit():
            return str(int(word))
        number = float(word)
        return str(int(number)) if number.is_integer() else str(number)


def _reading(column: pd.Series, target: Target) -> Reading:
    """Return how values are read: as true and false where the target, or the column, says so."""
    if target.classes is not None:
        return Reading(truth=any(isinstance(value, bool) for value in target.classes))
    if not isinstance(target.positive, str):
        return Reading(truth=target.positive in (0, 1))
    return Reading(truth=not is_text(column) and target.positive.strip().casefold() in _TRUTH)


def _values(column: pd.Series, target: Target) -> tuple[NDArray[np.intp], Sequence[str]]:
    """Return for each row the place of its value among the values, -1 where there is none."""
    import pandas as pd
    from pandas.api.types import is_complex_dtype, is_numeric_dtype

    comparable = is_text(column) or (is_numeric_dtype(column) and not is_complex_dtype(column))
    if not comparable and not target.is_text:
        msg = f"holds {column.dtype}, not classes such as {target.values[0]!r}"
        raise ColumnTypeError(msg)
    try:
        codes, values = pd.factorize(_plain(column))
    except TypeError as error:
        msg = f"holds values that are neither numbers nor text: {error}"
        raise ColumnTypeError(msg) from error
    return codes, [str(value) for value in values]


def _plain(column: pd.Series) -> Any:
    """Return values of which equal ones are equally spelled: 1 and True are not."""
    if column.dtype == object:
        return column.where(column.isna(), column.map(str, na_action="ignore")).to_numpy()
    return column
