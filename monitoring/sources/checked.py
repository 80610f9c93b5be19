"""Checked: the rows of a file that passed the schema check, beside those that did not."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.rows.rows import Rows


class Reason(StrEnum):
    """Why a row was set aside; a row with several faults has the first of this list."""

    WRONG_WIDTH = "wrong number of columns"
    MISSING_TIME = "missing time"
    UNPARSABLE_TIME = "unparsable time"
    TIME_OUT_OF_RANGE = "time out of range"
    MISSING_ID = "missing id"
    UNUSABLE_ID = "unusable id"
    UNPARSABLE_NUMBER = "unparsable number"
    INFINITE_NUMBER = "infinite number"
    NEGATIVE_AMOUNT = "negative amount"
    UNKNOWN_TARGET = "unknown target value"
    DUPLICATE_ID = "duplicate id"


@dataclass(frozen=True)
class Malformed:
    """A row that is not as wide as its file's header.

    Attributes
    ----------
    row_number
        Its place among the file's rows, counted from 0.
    text
        The row as it stands in the file.
    """

    row_number: int
    text: str
    detail: str


@dataclass(frozen=True)
class Quarantined:
    """A row that was set aside.

    Attributes
    ----------
    row_id
        Its id; source hash and row number where it has none.
    row_number
        Its place among the file's rows, counted from 0.
    detail
        The column and the value at fault.
    payload
        The row as it came: JSON by column, or the text that could not be split into columns.
    """

    row_id: str
    row_number: int
    reason: Reason
    detail: str
    payload: str


@dataclass(frozen=True, eq=False)
class Checked:
    """Every row of a file: accepted, in order of event time, or quarantined, in file order.

    Attributes
    ----------
    equal_content
        Rows that equal an earlier one in every declared column but the id; only counted.
    out_of_order
        Accepted rows that stand after a later one in the file; they were sorted.
    source_hash
        SHA-256 of the source's content, in hex, whether or not it is compressed.
    synthetic
        Whether the rows are made up.
    """

    rows: Rows
    quarantined: tuple[Quarantined, ...]
    equal_content: int
    out_of_order: int
    source_hash: str
    synthetic: bool = False
