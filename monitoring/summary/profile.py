"""What bins are fitted from: a sample of rows, ranges of numbers, rows by word.

The sample is the same however the table is read (`monitoring.summary.sampling`); a table of no
more rows than the sample holds is in it whole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial, reduce
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import TocsinError
from monitoring.summary.column import Values, number_column, rows_by_word, word_column
from monitoring.summary.sampling import Sampler
from monitoring.summary.table import Portion, Table

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
    low, high
        Range of the finite values; (inf, -inf) without any.
    parts
        Values of the sampled rows, NaN where missing.
    """

    held: Values | None = None
    single: bool = False
    low: float = np.inf
    high: float = -np.inf
    parts: list[NDArray[np.floating]] = field(default_factory=list)

    def add(self, column: pa.Array, picked: NDArray[np.intp], *, text: bool) -> bool:
        """Take rows in; return False where they hold something else than those before."""
        decoded = number_column(column, text=text, expected=self.held)
        if decoded is None:
            return False
        numbers = decoded.numbers
        held = None if np.isnan(numbers).all() else decoded.kind
        if self.held and held and self.held is not held:
            return False
        self.held = self.held or held
        self.single |= numbers.dtype == np.float32
        finite = numbers[np.isfinite(numbers)]
        if finite.size:
            self.low = min(self.low, float(finite.min()))
            self.high = max(self.high, float(finite.max()))
        self.parts.append(numbers[picked])
        return True

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
    """

    words: Counter[str] | None = field(default_factory=Counter)
    parts: list[pa.Array] = field(default_factory=list)

    def add(self, column: pa.Array, picked: NDArray[np.intp], *, text: bool) -> bool:  # noqa: ARG002
        """Take rows in; return False where they hold neither words nor codes."""
        import pyarrow as pa
        import pyarrow.compute as pc

        decoded = word_column(column)
        if decoded is None:
            return False
        words = pc.cast(decoded.words, pa.large_string())
        self._count(decoded.rows_by_word)
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
    """

    rows: int
    columns: dict[str, Column]
    turned: set[str] = field(default_factory=set)

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


def profile(table: Table, names: Sequence[str], *, as_words: Collection[str] = ()) -> Profile:
    """Profile the columns of a table.

    Parameters
    ----------
    as_words
        Columns whose numbers are codes, to be compared as words.

    Raises
    ------
    FitError
        A column holds different things in different places, or is not there in some.
    """
    size = max(SAMPLED // max(len(names), 1), 1)
    profiled = _read(table, names, as_words, size)
    again = sorted(profiled.turned)
    if again:
        # Of text, numbers in one place and words in another are words; that is known too late.
        words = _read(table, again, again, size)
        if words.turned:
            msg = (
                f"column {min(words.turned)!r} of the reference holds neither words nor codes, or "
                "different things in different places: bring it to one type"
            )
            raise FitError(msg)
        profiled.columns |= words.columns
        profiled.turned.clear()
    return profiled


def _read(table: Table, names: Sequence[str], as_words: Collection[str], size: int) -> Profile:
    rows = table.rows(names)
    work = partial(_profile, names=names, as_words=as_words, size=size, rows=rows)
    return reduce(Profile.join, table.read(names, work, placed=True))


def _profile(
    portions: Iterable[Portion],
    *,
    names: Sequence[str],
    as_words: Collection[str],
    size: int,
    rows: int | None,
) -> Profile:
    sampler = Sampler(size, rows)
    profiled = Profile(
        0, {name: WordsColumn() if name in as_words else NumbersColumn() for name in names}
    )
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
    if not column.add(values, picked, text=portion.text):
        words = WordsColumn()
        if profiled.rows == 0 and words.add(values, picked, text=portion.text):
            profiled.columns[name] = words
        else:
            profiled.turned.add(name)


def _keep(profiled: Profile, places: NDArray[np.intp] | None) -> None:
    if places is not None:
        for name in profiled.columns.keys() - profiled.turned:
            profiled.columns[name].keep(places)


def _unknown(column: Column) -> bool:
    return isinstance(column, NumbersColumn) and column.held is None
