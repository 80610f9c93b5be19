"""Text: what a column of text, as CSV has it, holds: numbers, true and false, times or words.

A value is one of these by itself, whatever stands around it, so that a column comes to the same
in whatever portions it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from monitoring.rows.parsing import MISSING_NUMBERS
from monitoring.summary.column import Values

if TYPE_CHECKING:
    import pyarrow as pa

_TRUE, _FALSE = "^(true|True|TRUE)$", "^(false|False|FALSE)$"

_MISSING = f"^({'|'.join(map(re.escape, MISSING_NUMBERS))})$"

_ZONED = r"[T ].*(Z|[+-]\d{2}(:?\d{2})?)$"
"""A moment that says its zone."""

_TOO_FINE = r"(\.\d{6})\d+"
"""Digits of a second beyond the microsecond."""


def parsed(text: pa.Array, expected: Values | None = None) -> pa.Array:
    """Return a column of text as what all its values are; as it is where that is words.

    Parameters
    ----------
    text
        Strings; null and `MISSING_NUMBERS` are missing where they are no words.
    expected
        What is tried first, as it was found in other portions of the column.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if text.null_count == len(text):
        return pa.nulls(len(text))
    tries = dict(_PARSERS)
    if expected in tries:
        tries = {expected: tries.pop(expected), **tries}
    for parse in tries.values():
        found = parse(text)
        if found is not None:
            return found
    bare = pc.utf8_trim_whitespace(text)
    missing = pc.match_substring_regex(bare, _MISSING)
    if not pc.any(missing).as_py() and bare.equals(text):
        return text
    known = pc.if_else(missing, pa.scalar(None, bare.type), bare)
    if known.null_count == len(known):
        return pa.nulls(len(text))
    return next((found for parse in tries.values() if (found := parse(known)) is not None), text)


def stands_for_missing(text: pa.Array) -> pa.Array:
    """Return which values are null or stand for a missing number."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = pc.cast(text, pa.string())  # of no rows, the type is not known
    found = pc.match_substring_regex(pc.utf8_trim_whitespace(words), _MISSING)
    return pc.fill_null(found, fill_value=True)


def _numbers(text: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    numbers = _cast(text, pa.float64())
    if numbers is not None and pc.all(pc.is_nan(numbers)).as_py():
        return pa.nulls(len(text))
    return numbers


def _truths(text: pa.Array) -> pa.Array | None:
    import pyarrow.compute as pc

    true, false = (pc.match_substring_regex(text, either) for either in (_TRUE, _FALSE))
    return true if pc.all(pc.or_(true, false)).as_py() else None


def _times(text: pa.Array) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    first = text.drop_null()[0].as_py()
    if not first[:1].isdigit():
        return None
    short = pc.replace_substring_regex(text, _TOO_FINE, r"\1")
    zoned = pc.match_substring_regex(short, _ZONED)
    nothing = pa.scalar(None, short.type)
    plain = _cast(pc.if_else(zoned, nothing, short), pa.timestamp("us"))
    moments = _cast(pc.if_else(zoned, short, nothing), pa.timestamp("us", "UTC"))
    if plain is None or moments is None:
        return None
    return pc.coalesce(plain, pc.cast(moments, pa.timestamp("us"), safe=False))


def _cast(text: pa.Array, kind: pa.DataType) -> pa.Array | None:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(text, kind)
    except pa.ArrowInvalid:
        return None


_PARSERS: dict[Values, Callable[[pa.Array], pa.Array | None]] = {
    Values.NUMBERS: _numbers,
    Values.TRUTHS: _truths,
    Values.TIMES: _times,
}
