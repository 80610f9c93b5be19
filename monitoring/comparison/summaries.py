"""Summaries: tables made into what can be kept and compared in their stead."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from monitoring.comparison.saved import saved_reference
from monitoring.comparison.tables import Engine, Handed, engine_called, names_of, opened
from monitoring.summary.fit import fit_bins
from monitoring.summary.from_table import reference_of, summarise_table
from monitoring.summary.profile import Profile, profile
from monitoring.summary.table import Table, TableError
from monitoring.summary.types import Reference, Summary


def fit(
    table: Handed,
    *,
    window: int,
    columns: Sequence[str] | None = None,
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
    columns
        Columns to judge; all by default.
    engine
        As `compare` takes it.

    Raises
    ------
    TableError
        The table can't be read, or lacks a column that was asked for, or rows; or `window` is
        no number of rows.

    Examples
    --------
    >>> from monitoring import compare, fit, save
    >>> save(fit("january/", window=50_000), "january.json.gz")  # doctest: +SKIP
    >>> compare("january.json.gz", "today.parquet").drifted  # doctest: +SKIP
    """
    if window < 1:
        msg = f"window is {window}: it is the rows of a window, 1 or more"
        raise TableError(msg)
    rows = opened(table, "reference", engine_called(engine), columns)
    found = profiled(rows, columns)
    return reference_of(rows, fit_bins(found), rows=found.rows, chunk=window)


def summarise(
    table: Handed, reference: Reference | str | Path, *, engine: str = Engine.AUTO
) -> Summary:
    """Summarise a table on a reference's bins, to be saved, merged, or compared.

    Parameters
    ----------
    table, engine
        As `compare` takes them.
    reference
        One that `fit` made, or the path of a saved one.

    Raises
    ------
    TableError
        The table can't be read, or the reference is none.
    FormatError
        The saved reference is damaged, or of an unknown version.
    """
    fitted = saved_reference(reference)
    if fitted is None:
        msg = (
            f"the reference is a {type(reference).__name__}, which holds no bins: "
            "give what `fit` made of it, or the path where that is saved"
        )
        raise TableError(msg)
    return summarised(table, fitted, engine_called(engine))


def profiled(table: Table, columns: Sequence[str] | None) -> Profile:
    """Profile the columns to judge.

    Raises
    ------
    TableError
        One is not there, or there are no rows.
    """
    found = profile(table, names_of(table.columns, columns))
    if not found.rows:
        msg = "the reference has no rows: there is nothing to compare with"
        raise TableError(msg)
    return found


def summarised(table: Handed, reference: Reference, engine: Engine) -> Summary:
    """Summarise a table on a reference's bins."""
    return summarise_table(
        opened(table, "current", engine, [part.name for part in reference.bins]),
        reference.bins,
        hash_of_bins=reference.training.bins_hash,
        model_version=reference.model_version,
    )
