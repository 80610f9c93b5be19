"""Synthetic times: moments in a daily cycle, written as a use case's files write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.use_case import EventTime

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

_DAY = 86_400
_QUIET = 0.85  # how much less there is going on at the quietest time of the day
_QUIET_AT = 3 * 3600
_ISO_START = np.datetime64("2024-01-01", "s")


def seconds_in_cycle(rows: int, days: float, rng: Generator) -> NDArray[np.int64]:
    """Return ascending whole seconds over `days`, fewest at three in the night."""
    grid = np.arange(0, int(days * _DAY), 60)
    activity = 1 - _QUIET * np.cos(2 * np.pi * (grid - _QUIET_AT) / _DAY)
    minute = rng.choice(grid, rows, p=activity / activity.sum())
    return np.sort(minute + rng.integers(0, 60, rows))


def written(seconds: NDArray[np.int64], declared: EventTime) -> Any:
    """Return times as the column holds them: numbers since the origin, or ISO 8601 text."""
    if declared.unit == "iso":
        return np.datetime_as_string(_ISO_START + seconds, timezone="UTC").tolist()
    return seconds.astype(np.float64) * {"s": 1, "ms": 1000}[declared.unit]
