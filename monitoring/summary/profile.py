"""What bins are fitted from: a sample of rows, ranges of numbers, rows by word.

The sample is the same however the table is read (`monitoring.summary.sampling`); a table of no
more rows than the sample holds is in it whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import TocsinError
from monitoring.summary.column import Values, number_column, rows_by_word, word_column
from monitoring.summary.csv_format import (
    PLAIN,
    CsvFormat,
    Evidence,
    Notation,
    is_open,
    notations,
)
from monitoring.summary.sampling import Sampler
from monitoring.summary.table import Portion, Table
from monitoring.summary.whole_numbers import EXACT

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

SAMPLED = 10_000_000
"""Values that the sample holds, at most: a third of a million rows of 30 columns."""

DISTINCT = 20_000
"""Different words of a column that are counted exactly; of more, the sample counts."""


class FitError(TocsinError, ValueError):
    """Bins can't be fitted: the message names the column and what is wrong with it."""


@dataclass(eq=False)
class NumbersColumn:
    """A column of numbers, as far as it was read.

    Attributes
    ----------
    held
        Numbers, true and false, or times; None where no value was there.
    single
        They are of single precision.
    strays
        Words may stand among them.
    offset
        What is taken off each, sample and range included.
    wide
        Some are whole numbers that floats don't hold to the last digit.
    rising
        None of them is smaller than the one before.
    ends
        The first and the last of them; None without any.
    low, high
        Range of the finite values; (inf, -inf) without any.
    parts
        Values of the sampled rows, NaN where missing.
    """

    held: Values | None = None
    single: bool = False
    strays: bool = False
    offset: int = 0
    wide: bool = False
    rising: bool = True
    ends: tuple[float, float] | None = None
    low: float = np.inf
    high: float = -np.inf
    parts: list[NDArray[np.floating]] = field(default_factory=list)

    def add(self, column: pa.Array, picked: NDArray[np.intp], notation: Notation | None) -> bool:
        """Take rows in; return False where they hold something else than those before."""
        decoded = number_column(
            column,
            notation=notation,
            expected=self.held,
            strays=self.strays,
            offset=self.offset,
        )
        if decoded is None or decoded.mixed:
            return False
        numbers = decoded.numbers
        held = None if np.isnan(numbers).all() else decoded.kind
        if self.held and held and self.held is not held:
            return False
        self.held = self.held or held
        if self.rising:
            self._rise(numbers)
        self.single |= numbers.dtype == np.float32
        finite = numbers[np.isfinite(numbers)]
        if finite.size:
            self.low = min(self.low, float(finite.min()))
            self.high = max(self.high, float(finite.max()))
            self.wide |= decoded.exact and max(self.high, -self.low) >= EXACT
        self.parts.append(numbers[picked])
        return True

    def _rise(self, numbers: NDArray[np.floating]) -> None:
        known = numbers[~np.isnan(numbers)]
        if known.size:
            ends = float(known[0]), float(known[-1])
            self.rising = bool((known[1:] >= known[:-1]).all())
            self._go_on(ends)

    def _go_on(self, ends: tuple[float, float] | None) -> None:
        """Take in the ends of the rows that follow."""
        if self.ends is not None and ends is not None:
            self.rising &= self.ends[1] <= ends[0]
            ends = self.ends[0], ends[1]
        self.ends = ends or self.ends

    def keep(self, places: NDArray[np.intp]) -> None:
        """Drop all sampled rows but those at `places`."""
        self.parts = [np.concatenate(self.parts)[places]]

    @property
    def sample(self) -> NDArray[np.floating]:
        """Values of the sampled rows."""
        return np.concatenate([np.empty(0, np.float32), *self.parts])

    def join(self, other: Column) -> bool:
        """Take in what another process read; return False where it holds something else."""
        if not isinstance(other, NumbersColumn):
            return False
        if self.held and other.held and self.held is not other.held:
            return False
        self.held = self.held or other.held
        self.single |= other.single
        self.wide |= other.wide
        self.rising &= other.rising
        self._go_on(other.ends)
        self.low, self.high = min(self.low, other.low), max(self.high, other.high)
        self.parts += other.parts
        return True


@dataclass(eq=False)
class WordsColumn:
    """A column of words, as far as it was read.

    Attributes
    ----------
    words
        Rows by word; None where there are more than `DISTINCT` of them.
    parts
        Words of the sampled rows, null where missing.
    evidence
        Of what the words of a CSV file may stand for.
    """

    words: Counter[str] | None = field(default_factory=Counter)
    parts: list[pa.Array] = field(default_factory=list)
    evidence: Evidence = field(default_factory=Evidence)

    def add(self, column: pa.Array, picked: NDArray[np.intp], notation: Notation | None) -> bool:
        """Take rows in; return False where they hold neither words nor codes."""
        import pyarrow as pa
        import pyarrow.compute as pc

        decoded = word_column(column)
        if decoded is None:
            return False
        words = pc.cast(decoded.words, pa.large_string())
        self._count(decoded.rows_by_word)
        if notation is not None:
            self.evidence.add(decoded.counted)
        # Most tables are in the sample whole.
        self.parts.append(words if len(picked) == len(words) else words.take(pa.array(picked)))
        return True

    def keep(self, places: NDArray[np.intp]) -> None:
        """Drop all sampled rows but those at `places`."""
        import pyarrow as pa

        self.parts = [pa.concat_arrays(self.parts).take(pa.array(places))]

    @property
    def sampled_words(self) -> Counter[str]:
        """Sampled rows by word."""
        return sum(map(rows_by_word, self.parts), start=Counter())

    def join(self, other: Column) -> bool:
        """Take in what another process read; return False where it holds something else."""
        if not isinstance(other, WordsColumn):
            return False
        self._count(other.words)
        self.evidence.join(other.evidence)
        self.parts += other.parts
        return True

    def _count(self, more: Counter[str] | None) -> None:
        if self.words is not None and more is not None:
            self.words += more
        if more is None or (self.words is not None and len(self.words) > DISTINCT):
            self.words = None


Column = NumbersColumn | WordsColumn


@dataclass(eq=False)
class Profile:
    """What a table holds.

    Attributes
    ----------
    columns
        By name, in the order that was asked for.
    turned
        Columns that hold something else in one place than in another: not known any further.
    written
        How the text of CSV files is written; None where there is none.
    """

    rows: int
    columns: dict[str, Column]
    turned: set[str] = field(default_factory=set)
    written: CsvFormat | None = None

    def join(self, other: Profile) -> Profile:
        """Take in the profile of the rows that follow, by the same sample."""
        self.rows += other.rows
        self.turned |= other.turned
        for name, column in self.columns.items():
            theirs = other.columns[name]
            # Of a column without a value it is not known what it would hold.
            if _unknown(column):
                self.columns[name] = theirs
            elif not _unknown(theirs) and not column.join(theirs):
                self.turned.add(name)
        return self


def profile(
    table: Table,
    names: Sequence[str],
    *,
    as_words: Collection[str] = (),
    decimal: str | None = None,
) -> Profile:
    """Profile the columns of a table.

    Parameters
    ----------
    as_words
        Columns whose numbers are codes, to be compared as words.
    decimal
        The decimal mark of numbers in CSV of which nothing in the file decides.

    Raises
    ------
    FitError
        A column holds different things in different places, or is not there in some.
    InputError
        Nothing decides how the numbers of a CSV file are written.
    """
    size = max(SAMPLED // max(len(names), 1), 1)
    profiled = _read(table, names, size, as_words=as_words)
    again = sorted(profiled.turned)
    if again:
        # Of text, numbers in one place and words in another are words; that is known too late.
        words = _read(table, again, size, as_words=again)
        if words.turned:
            msg = (
                f"column {min(words.turned)!r} of the reference holds neither words nor codes, or "
                "different things in different places: bring it to one type"
            )
            raise FitError(msg)
        profiled.columns |= words.columns
        profiled.turned.clear()
    if table.has_text:
        _read_notations(table, profiled, size, as_words=as_words, decimal=decimal)
    _read_wide(table, profiled, size)
    return profiled


def _read_wide(table: Table, profiled: Profile, size: int) -> None:
    """Read whole numbers again, less the smallest, that floats don't hold to the last digit."""
    offsets = {
        name: int(column.low)
        for name, column in profiled.columns.items()
        if isinstance(column, NumbersColumn) and column.wide
    }
    if offsets:
        again = table if profiled.written is None else table.read_as(profiled.written)
        exact = _read(again, sorted(offsets), size, strays=table.has_text, offsets=offsets)
        profiled.columns |= exact.columns


def _read_notations(
    table: Table,
    profiled: Profile,
    size: int,
    *,
    as_words: Collection[str],
    decimal: str | None,
) -> None:
    """Decide how the text of a table is written, and read again what plain reading took wrongly."""
    found = profiled.columns
    evidence = {
        name: column.evidence
        for name, column in found.items()
        if isinstance(column, WordsColumn) and name not in as_words
    }
    plain = [
        name
        for name, column in found.items()
        if isinstance(column, NumbersColumn) and column.held is Values.NUMBERS
    ]
    if decimal is not None or any(map(is_open, evidence.values())):
        # What decimals look like elsewhere decides what 1,234 is, and 1.234.
        evidence |= evidence_of(table, plain)
    decided = notations(evidence, decimal)
    written = {name: notation for name, notation in decided.items() if notation != PLAIN}
    again = [name for name in decided if name in written or name not in plain]
    if again:
        numbers = _read(table.read_as(CsvFormat(written)), again, size, strays=True)
        for name in again:
            column = numbers.columns[name]
            if isinstance(column, NumbersColumn) and name not in numbers.turned:
                found[name] = column
            else:
                written.pop(name, None)
    profiled.written = CsvFormat(written)


def evidence_of(table: Table, names: Sequence[str]) -> dict[str, Evidence]:
    """Return what the words of columns may stand for."""
    if not names:
        return {}
    words = _read(table, names, 1, as_words=names)
    return {
        name: column.evidence
        for name, column in words.columns.items()
        if isinstance(column, WordsColumn)
    }


def _read(
    table: Table,
    names: Sequence[str],
    size: int,
    *,
    as_words: Collection[str] = (),
    strays: bool = False,
    offsets: Mapping[str, int] | None = None,
) -> Profile:
    rows = table.rows(names)
    work = partial(
        _profile,
        names=names,
        as_words=as_words,
        strays=strays,
        offsets=offsets or {},
        size=size,
        rows=rows,
    )
    return reduce(Profile.join, table.read(names, work, placed=True))


def _profile(
    portions: Iterable[Portion],
    *,
    names: Sequence[str],
    as_words: Collection[str],
    strays: bool,
    offsets: Mapping[str, int],
    size: int,
    rows: int | None,
) -> Profile:
    sampler = Sampler(size, rows)
    columns: dict[str, Column] = {
        name: WordsColumn()
        if name in as_words
        else NumbersColumn(strays=strays, offset=offsets.get(name, 0))
        for name in names
    }
    profiled = Profile(0, columns)
    for portion in portions:
        picked = sampler.pick(portion.start, portion.rows.num_rows)
        for name in names:
            _add(profiled, name, portion, picked)
        _keep(profiled, sampler.drop())
        profiled.rows += portion.rows.num_rows
    _keep(profiled, sampler.drop(last=True))
    return profiled


def _add(profiled: Profile, name: str, portion: Portion, picked: NDArray[np.intp]) -> None:
    values = portion.column(name)
    if values is None:
        msg = f"the reference has no column {name!r} from row {portion.start + 1:,} on"
        raise FitError(msg)
    if name in profiled.turned:
        return
    column = profiled.columns[name]
    notation = portion.notation(name)
    if not column.add(values, picked, notation):
        words = WordsColumn()
        if profiled.rows == 0 and words.add(values, picked, notation):
            profiled.columns[name] = words
        else:
            profiled.turned.add(name)


def _keep(profiled: Profile, places: NDArray[np.intp] | None) -> None:
    if places is not None:
        for name in profiled.columns.keys() - profiled.turned:
            profiled.columns[name].keep(places)


def _unknown(column: Column) -> bool:
    return isinstance(column, NumbersColumn) and column.held is None
