"""Compare: the door for a notebook and for `tocsin drift`: two tables in, a verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from monitoring.comparison.tables import Engine, Handed, opened
from monitoring.drift.judge import drift_verdict
from monitoring.drift.verdict import SHARE_LIMIT, Verdict
from monitoring.summary.files import load_reference, load_summary
from monitoring.summary.fit import fit_bins
from monitoring.summary.from_table import hash_of, reference_of, summarise_table
from monitoring.summary.profile import profile
from monitoring.summary.table import TableError
from monitoring.summary.types import Reference, Summary

SAVED = ".json.gz"
"""How the name of a saved reference or summary ends."""

MIN_EFFECT = 0.1
RATE = 0.02
MIN_ROWS = 50
"""What a use case has too where it says nothing else; a test holds them equal. Importing one takes
longer than the comparison of small files."""


@dataclass(frozen=True)
class ChosenLimits:
    """When `current` counts as drifted."""

    min_effect: float
    rate: float
    min_rows: int = MIN_ROWS

    def __post_init__(self) -> None:
        if not 0 <= self.min_effect <= 1:
            msg = f"min_effect is {self.min_effect}: it is a distance, from 0 to 1"
            raise ValueError(msg)
        if not 0 < self.rate < 1:
            msg = f"rate is {self.rate}: a false discovery rate lies between 0 and 1"
            raise ValueError(msg)


def compare(
    reference: Handed | Reference,
    current: Handed | Summary,
    *,
    columns: Sequence[str] | None = None,
    min_effect: float = MIN_EFFECT,
    rate: float = RATE,
    share_limit: float = SHARE_LIMIT,
    engine: str = Engine.AUTO,
) -> Verdict:
    """Judge whether `current` has drifted from `reference`.

    Rows are taken to be in order: how much the reference varies by itself is read from chunks of
    it as long as `current`, where there are at least eight.

    Parameters
    ----------
    reference, current
        A pandas, polars or Arrow table, a Spark DataFrame, or the path of a CSV or Parquet file,
        of a folder of them, or a pattern. Instead of rows, the reference may be a saved one (an
        object, or the path of a `.json.gz`), and then `current` a saved summary on its bins.
    columns
        Columns to judge; all of the reference's by default. Text, categories and mixed objects
        are compared as words; numbers, booleans and times as numbers.
    min_effect
        Smallest effect that matters: a Jensen-Shannon distance, 0 to 1.
    rate
        False discovery rate across columns.
    share_limit
        Share of drifted columns above which the whole has drifted.
    engine
        What reads files: memory, or duckdb whatever their size; by default duckdb from 64 MB on.
        Tables in memory are read there, Spark reads its own. All find the same.

    Raises
    ------
    TableError
        A table can't be read, or the reference lacks a column that was asked for, or rows.
    FormatError
        A saved reference or summary is damaged, or of an unknown version.

    Examples
    --------
    >>> from monitoring import compare
    >>> compare("january.parquet", "february.parquet").drifted_features  # doctest: +SKIP
    """
    limits = ChosenLimits(min_effect, rate)
    reads = _engine(engine)
    saved = _saved_reference(reference)
    if saved is None:
        fitted, window = _from_tables(reference, current, columns, reads)
    else:
        fitted = _only(saved, columns)
        window = _window(fitted, current, reads)
    return drift_verdict(fitted, window, limits, id="compare", share_limit=share_limit)


def _engine(name: str) -> Engine:
    try:
        return Engine(name)
    except ValueError as error:
        msg = f"there is no engine {name!r}: it is one of {', '.join(Engine)}"
        raise TableError(msg) from error


def _from_tables(
    reference: Handed, current: Handed | Summary, columns: Sequence[str] | None, engine: Engine
) -> tuple[Reference, Summary]:
    """Fit bins on the reference, summarise the window, then the reference by chunks as long."""
    if isinstance(current, Summary) or _is_saved(current):
        msg = (
            "a saved summary lies on the bins of the reference that it was made with: "
            "give that reference, saved, instead of rows"
        )
        raise TableError(msg)
    before = opened(reference, "reference", engine, columns)
    names = _names(before.columns, columns)
    now = opened(current, "current", engine, names)
    found = profile(before, names)
    if not found.rows:
        msg = "the reference has no rows: there is nothing to compare with"
        raise TableError(msg)
    bins = fit_bins(found)
    window = summarise_table(now, bins, hash_of_bins=hash_of(bins))
    return reference_of(before, bins, rows=found.rows, chunk=window.rows), window


def _names(there: Sequence[str], columns: Sequence[str] | None) -> Sequence[str]:
    """Return the columns to judge."""
    names = there if columns is None else list(dict.fromkeys(columns))
    absent = [name for name in names if name not in there]
    if absent:
        msg = f"the reference has no column {', '.join(absent)}: it has {', '.join(there)}"
        raise TableError(msg)
    if not names:
        msg = "the reference has no columns to compare"
        raise TableError(msg)
    return names


def _saved_reference(reference: Handed | Reference) -> Reference | None:
    if isinstance(reference, Summary):
        msg = "the reference is a summary, which has no bins: give the Reference that it lies on"
        raise TableError(msg)
    if isinstance(reference, Reference):
        return reference
    return load_reference(Path(reference)) if _is_saved(reference) else None


def _is_saved(handed: Handed) -> bool:
    return isinstance(handed, str | Path) and str(handed).endswith(SAVED)


def _window(reference: Reference, current: Handed | Summary, engine: Engine) -> Summary:
    if isinstance(current, Summary):
        return current
    if _is_saved(current):
        return load_summary(Path(current))
    names = [part.name for part in reference.bins]
    return summarise_table(
        opened(current, "current", engine, names),
        reference.bins,
        hash_of_bins=reference.training.bins_hash,
        model_version=reference.model_version,
    )


def _only(reference: Reference, columns: Sequence[str] | None) -> Reference:
    """Return a reference of some of its features."""
    if columns is None:
        return reference
    wanted = _names([part.name for part in reference.bins], columns)
    return replace(reference, bins=tuple(b for b in reference.bins if b.name in wanted))
