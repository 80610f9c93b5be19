"""What is found beside the scores of logs: rows and labels that are not as they should be."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from monitoring.sources.logs.id_hashes import IdHashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MICRO = 1_000_000


@dataclass
class SharedIds:
    """How many rows have an id that a row before them has.

    Exact for up to `most` ids; of more, those are counted whose numbers are small, and stand for
    the others.
    """

    most: int = 1 << 20
    _below: int = 2**64 - 1
    _share: int = 1
    _held: list[NDArray[np.uint64]] = field(default_factory=list)
    _size: int = 0

    def add(self, ids: NDArray[np.uint64]) -> None:
        """Count rows, by what stands for their ids."""
        self._take(ids[ids <= np.uint64(self._below)])
        while self._size > self.most:
            self._below //= 2
            self._share *= 2
            held = np.concatenate(self._held)
            self._held, self._size = [], 0
            self._take(held[held <= np.uint64(self._below)])

    @property
    def rows(self) -> int:
        """Rows that share their id with one before them."""
        if not self._held:
            return 0
        return (self._size - len(np.unique(np.concatenate(self._held)))) * self._share

    def _take(self, ids: NDArray[np.uint64]) -> None:
        self._held.append(ids)
        self._size += len(ids)


@dataclass
class Arrivals:
    """How many labels came in each stretch of time, and how many of them met a row.

    Attributes
    ----------
    length, offset
        Seconds of a stretch, and at which second from 1970 on one begins.
    came, met
        Labels by the number of the stretch; `came` is of those of the window alone that is read.
    """

    length: int
    offset: int
    came: Counter[int] = field(default_factory=Counter)
    met: Counter[int] = field(default_factory=Counter)

    def stretch_of(self, moment: datetime) -> int:
        """Return the number of the stretch that a moment lies in."""
        return int((moment.timestamp() - self.offset) // self.length)

    def add(self, counter: Counter[int], micros: NDArray[np.int64]) -> None:
        """Count labels by when they came."""
        stretch = (micros // _MICRO - self.offset) // self.length
        numbers, counts = np.unique(stretch, return_counts=True)
        counter.update(dict(zip(numbers.tolist(), counts.tolist(), strict=True)))


@dataclass
class ScoreProblems:
    """What was found beside the scores of a window.

    Attributes
    ----------
    outside
        Rows whose score is outside its kind, or not there.
    other_versions
        Rows that other versions scored, by their names.
    conflicting, early
        Rows with labels that contradict each other, or are older than the row.
    without_id
        Rows that no label can meet.
    shared
        Rows whose id others have too: a label counts for each.
    arrivals
        When labels came, of a table of their own; None where nobody asks.
    hashes
        What stands for the ids of rows and labels.
    """

    outside: int = 0
    other_versions: dict[str, int] = field(default_factory=dict)
    conflicting: int = 0
    early: int = 0
    without_id: int = 0
    shared: SharedIds = field(default_factory=SharedIds)
    arrivals: Arrivals | None = None
    hashes: IdHashes = field(default_factory=IdHashes)
