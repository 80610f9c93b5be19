"""Table: Markdown, printed row by row as it is measured."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np

from benchmarks.table import table as plain_table

Part: TypeAlias = Callable[[float], None]
"""Prints one table; takes how many windows to measure, as a part of the usual."""


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a title and a table."""
    print(f"## {title}\n")
    plain_table(head, rows)


def rate(found: Sequence[bool] | Sequence[float], digits: int = 1) -> str:
    """Say how often something was found."""
    return f"{np.mean(found):.{digits}%}" if len(found) else ""


def scaled(windows: int, scale: float, *, least: int = 2) -> int:
    """Return how many windows to measure."""
    return max(least, round(windows * scale))
