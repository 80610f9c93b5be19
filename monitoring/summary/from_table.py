"""The summary of a window, or of a reference, from a table that any engine reads."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial, reduce
from operator import add

from monitoring.summary.csv_format import CsvFormat
from monitoring.summary.fingerprint import bins_hash
from monitoring.summary.one_pass import Pass, count_rows, summary_of
from monitoring.summary.score_bins import score_bin_edges
from monitoring.summary.spans import row_spans
from monitoring.summary.table import Table
from monitoring.summary.types import FeatureBins, Reference, Summary

THRESHOLD = 0.5
"""Decision threshold of a reference without a model; nothing lies on its score bins."""


def summarise_table(
    table: Table,
    bins: Sequence[FeatureBins],
    *,
    hash_of_bins: str,
    model_version: str | None = None,
) -> Summary:
    """Summarise a table's features on bins.

    A column that is not there, or has another type, gets a status; the others are summarised.

    Raises
    ------
    TableError
        The table can't be read.
    """
    counted = _counted(table, bins, ()).whole
    return summary_of(counted, bins, bins_hash=hash_of_bins, model_version=model_version)


def hash_of(bins: Sequence[FeatureBins]) -> str:
    """Return the hash of the bins of a reference without scores."""
    return bins_hash(bins, score_bin_edges(None, THRESHOLD))


def reference_of(
    table: Table,
    bins: tuple[FeatureBins, ...],
    *,
    rows: int,
    chunk: int,
    written: CsvFormat | None = None,
) -> Reference:
    """Count a reference, and its chunks, on bins that were fitted on it; features alone.

    Parameters
    ----------
    rows
        Rows of the table.
    chunk
        Rows of the verdict's window; 0 for a reference without chunks.
    written
        How the table's text is written; None where it has none.

    Raises
    ------
    TableError
        The table can't be read.
    """
    key = hash_of(bins)
    counted = _counted(
        table if written is None else table.read_as(written), bins, row_spans(rows, chunk)
    )
    training, *chunks = (
        summary_of(part, bins, bins_hash=key, model_version=None)
        for part in (counted.whole, *counted.spans)
    )
    return Reference(
        bins=bins,
        score_edges=score_bin_edges(None, THRESHOLD),
        threshold=THRESHOLD,
        training=training,
        chunks=tuple(chunks),
        importance={part.name: 1 / len(bins) for part in bins},
        written=written,
    )


def _counted(table: Table, bins: Sequence[FeatureBins], spans: Sequence[range]) -> Pass:
    work = partial(count_rows, bins=bins, spans=spans)
    return reduce(add, table.read([part.name for part in bins], work, placed=bool(spans)))
