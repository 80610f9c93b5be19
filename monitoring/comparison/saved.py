"""Saved: a reference or a summary that was handed in, as an object or as the path of its file."""

from __future__ import annotations

from pathlib import Path

from monitoring.comparison.tables import Handed
from monitoring.summary.files import ENDING, load_reference, load_summary
from monitoring.summary.table import TableError
from monitoring.summary.types import Reference, Summary


def saved_reference(handed: Handed) -> Reference | None:
    """Return the reference that was handed in; None where it is a table.

    Raises
    ------
    TableError
        It is a summary.
    FormatError
        Its file is damaged, or of an unknown version.
    """
    if isinstance(handed, Summary):
        msg = "the reference is a summary, which has no bins: give the Reference that it lies on"
        raise TableError(msg)
    if isinstance(handed, Reference):
        return handed
    return load_reference(Path(handed)) if _is_saved(handed) else None


def saved_summary(handed: Handed) -> Summary | None:
    """Return the summary that was handed in; None where it is a table.

    Raises
    ------
    FormatError
        Its file is damaged, or of an unknown version.
    """
    if isinstance(handed, Summary):
        return handed
    return load_summary(Path(handed)) if _is_saved(handed) else None


def _is_saved(handed: Handed) -> bool:
    return isinstance(handed, str | Path) and str(handed).endswith(ENDING)
