"""A drift verdict as a table in a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from monitoring.drift.verdict import COLUMNS, by_effect, cells, notes, rows_compared
from monitoring.wording import printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitoring.drift.verdict import FeatureVerdict, Verdict


def verdict_table(verdict: Verdict) -> RenderableType:
    """Return what a terminal shows of a verdict: sentence, table, notes."""
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in COLUMNS:
        table.add_column(title, justify="right" if title in ("effect", "q") else "left")
    for part in by_effect(verdict):
        table.add_row(*(escape(printable(cell)) for cell in cells(part)), style=_style(part))
    colour = "red" if verdict.drifted else "green"
    return Group(
        f"[bold {colour}]{escape(verdict.sentence)}[/]",
        f"[dim]{rows_compared(verdict)}[/]",
        "",
        table,
        *(f"[dim]{escape(printable(note))}[/]" for note in notes(verdict)),
    )


def _style(part: FeatureVerdict) -> str:
    if part.drifted:
        return "bold"
    return "" if part.changed or part.effect is None else "dim"
