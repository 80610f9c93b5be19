"""Blocks: some thousands of rows of one UTC day, packed into arrays of bytes.

One value of the database holds many rows, so that neither side handles each row and each number by
itself: Python joins the bytes of blocks and NumPy reads them where they lie. A block is written
once, with all of its rows, and never changed. Numbers are little-endian and of 8 bytes, words are
places in the block's own list of words. Blocks that lie together are joined before they are read,
so that blocks of one row, as a service writes them, are read alike.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from monitoring.errors import InputError
from monitoring.store.bulk_columns import Pieces, bytes_of, in_utf8
from monitoring.store.database_failure import StoreError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from monitoring.rows.rows import Rows

FORMAT = 1

LARGEST = 2_000
"""Rows of a block: few enough that a short window reads little beside its own."""

_FACTS = np.dtype([("event_time", "<i8"), ("arrival_time", "<i8"), ("amount", "<f8")])

_END = "\0"
"""What ends each id: no id holds it."""

_NUMBERS = "iufc"
"""Kinds of types that `select_dtypes("number")` takes, which takes longer to tell."""

MISSING = -1
"""The place of a missing word."""


@dataclass(frozen=True)
class Layout:
    """The features that rows have, in the order in which they are packed.

    Attributes
    ----------
    numeric, categorical
        Names of the features.
    """

    numeric: tuple[str, ...]
    categorical: tuple[str, ...]

    @classmethod
    def of(cls, features: pd.DataFrame) -> Layout:
        """Return the layout of a frame of features: all that is not a number is a word."""
        kinds = [(str(name), dtype.kind in _NUMBERS) for name, dtype in features.dtypes.items()]
        return cls(
            tuple(name for name, is_number in kinds if is_number),
            tuple(name for name, is_number in kinds if not is_number),
        )

    @classmethod
    def from_json(cls, text: str) -> Layout:
        """Read what `as_json` wrote.

        Raises
        ------
        StoreError
            A newer version of the code wrote it.
        """
        content = json.loads(text)
        if content["format"] != FORMAT:
            msg = f"blocks of format {content['format']} are newer than this version: update Tocsin"
            raise StoreError(msg)
        return cls(tuple(content["numeric"]), tuple(content["categorical"]))

    @cached_property
    def as_json(self) -> str:
        """The layout as it is saved."""
        content = {"format": FORMAT, "numeric": self.numeric, "categorical": self.categorical}
        return json.dumps(content)

    @property
    def id(self) -> str:
        """What its blocks name it by."""
        return hashlib.sha256(self.as_json.encode()).hexdigest()

    @property
    def of_row(self) -> np.dtype[np.void]:
        """The features of one row."""
        return np.dtype(
            [
                ("numbers", "<f8", (len(self.numeric),)),
                ("words", "<i4", (len(self.categorical),)),
            ]
        )


@dataclass(frozen=True, eq=False)
class Blocks:
    """Blocks as they are kept, each column as long as the others.

    Attributes
    ----------
    words
        JSON: the words of each categorical feature; None where there is no such feature.
    ids, facts, features
        The pieces of each row, all rows of a block together: its id, its times and amount, its
        features.
    """

    first_event: NDArray[np.datetime64]
    last_event: NDArray[np.datetime64]
    rows: NDArray[np.int32]
    words: Sequence[str] | None
    ids: Pieces
    facts: Pieces
    features: Pieces


def _ends(event_time: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Return where each block of rows in order of event time ends.

    No block goes beyond a UTC day: a window is looked for among blocks that begin on its days.
    """
    days = event_time.astype("datetime64[D]")
    of_days = [0, *(np.flatnonzero(days[1:] != days[:-1]) + 1).tolist(), len(event_time)]
    parts = [[*range(start + LARGEST, end, LARGEST), end] for start, end in pairwise(of_days)]
    return np.array([end for part in parts for end in part], np.int64)


def packed(rows: Rows, layout: Layout) -> Blocks:
    """Return the blocks of rows that are in order of event time."""
    facts = np.empty(len(rows), _FACTS)
    facts["event_time"] = rows.event_time.astype("datetime64[us]").view(np.int64)
    facts["arrival_time"] = rows.arrival_time.astype("datetime64[us]").view(np.int64)
    facts["amount"] = np.nan if rows.amount is None else plain(rows.amount)
    features = np.empty(len(rows), layout.of_row)
    mixed = bool(layout.categorical)
    frame = rows.features[list(layout.numeric)] if mixed else rows.features
    numbers, words = frame.to_numpy(np.float64), []
    ends = _ends(rows.event_time)
    starts = np.concatenate([np.zeros(1, np.int64), ends[:-1]])
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        features["numbers"][start:end] = plain(numbers[start:end])
        if mixed:
            part = _words(rows.features, layout, slice(start, end), features)
            words.append(json.dumps(part))
    ids = in_utf8(rows.row_id, _END.encode())
    return Blocks(
        first_event=rows.event_time[starts],
        last_event=rows.event_time[ends - 1],
        rows=np.diff(ends, prepend=0).astype(np.int32),
        words=words if mixed else None,
        ids=Pieces(ids.content, ids.ends[ends - 1]),
        facts=Pieces(bytes_of(facts), ends * _FACTS.itemsize),
        features=Pieces(bytes_of(features), ends * layout.of_row.itemsize),
    )


def plain(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return numbers of which equal ones have equal bytes: one NaN, and no negative zero."""
    alike = numbers + 0.0
    missing = np.isnan(alike)
    if missing.any():
        alike[missing] = np.nan
    return alike


def _words(
    features: pd.DataFrame, layout: Layout, part: slice, into: NDArray[np.void]
) -> dict[str, list[str]]:
    """Put the places of words into the features of rows; return the words of each feature."""
    import pandas as pd

    words = {}
    for place, name in enumerate(layout.categorical):
        codes, found = pd.factorize(features[name].iloc[part].to_numpy(object))
        into["words"][part, place] = codes
        words[name] = [str(word) for word in found]
    return words


@dataclass(frozen=True)
class Stored:
    """A block as it was read, or some that lie together.

    Attributes
    ----------
    features
        Empty where they are not wanted.
    """

    layout: Layout
    words: str | None
    ids: bytes | memoryview
    facts: bytes | memoryview
    features: bytes | memoryview


@dataclass(frozen=True, eq=False)
class Unpacked:
    """The rows of some blocks, one after the other, each array as long as the others.

    Attributes
    ----------
    features
        By name: float64, or `object` with None for what is missing.
    """

    row_id: list[str]
    event_time: NDArray[np.datetime64]
    arrival_time: NDArray[np.datetime64]
    amount: NDArray[np.float64]
    features: Mapping[str, NDArray[Any]]

    def __len__(self) -> int:
        return len(self.row_id)


def unpacked(
    blocks: Sequence[Stored], numeric: Sequence[str], categorical: Sequence[str]
) -> Unpacked:
    """Return the rows of blocks with these features; one that a row doesn't have is missing.

    Raises
    ------
    InputError
        A stored value is of another kind than it is wanted as.
    """
    facts = np.frombuffer(b"".join(block.facts for block in blocks), _FACTS)
    features: dict[str, NDArray[Any]] = {}
    if numeric or categorical:
        runs = list(_alike(blocks))
        features |= {name: _joined([run.numbers(name) for run in runs]) for name in numeric}
        features |= {name: _joined([run.words(name) for run in runs]) for name in categorical}
    return Unpacked(
        row_id=b"".join(block.ids for block in blocks).decode().split(_END)[:-1],
        event_time=facts["event_time"].astype("datetime64[us]"),
        arrival_time=facts["arrival_time"].astype("datetime64[us]"),
        amount=facts["amount"],
        features=features,
    )


def _joined(parts: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """Return parts one after the other; a single one as it is, for a copy would be of all rows."""
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def _alike(blocks: Sequence[Stored]) -> Iterator[_Run]:
    """Yield the blocks that lie together and have one layout and one list of words."""
    start = 0
    for end in range(1, len(blocks) + 1):
        one = blocks[start]
        if end < len(blocks) and (blocks[end].layout, blocks[end].words) == (one.layout, one.words):
            continue
        content = b"".join(block.features for block in blocks[start:end])
        yield _Run(one.layout, one.words, np.frombuffer(content, one.layout.of_row))
        start = end


@dataclass(frozen=True)
class _Run:
    """Rows of one layout, whose words are places in one list."""

    layout: Layout
    listed: str | None
    rows: NDArray[np.void]

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return the numbers of a feature."""
        if name in self.layout.numeric:
            numbers: NDArray[np.float64] = self.rows["numbers"][:, self.layout.numeric.index(name)]
            return numbers
        if name in self.layout.categorical and (self._places(name) != MISSING).any():
            raise _other_kind(name, "words", "numeric")
        return np.full(len(self.rows), np.nan)

    def words(self, name: str) -> NDArray[np.object_]:
        """Return the words of a feature."""
        if name in self.layout.categorical:
            listed = json.loads(self.listed or "{}")[name]
            return np.array([*listed, None], object)[self._places(name)]
        if name in self.layout.numeric and not np.isnan(self.numbers(name)).all():
            raise _other_kind(name, "numbers", "categorical")
        return np.full(len(self.rows), None, object)

    def _places(self, name: str) -> NDArray[np.int32]:
        places: NDArray[np.int32] = self.rows["words"][:, self.layout.categorical.index(name)]
        return places


def _other_kind(name: str, stored: str, declared: str) -> InputError:
    return InputError(
        f"stored features are not of the declared kinds: {name!r} holds {stored}, and is declared "
        f"{declared}; declare it as it was, or give it another name"
    )
