"""How CSV is read for a comparison: by the reference's notation, and what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from monitoring.summary.csv_format import PLAIN_FORMAT, CsvFormat, Notation, notations
from monitoring.summary.from_table import summarise_table
from monitoring.summary.profile import evidence_of
from monitoring.summary.table import Table
from monitoring.summary.types import ColumnStatus, FeatureBins, FeatureKind, Summary


def summarise_written(
    table: Table,
    bins: Sequence[FeatureBins],
    written: CsvFormat | None,
    *,
    hash_of_bins: str,
    model_version: str | None = None,
) -> tuple[Summary, CsvFormat]:
    """Summarise a window as its reference is written; return how it was read.

    A column that holds no numbers in the reference's notation, but does in another, is read by
    its own.

    Raises
    ------
    TableError
        The table can't be read.
    """
    written = written or PLAIN_FORMAT

    def summary(written: CsvFormat) -> Summary:
        return summarise_table(
            table.read_as(written), bins, hash_of_bins=hash_of_bins, model_version=model_version
        )

    window = summary(written)
    broken = [
        part.name
        for part in bins
        if part.kind is FeatureKind.NUMERIC
        and window.features[part.name].status is ColumnStatus.TYPE_CHANGED
    ]
    if not (table.has_text and broken):
        return window, written
    own = dict(_own(table, broken, written))
    if not own:
        return window, written
    written = CsvFormat({**written.notations, **own})
    return summary(written), written


def _own(table: Table, names: Sequence[str], written: CsvFormat) -> Iterator[tuple[str, Notation]]:
    """Yield how columns of numbers are written, where that is not as in the reference."""
    for name, evidence in evidence_of(table, names).items():
        before = written.notation(name)
        for notation in notations({name: evidence}, before.decimal).values():
            if notation != before:
                yield name, notation


def what_was_read(
    reference: CsvFormat | None, window: CsvFormat, layouts: dict[str, str]
) -> list[str]:
    """Say how CSV was read, where that is worth saying.

    Parameters
    ----------
    layouts
        How the files of reference and window are laid out, by what they are called.
    """
    said = [f"{which} has {words}" for which, words in layouts.items() if words]
    before = reference or PLAIN_FORMAT
    by_notation: dict[Notation, list[str]] = {}
    for name, notation in before.notations.items():
        by_notation.setdefault(notation, []).append(name)
    said += [f"{', '.join(names)}: {notation}" for notation, names in by_notation.items()]
    said += [
        f"{name} of current: {notation}; of the reference: {before.notation(name)}"
        for name, notation in window.notations.items()
        if notation != before.notation(name)
    ]
    return said
