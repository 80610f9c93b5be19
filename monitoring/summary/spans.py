"""Where a reference is cut into chunks as long as the verdict's window."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_CHUNKS = 100
"""Chunks that are kept, evenly spread over the reference: more tell little that is new."""

COVERED = 0.9
"""Share of a chunk's length that the rows must reach over for it to count as a whole one."""

Item = TypeVar("Item")


def row_spans(rows: int, length: int) -> list[range]:
    """Return the whole spans of `length` rows, at most `MAX_CHUNKS`; none where that is 0."""
    if length == 0:
        return []
    return [range(at, at + length) for at in spread(range(0, rows - length + 1, length))]


def time_spans(times: NDArray[np.datetime64], length: timedelta) -> list[range]:
    """Return the whole spans of rows, in order of their times, at most `MAX_CHUNKS`.

    Cut at multiples of `length` since 1970, as schedules do; partial spans are left out.
    """
    if times.size == 0:
        return []
    step = np.timedelta64(length)
    since = times - np.datetime64(0, "us")
    starts = np.flatnonzero(np.diff(since // step, prepend=since[0] // step - 1))
    ends = np.append(starts[1:], len(times))
    spans = [range(*span) for span in zip(starts.tolist(), ends.tolist(), strict=True)]
    first = 0 if since[0] % step <= (1 - COVERED) * step else 1
    last = len(spans) if since[-1] % step >= COVERED * step else len(spans) - 1
    return spread(spans[first:last])


def spread(spans: Sequence[Item]) -> list[Item]:
    """Return all, or of more than `MAX_CHUNKS` as many, evenly spread."""
    if len(spans) <= MAX_CHUNKS:
        return list(spans)
    picked = np.linspace(0, len(spans) - 1, MAX_CHUNKS).round().astype(int)
    return [spans[index] for index in picked.tolist()]
