"""How the values of a CSV file are written: decimal marks, currencies, what stands for missing.

A value is read by its column's notation alone, whatever stands around it. The notation is decided
on all rows of a reference (`CsvFormat`), kept with it, and applied to every window.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from monitoring.errors import InputError
from monitoring.rows.parsing import MISSING_NUMBERS

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

POINT, COMMA = ".", ","
DECIMALS = {POINT: "point", COMMA: "comma"}

CURRENCIES = (
    *"€$£¥₹₩₽₺₴₪₫฿₦",
    *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HUF", "ILS", "INR", "JPY"),
    *("KRW", "MXN", "NOK", "NZD", "PLN", "RON", "RUB", "SEK", "SGD", "THB", "TRY", "UAH", "USD"),
    *("ZAR", "kr", "Kč", "zł", "Ft", "R$"),
)
"""What stands before or after an amount of money; no other words do."""

PERCENT = "%"

_SPACES = r"\s\x{a0}\x{2009}\x{202f}"
"""Spaces, those that don't break lines and narrow ones among them, as RE2 writes them."""

_APOSTROPHES = "'\N{RIGHT SINGLE QUOTATION MARK}"

AFFIXES = frozenset(("", PERCENT, *CURRENCIES))

_AFFIX = "|".join(map(re.escape, sorted(AFFIXES - {""}, key=lambda sign: (-len(sign), sign))))

_NUMBER_LIKE = (
    rf"^[(+-]?[{_SPACES}]*({_AFFIX})?[{_SPACES}]*[+-]?[.,]?[0-9][0-9.,{_APOSTROPHES}{_SPACES}]*"
    rf"([eE][+-]?[0-9]+)?[{_SPACES}]*({_AFFIX})?[{_SPACES}]*[)-]?$"
)
"""What may be a number in some notation."""

_FIRST_ZERO = "^([^0-9]*)0"

MISSING = rf"^({'|'.join(map(re.escape, MISSING_NUMBERS))})$"
"""What means missing in a column of numbers or times."""


class UndecidedError(InputError):
    """Numbers of a CSV file mean one thing or another, and nothing in it decides which."""


@dataclass(frozen=True)
class Notation:
    """How the numbers of a column are written.

    Whatever the decimal mark, groups of digits may be set apart by another mark, a space or an
    apostrophe.

    Attributes
    ----------
    decimal
        `POINT` or `COMMA`.
    affix
        Currency or percent sign before or after; numbers without it are read too. A percentage is
        the number before its sign: 51.2% is 51.2.
    """

    decimal: str = POINT
    affix: str = ""

    def __str__(self) -> str:
        words = [f"decimal {DECIMALS[self.decimal]}"] if self.decimal != POINT else []
        if self.affix:
            words.append(f"in {self.affix}" if self.affix != PERCENT else "percentages, 51% is 51")
        return ", ".join(words) or "plain"


PLAIN = Notation()


@dataclass(frozen=True)
class CsvFormat:
    """How a reference in CSV is written; windows in CSV are read by it.

    Attributes
    ----------
    notations
        By column; where there is none it is `PLAIN`.
    """

    notations: Mapping[str, Notation] = field(default_factory=dict)

    def notation(self, column: str) -> Notation:
        """Return how a column's numbers are written."""
        return self.notations.get(column, PLAIN)


PLAIN_FORMAT = CsvFormat()


@dataclass(frozen=True, eq=False)
class ReadNumbers:
    """A column of text, read as numbers.

    Attributes
    ----------
    numbers
        Arrow floats, null where nothing stands and where no number does.
    strays
        What stands where a number belongs, null elsewhere.
    plain
        The numbers as they are plainly spelled.
    """

    numbers: pa.Array
    strays: pa.Array
    plain: pa.Array


def read_numbers(text: pa.Array, notation: Notation) -> ReadNumbers:
    """Read a column of text as numbers; what is none is told apart."""
    import pyarrow as pa
    import pyarrow.compute as pc

    bare = pc.utf8_trim_whitespace(pc.cast(text, pa.large_string()))
    nothing = pa.scalar(None, bare.type)
    bare = pc.if_else(pc.match_substring_regex(bare, MISSING), nothing, bare)
    plain = in_plain_notation(bare, notation)
    numbers = _cast(plain)
    strays = pc.if_else(pc.and_(pc.is_valid(bare), pc.is_null(plain)), bare, nothing)
    return ReadNumbers(numbers, strays, plain)


def in_plain_notation(bare: pa.Array, notation: Notation) -> pa.Array:
    """Return numbers as they are plainly spelled, null where there is none in this notation."""
    import pyarrow as pa
    import pyarrow.compute as pc

    spelled = pc.replace_substring_regex(bare, r"^\((.*)\)$", r"-\1")
    spelled = pc.replace_substring_regex(spelled, r"^([^eE-]*)-$", r"-\1")
    if notation.affix:
        sign = re.escape(notation.affix)
        before = rf"^([+-]?)[{_SPACES}]*{sign}[{_SPACES}]*"
        spelled = pc.replace_substring_regex(spelled, before, r"\1")
        spelled = pc.replace_substring_regex(spelled, rf"[{_SPACES}]*{sign}$", "")
    valid = pc.match_substring_regex(spelled, _pattern(notation.decimal, _SPACES))
    spelled = pc.if_else(valid, spelled, pa.scalar(None, spelled.type))
    marks = "".join({*".,"} - {notation.decimal}) + _APOSTROPHES + _SPACES
    spelled = pc.replace_substring_regex(spelled, rf"^\+|[{marks}]", "")
    return pc.replace_substring(spelled, notation.decimal, POINT)


def _pattern(decimal: str, spaces: str) -> str:
    """Return what a number looks like, its sign aside: `spaces` as the engine writes them."""
    mark = re.escape(decimal)
    group = "".join({*".,"} - {decimal}) + _APOSTROPHES + spaces
    threes = rf"[1-9][0-9]{{0,2}}([{group}][0-9]{{3}})+"
    lakhs = r"[1-9][0-9]?(,[0-9]{2})+,[0-9]{3}" if decimal != COMMA else threes
    return (
        rf"^[+-]?(({threes}|{lakhs}|[0-9]+)({mark}[0-9]*)?|{mark}[0-9]+)([eE][+-]?[0-9]+)?$"
        r"|^[+-]?(?i:inf|infinity|nan)$"
    )


def _cast(plain: pa.Array) -> pa.Array:
    import pyarrow as pa
    import pyarrow.compute as pc

    try:
        return pc.cast(plain, pa.float64())
    except pa.ArrowInvalid:  # beyond what a float holds
        return pa.array([None if word is None else float(word) for word in plain.to_pylist()])


def _mask(truths: pa.Array) -> NDArray[np.bool_]:
    """Return truths as numpy's, by a way that does not import pandas."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    return np.from_dlpack(pc.cast(truths, pa.uint8())).astype(np.bool_)


@dataclass(eq=False)
class Evidence:
    """What a column of text may hold, as far as it was read; adds up over portions.

    Attributes
    ----------
    shapes
        Rows by the shape of what may be a number: each of its digits a 9, a first 0 before a mark
        a 0.
    others
        Rows that hold something else, missing values aside.
    """

    shapes: Counter[str] = field(default_factory=Counter)
    others: int = 0

    def add(self, counted: pa.StructArray) -> None:
        """Take in words and their counts, as Arrow counts values."""
        import numpy as np
        import pyarrow as pa
        import pyarrow.compute as pc

        if not len(counted):
            return
        rows = np.from_dlpack(counted.field("counts"))
        words = pc.utf8_trim_whitespace(pc.cast(counted.field("values"), pa.large_string()))
        is_like = pc.match_substring_regex(words, _NUMBER_LIKE)
        like = _mask(is_like)
        rest = ~like & ~_mask(pc.match_substring_regex(words, MISSING))
        self.others += int(rows[rest].sum())
        if not like.any():
            return
        shapes = pc.replace_substring_regex(words.filter(is_like), _FIRST_ZERO, r"\1@")
        shapes = pc.replace_substring_regex(shapes, "[0-9]", "9")
        shapes = pc.replace_substring(shapes, "@", "0")
        encoded = shapes.dictionary_encode()
        found = np.bincount(np.from_dlpack(encoded.indices), rows[like]).astype(np.int64)
        self.shapes.update(dict(zip(encoded.dictionary.to_pylist(), found.tolist(), strict=True)))

    def join(self, other: Evidence) -> None:
        """Take in what was found of other rows."""
        self.shapes.update(other.shapes)
        self.others += other.others


def notations(evidence: Mapping[str, Evidence], decimal: str | None = None) -> dict[str, Notation]:
    """Decide how the columns that hold numbers are written; others are left out.

    A column's own values decide; where these leave it open (1,234), the decimal mark of all other
    columns does.

    Parameters
    ----------
    decimal
        The decimal mark of what nothing in the file decides.

    Raises
    ------
    UndecidedError
        Nothing decides on a column.
    """
    found = {name: column for name, each in evidence.items() if (column := _column(each))}
    marks = _marks(found.values()) if decimal is None else {decimal}
    decided = {}
    for name, column in found.items():
        mark = column.decimal
        if mark is None and column.ambiguous is not None:
            mark = next(iter(marks)) if len(marks) == 1 else None
            if mark is None and (marks or COMMA in column.ambiguous):
                msg = (
                    f"column {name!r}: a value such as {column.ambiguous} (each 9 a digit) is one "
                    "number with a decimal comma and another with a decimal point, and nothing in "
                    "the file decides: give decimal=',' or decimal='.'; for a command, --decimal; "
                    "in a use case, source.decimal"
                )
                raise UndecidedError(msg)
        decided[name] = Notation(mark or POINT, column.affix)
    return decided


@dataclass(frozen=True)
class _Column:
    """What the values of a column of numbers say.

    Attributes
    ----------
    decimal
        None where they fit both.
    ambiguous
        A shape that is one number by one decimal mark and another by the other, where they do.
    """

    decimal: str | None
    affix: str
    ambiguous: str | None


_SHAPE = re.compile(rf"[(+-]?\s*({_AFFIX})?\s*(.*?)\s*({_AFFIX})?[)-]?")
_PATTERNS = {mark: re.compile(_pattern(mark, r"\s")) for mark in DECIMALS}


def _column(evidence: Evidence) -> _Column | None:
    """Return what a column's values say; None where a tenth or more of them are no numbers."""
    parts = {}
    affixes: Counter[str] = Counter()
    for shape, rows in evidence.shapes.items():
        match = _SHAPE.fullmatch(shape)
        if match is None:
            continue
        affix = match[1] or match[3] or ""
        parts[shape] = affix, match[2]
        affixes[affix] += rows
    del affixes[""]
    chosen = max(affixes, key=lambda affix: (affixes[affix], affix), default="")
    bodies = {shape: body for shape, (affix, body) in parts.items() if affix in {"", chosen}}
    fits = {
        mark: {shape for shape, body in bodies.items() if pattern.match(body)}
        for mark, pattern in _PATTERNS.items()
    }
    fitting = {mark: sum(evidence.shapes[shape] for shape in fits[mark]) for mark in fits}
    total = sum(evidence.shapes.values()) + evidence.others
    if not few(total - max(fitting.values()), total):
        return None
    if fitting[POINT] != fitting[COMMA]:
        return _Column(max(fitting, key=lambda mark: fitting[mark]), chosen, None)
    marked = sorted(shape for shape in fits[POINT] if POINT in shape or COMMA in shape)
    return _Column(None, chosen, max(marked, key=lambda shape: COMMA in shape, default=None))


def marks_of(evidence: Mapping[str, Evidence]) -> frozenset[str]:
    """Return the decimal marks that columns of numbers show."""
    return _marks(filter(None, map(_column, evidence.values())))


def _marks(columns: Iterable[_Column]) -> frozenset[str]:
    return frozenset(column.decimal for column in columns if column.decimal is not None)


def is_open(evidence: Evidence) -> bool:
    """Whether a column holds numbers that may be others by the decimal mark of other columns."""
    column = _column(evidence)
    return column is not None and (column.decimal == COMMA or column.ambiguous is not None)


def few(others: int, values: int) -> bool:
    """Whether a column of so many values is one of numbers, though some of them are others."""
    return 10 * others < values
