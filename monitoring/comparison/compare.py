"""The public functions on tables: compare two, fit a reference, summarise a window."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitoring.comparison.csv_reading import summarise_written, what_was_read
from monitoring.comparison.inputs import (
    Engine,
    Handed,
    Selection,
    engine_called,
    opened,
    saved_reference,
    saved_summary,
)
from monitoring.drift.decision import MIN_EFFECT, OTHERS
from monitoring.drift.detection import VerdictError, drift_verdict
from monitoring.drift.verdict import SHARE_LIMIT, Verdict
from monitoring.errors import InputError
from monitoring.summary.csv_format import DECIMALS, CsvFormat
from monitoring.summary.fit import fit_bins
from monitoring.summary.from_table import hash_of, reference_of
from monitoring.summary.profile import Profile, profile
from monitoring.summary.table import Table, TableError
from monitoring.summary.types import FeatureKind, Reference, Summary

RATE = 0.02


MIN_ROWS = 50
"""The defaults of a use case too; a test holds them equal. Importing a use case takes longer than
the comparison of small files."""


@dataclass(frozen=True)
class ChosenLimits:
    """When `current` counts as drifted."""

    min_effect: float | Mapping[str, float]
    rate: float
    share_limit: float = SHARE_LIMIT
    min_rows: int = MIN_ROWS

    def __post_init__(self) -> None:
        by_name = self.min_effect
        for name, least in by_name.items() if isinstance(by_name, Mapping) else [(OTHERS, by_name)]:
            if not 0 <= least <= 1:
                of = "" if name == OTHERS else f" of {name}"
                msg = f"min_effect{of} is {least}: it is a distance, from 0 to 1"
                raise InputError(msg)
        if not 0 < self.rate < 1:
            msg = f"rate is {self.rate}: a false discovery rate lies between 0 and 1"
            raise InputError(msg)
        if not 0 <= self.share_limit <= 1:
            msg = f"share_limit is {self.share_limit}: it is a share of columns, from 0 to 1"
            raise InputError(msg)

    def check(self, names: Collection[str]) -> None:
        """Raise where a limit is one of a column that is not among those compared."""
        if isinstance(self.min_effect, Mapping):
            strange = sorted(self.min_effect.keys() - {OTHERS, *names})
            if strange:
                msg = f"min_effect of {', '.join(strange)}: compared are {', '.join(names)}"
                raise InputError(msg)


def compare(  # noqa: PLR0913 - each is an option that people name
    reference: Handed | Reference,
    current: Handed | Summary,
    *,
    columns: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    min_effect: float | Mapping[str, float] = MIN_EFFECT,
    rate: float = RATE,
    share_limit: float = SHARE_LIMIT,
    decimal: str | None = None,
    engine: str = Engine.AUTO,
) -> Verdict:
    """Detect data drift: whether `current` has drifted from `reference`.

    Rows are taken to be in order: how much the reference varies by itself is read from chunks of
    it as long as `current`, where there are at least eight.

    Parameters
    ----------
    reference, current
        A pandas, polars or Arrow table, a Spark DataFrame, or the path of a CSV or Parquet file,
        of a folder of them, or a pattern. Instead of rows, the reference may be a saved one (an
        object, or the path of a `.json.gz`), and then `current` a saved summary on its bins.
    columns
        Columns to compare; all of the reference's by default. Text, categories and mixed objects
        are compared as words; numbers, booleans and times as numbers.
    ignore
        Columns to leave out.
    categorical
        Columns whose whole numbers are codes, such as a status: compared as words.
    min_effect
        Smallest effect that matters: a Jensen-Shannon distance, 0 to 1. By column it is
        `{"Amount": 0.2, "*": 0.1}`; `*` is every other one, 0.1 where it is not given.
    rate
        False discovery rate across columns.
    share_limit
        Share of drifted columns above which the whole has drifted.
    decimal
        Decimal mark, `.` or `,`, of numbers in CSV of which nothing in the file decides: 1,234.
    engine
        What reads files: memory, or duckdb whatever their size; by default duckdb from 64 MB on.
        Tables in memory are read there, Spark reads its own. All find the same.

    Raises
    ------
    TableError
        A table can't be read, or the reference lacks a column that was asked for, or rows.
    InputError
        A limit lies outside its range, or is one of a column that is not compared; or nothing
        decides how the numbers of a CSV file are written.
    FitError
        A column of the reference holds different things in different places.
    FormatError
        A saved reference or summary is missing, damaged, or of an unknown version.
    VerdictError
        A saved summary lies on the bins of another reference.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import compare
    >>> january = pd.DataFrame({"amount": [n % 97 for n in range(1000)], "country": ["SE"] * 1000})
    >>> february = january.assign(amount=january["amount"] + 40)
    >>> verdict = compare(january, february)
    >>> verdict.sentence
    '1 of 2 features drifted (50%), above the limit of 30%'
    >>> [feature.name for feature in verdict.drifted_features]
    ['amount']

    Files are compared by their paths, of whatever size:

    >>> january.to_csv("january.csv", index=False)
    >>> compare("january.csv", february, min_effect={"amount": 0.9}).drifted
    False
    """
    limits = ChosenLimits(min_effect, rate, share_limit)
    reads = engine_called(engine)
    selection = Selection.of(columns, ignore, categorical)
    saved = saved_reference(reference)
    if saved is None:
        fitted, window, read = _from_tables(reference, current, selection, reads, decimal)
    else:
        fitted = _only(saved, selection)
        window, read = _on_saved(current, fitted, reads)
    limits.check([part.name for part in fitted.bins])
    try:
        verdict = drift_verdict(fitted, window, limits, id="compare", share_limit=share_limit)
    except VerdictError as error:
        if isinstance(current, str | Path):
            error.add_note(f"in {current}")
        raise
    return replace(verdict, reading=(*read, *verdict.reading))


def _from_tables(
    reference: Handed,
    current: Handed | Summary,
    selection: Selection,
    engine: Engine,
    decimal: str | None,
) -> tuple[Reference, Summary, list[str]]:
    """Fit bins on the reference, summarise the window, then the reference by chunks as long.

    What is worth saying of how they were read comes third.
    """
    if saved_summary(current) is not None:
        msg = (
            "a saved summary lies on the bins of the reference that it was made with: "
            "give that reference, saved, instead of rows"
        )
        raise TableError(msg)
    before = opened(reference, "reference", engine, selection.columns)
    now = opened(current, "current", engine, selection.names(before.columns))
    found = _profiled(before, selection, reference, decimal)
    bins = fit_bins(found)
    window, written = summarise_written(now, bins, found.written, hash_of_bins=hash_of(bins))
    fitted = reference_of(before, bins, rows=found.rows, chunk=window.rows, written=found.written)
    layouts = {"the reference": before.layout, "current": now.layout}
    return fitted, window, what_was_read(found.written, written, layouts)


def _on_saved(
    current: Handed | Summary, reference: Reference, engine: Engine
) -> tuple[Summary, list[str]]:
    """Return the window's summary, and what is worth saying of how it was read."""
    summary = saved_summary(current)
    if summary is not None:
        return summary, []
    summary, written, layout = _summarised(current, reference, engine)
    return summary, what_was_read(reference.written, written, {"current": layout})


def _only(reference: Reference, selection: Selection) -> Reference:
    """Return a reference of some of its features.

    Raises
    ------
    TableError
        Numbers are to be compared as words, but were counted as numbers.
    """
    wanted = selection.names([part.name for part in reference.bins])
    numbers = [
        part.name
        for part in reference.bins
        if part.name in selection.categorical and part.kind is FeatureKind.NUMERIC
    ]
    if numbers:
        msg = (
            f"{', '.join(numbers)}: the saved reference holds numbers, no words: fit it with "
            f"categorical={numbers}"
        )
        raise TableError(msg)
    return replace(reference, bins=tuple(b for b in reference.bins if b.name in wanted))


def fit(
    table: Handed,
    *,
    window: int,
    columns: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    categorical: Sequence[str] = (),
    decimal: str | None = None,
    engine: str = Engine.AUTO,
) -> Reference:
    """Fit a reference on a table, to be saved and compared with instead of its rows.

    Parameters
    ----------
    table
        As `compare` takes it; its rows in order.
    window
        Rows of the windows that will be compared with it: how much the reference varies by itself
        is read from chunks as long.
    columns, ignore, categorical, decimal, engine
        As `compare` takes them.

    Raises
    ------
    TableError
        The table can't be read, or lacks a column that was asked for, or rows; or `window` is
        no number of rows.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import compare, fit, save
    >>> january = pd.DataFrame({"amount": [n % 97 for n in range(1000)]})
    >>> save(fit(january, window=100), "january.json.gz")
    >>> compare("january.json.gz", january.tail(100)).drifted
    False
    """
    if window < 1:
        msg = f"window is {window}: it is a number of rows, 1 or more"
        raise TableError(msg)
    selection = Selection.of(columns, ignore, categorical)
    rows = opened(table, "reference", engine_called(engine), selection.columns)
    found = _profiled(rows, selection, table, decimal)
    return reference_of(rows, fit_bins(found), rows=found.rows, chunk=window, written=found.written)


def summarise(
    table: Handed, reference: Reference | str | Path, *, engine: str = Engine.AUTO
) -> Summary:
    """Summarise a table on a reference's bins, to be saved, merged, or compared.

    Parameters
    ----------
    table
        As `compare` takes it.
    reference
        One that `fit` made, or the path of a saved one.
    engine
        As `compare` takes it.

    Raises
    ------
    TableError
        The table can't be read, or the reference is not one.
    FormatError
        The saved reference is damaged, or of an unknown version.

    Examples
    --------
    >>> import pandas as pd
    >>> from monitoring import compare, fit, summarise
    >>> january = pd.DataFrame({"amount": [n % 97 for n in range(1000)]})
    >>> reference = fit(january, window=100)
    >>> today = summarise(january.tail(100), reference)
    >>> today.rows, compare(reference, today).drifted
    (100, False)
    """
    fitted = saved_reference(reference)
    if fitted is None:
        msg = (
            f"the reference is a {type(reference).__name__}, which holds no bins: "
            "give what `fit` made of it, or the path where that is saved"
        )
        raise TableError(msg)
    return _summarised(table, fitted, engine_called(engine))[0]


def _profiled(table: Table, selection: Selection, handed: Handed, decimal: str | None) -> Profile:
    """Profile the columns to compare of a table, which is named as it was handed in.

    Raises
    ------
    TableError
        One is not there, or there are no rows.
    """
    names = selection.names(table.columns)
    if decimal is not None and decimal not in DECIMALS:
        msg = f"decimal is {decimal!r}: a decimal mark is '.' or ','"
        raise InputError(msg)
    columns_read = profile(table, names, as_words=selection.categorical, decimal=decimal)
    if not columns_read.rows:
        name = f" {handed}" if isinstance(handed, str | Path) else ""
        msg = f"the reference{name} has no rows: there is nothing to compare with"
        raise TableError(msg)
    return columns_read


def _summarised(
    table: Handed, reference: Reference, engine: Engine
) -> tuple[Summary, CsvFormat, str]:
    """Summarise a table on a reference's bins; return how it was read and laid out too."""
    rows = opened(table, "current", engine, [part.name for part in reference.bins])
    summary, written = summarise_written(
        rows,
        reference.bins,
        reference.written,
        hash_of_bins=reference.training.bins_hash,
        model_version=reference.model_version,
    )
    return summary, written, rows.layout
