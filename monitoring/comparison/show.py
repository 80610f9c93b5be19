"""Show: a verdict as a table in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from monitoring.drift.verdict import headline, notes, printable

if TYPE_CHECKING:
    from rich.console import RenderableType

    from monitoring.drift.verdict import FeatureVerdict, Verdict


def verdict_table(verdict: Verdict) -> RenderableType:
    """Return what a terminal shows of a verdict: sentence, table, notes."""
    from rich.console import Group
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for title in ("feature", "effect", "q", "", "what moved"):
        table.add_column(title, justify="right" if title in ("effect", "q") else "left")
    for part in _in_order(verdict):
        table.add_row(*(escape(printable(cell)) for cell in _cells(part)), style=_style(part))
    colour = "red" if verdict.drifted else "green"
    said = f"[bold {colour}]{escape(headline(verdict))}[/]"
    return Group(
        said, "", table, *(f"[dim]{escape(printable(note))}[/]" for note in notes(verdict))
    )


def _in_order(verdict: Verdict) -> Iterator[FeatureVerdict]:
    if verdict.scores is not None and verdict.scores.effect is not None:
        yield verdict.scores
    yield from sorted(
        verdict.features, key=lambda part: (not part.drifted, -(part.effect or 0.0), part.name)
    )


def _cells(part: FeatureVerdict) -> tuple[str, ...]:
    if part.effect is None or part.q_value is None:
        return part.name, "", "", part.status.value, part.reason
    word = "drifted" if part.drifted else "changed" if part.changed else ""
    return part.name, f"{part.effect:.2f}", f"{part.q_value:.1g}", word, part.reason


def _style(part: FeatureVerdict) -> str:
    if part.drifted:
        return "bold"
    return "" if part.changed or part.effect is None else "dim"
