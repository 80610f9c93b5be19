"""Which rows of a table are in its sample, decided by their places alone.

Each place has a number of its own, as if drawn at random but always the same; the rows with the
smallest numbers are the sample. So it does not matter in what portions, or on how many machines,
a table is read; and a periodic order of rows is no danger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ALL = np.uint64(2**64 - 1)
"""The limit under which every number lies."""

SLACK = 1.25
"""How many times its size a sample may grow before what is too much is dropped."""

_BLOCK = 1 << 20


def draw(start: int, stop: int) -> NDArray[np.uint64]:
    """Return the numbers of the places from `start` up to `stop`."""
    return mixed(np.arange(start + 1, stop + 1, dtype=np.uint64))


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return a number for each that looks drawn at random; two for no two different ones.

    SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA
    (2014).
    """
    found = numbers * np.uint64(0x9E3779B97F4A7C15)
    found = (found ^ (found >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    found = (found ^ (found >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    drawn: NDArray[np.uint64] = found ^ (found >> np.uint64(31))
    return drawn


def limit_of(rows: int, size: int) -> np.uint64:
    """Return the largest number among the `size` smallest ones of a table of so many rows."""
    if rows <= size:
        return ALL
    # Nearly all rows lie above this; those below are surely enough.
    rough = np.uint64(min((size + 10 * np.sqrt(size) + 100) / rows, 1.0) * float(ALL) * (1 - 1e-9))
    low = [
        numbers[numbers <= rough]
        for start in range(0, rows, _BLOCK)
        for numbers in (draw(start, min(start + _BLOCK, rows)),)
    ]
    return _smallest(np.concatenate(low), size)


class Sampler:
    """Picks rows as they pass.

    Parameters
    ----------
    size
        Rows of the sample.
    rows
        Rows of the table where that is known; then nothing is picked that is dropped later.
    """

    def __init__(self, size: int, rows: int | None) -> None:
        self._size = size
        self._limit = ALL if rows is None else limit_of(rows, size)
        self._numbers: list[NDArray[np.uint64]] = []
        self._held = 0

    def pick(self, start: int, rows: int) -> NDArray[np.intp]:
        """Return which of the next rows are picked, as places among them."""
        numbers = draw(start, start + rows)
        picked = np.flatnonzero(numbers <= self._limit)
        self._numbers.append(numbers[picked])
        self._held += len(picked)
        return picked

    def drop(self, *, last: bool = False) -> NDArray[np.intp] | None:
        """Return the places of what stays of all that was picked; None where all of it does.

        It is more than the sample's size until the `last` time.
        """
        if self._held <= self._size * (1 if last else SLACK):
            return None
        numbers = np.concatenate(self._numbers)
        self._limit = _smallest(numbers, self._size)
        stays = np.flatnonzero(numbers <= self._limit)
        self._numbers, self._held = [numbers[stays]], len(stays)
        return stays


def _smallest(numbers: NDArray[np.uint64], count: int) -> np.uint64:
    """Return the largest of the `count` smallest numbers."""
    return np.uint64(np.partition(numbers, count - 1)[count - 1])
