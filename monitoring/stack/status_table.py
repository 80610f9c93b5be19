"""The local stack's status, and the progress of long work, in a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bars
from rich.table import Table

from monitoring.stack.status import ComponentStatus
from monitoring.stack.up import Progress


def table_of(components: Sequence[ComponentStatus]) -> Table:
    """Return the components as a table for the terminal."""
    table = Table(box=None, pad_edge=False)
    for column in ("component", "state", "address", "pid"):
        table.add_column(column)
    for component in components:
        state = (
            "[green]healthy[/green]" if component.healthy else f"[yellow]{component.state}[/yellow]"
        )
        table.add_row(component.name, state, component.url or "", str(component.pid or ""))
    return table


@contextmanager
def shown(console: Console) -> Iterator[Progress]:
    """Give a progress for `up` that keeps one table up to date in the terminal."""
    with Live(console=console, refresh_per_second=4) as live:
        yield lambda components: live.update(table_of(components))
    if not console.is_terminal:
        console.print()  # its last line is left open there, and the next would follow on it


@contextmanager
def counted(what: str) -> Iterator[Callable[[int, int], None]]:
    """Give a progress of `what`, so many of so many, that is drawn in the terminal."""
    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        task = bars.add_task(what, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)
