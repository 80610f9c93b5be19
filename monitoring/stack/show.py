"""Showing the local stack's parts in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from monitoring.stack.status import PartStatus
from monitoring.stack.up import Progress


def table_of(parts: Sequence[PartStatus]) -> Table:
    """Return the parts as a table for people."""
    table = Table(box=None, pad_edge=False)
    for column in ("part", "state", "where", "pid"):
        table.add_column(column)
    for part in parts:
        state = "[green]healthy[/green]" if part.healthy else f"[yellow]{part.state}[/yellow]"
        table.add_row(part.name, state, part.url or "", str(part.pid or ""))
    return table


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """Give a progress for `up` that keeps one table up to date in the terminal."""
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda parts: live.update(table_of(parts))


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a progress of `what`, so many of so many, that is drawn in the terminal."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
