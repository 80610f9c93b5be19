"""The raw rows of a source: all of its files as one table, and what each row is called."""

from __future__ import annotations

import hashlib
import logging
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from monitoring.row_files import CSV_ENDINGS
from monitoring.sources.location import FoundFile, SourceError
from monitoring.sources.source_csv import DETECTED, DeclaredCsv, MalformedRow
from monitoring.sources.source_file import LARGEST, SourceFile, parse_file
from monitoring.summary.csv_format import COMMA, UndecidedError
from monitoring.wording import several

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

_log = logging.getLogger(__name__)

_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}")
_NUMBER = re.compile(r"-?(0|[1-9]\d*)\.\d+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, eq=False)
class SourceRows:
    """The rows of a source as they were read.

    Attributes
    ----------
    place
        What errors call the source.
    frame
        The rows that could be put into columns.
    malformed
        The others; their numbers count all rows of the source.
    sha256
        Of the content, uncompressed, in hex; the same in whatever order it was listed.
    called
        Ids for rows by their numbers, where the use case has no column of ids.
    """

    place: str
    frame: pd.DataFrame
    malformed: tuple[MalformedRow, ...]
    sha256: str
    called: Callable[[NDArray[np.int64]], list[str]]


def numbered(sha256: str) -> Callable[[NDArray[np.int64]], list[str]]:
    """Return ids by the hash of a file and the number of a row in it."""
    return _Numbered((sha256,), (0,))


@dataclass(frozen=True)
class _Numbered:
    """Ids that stay when files are added: each begins with the hash of the row's own file."""

    hashes: tuple[str, ...]
    starts: tuple[int, ...]

    def __call__(self, numbers: NDArray[np.int64]) -> list[str]:
        files = ((bisect_right(self.starts, number) - 1, number) for number in numbers.tolist())
        return [f"{self.hashes[file][:12]}-{row - self.starts[file]}" for file, row in files]


def rows_of_files(
    place: str,
    files: Sequence[FoundFile],
    text: Collection[str] = (),
    needed: Collection[str] = (),
    *,
    declared: DeclaredCsv = DETECTED,
) -> SourceRows:
    """Read files as one table, one after the other; a column that one lacks is missing there.

    Parameters
    ----------
    text
        Columns that are text, whatever it looks like.
    needed
        Columns that no file may lack if another has them.
    declared
        What is said of CSV; all else is detected, and logged.

    Raises
    ------
    SourceError
        A file can't be read, all of them hold more than `LARGEST`, or one lacks a needed column.
    """
    read = _parsed(place, files, text, declared)
    lacking = [
        f"{file.name} has no column {column!r}"
        for column in needed
        if any(column in one.frame.columns for _, one in read)
        for file, one in read
        if column not in one.frame.columns
    ]
    if lacking:
        more = f" (and {len(lacking) - 3} more)" if len(lacking) > 3 else ""
        msg = (
            f"{place}: {'; '.join(lacking[:3])}{more}, and other files of the source have: "
            "narrow the path, or name the column alike in all of them"
        )
        raise SourceError(msg)
    hashes, starts, malformed = [], [], []
    start = 0
    for key, (_, one) in zip(_keys(read), read, strict=True):
        hashes.append(key)
        starts.append(start)
        malformed += [replace(row, row_number=row.row_number + start) for row in one.malformed]
        start += len(one.frame) + len(one.malformed)
    return SourceRows(
        place=place,
        frame=_stacked([one.frame for _, one in read]),
        malformed=tuple(malformed),
        sha256=hashes[0]
        if len(hashes) == 1
        else hashlib.sha256("".join(hashes).encode()).hexdigest(),
        called=_Numbered(tuple(hashes), tuple(starts)),
    )


def _parsed(
    place: str, files: Sequence[FoundFile], text: Collection[str], declared: DeclaredCsv
) -> list[tuple[FoundFile, SourceFile]]:
    """Parse files; a column that is text in one of them is read as text in all."""
    read = _parsed_alike(files, text, declared)
    if not read:
        msg = f"{place}: {several(len(files), 'file, empty', 'files, all empty')}"
        raise SourceError(msg)
    said = dict.fromkeys(said for _, one in read for said in one.read)
    if said:
        _log.info("%s: read as CSV: %s", place, "; ".join(said))
    numbers = frozenset[str]().union(*(one.numbers for _, one in read))
    words = _sometimes_text([one.frame for _, one in read]) - set(text) - numbers
    if words:
        read = [
            (file, parse_file(file.name, file.content(LARGEST), (*text, *words), declared))
            if _is_csv(file)
            and any(not _is_words(one.frame[name]) for name in words & set(one.frame))
            else (file, one)
            for file, one in read
        ]
    return _with_partitions(read, text)


def _parsed_alike(
    files: Sequence[FoundFile], text: Collection[str], declared: DeclaredCsv
) -> list[tuple[FoundFile, SourceFile]]:
    """Parse files; where one leaves open what its decimal mark is, the others decide."""
    read: dict[int, SourceFile] = {}
    undecided: dict[int, UndecidedError] = {}
    left = LARGEST
    for place, file in enumerate(files):
        content = file.content(left)
        left -= len(content)
        if not content and len(files) > 1 and _is_csv(file):
            _log.warning("%s is empty, without a header: it counts as no rows", file.name)
            continue
        try:
            read[place] = parse_file(file.name, content, text, declared)
        except UndecidedError as error:
            undecided[place] = error
    marks = frozenset[str]().union(*(one.marks for one in read.values()))
    if len(marks) == 1 and declared.decimal is None:
        told = replace(declared, decimal=next(iter(marks)))
        unmarked = [place for place, one in read.items() if not one.marks and COMMA in marks]
        for place in (*undecided, *unmarked):
            file = files[place]
            read[place] = parse_file(file.name, file.content(LARGEST), text, told)
        undecided.clear()
    for place, cause in undecided.items():
        msg = f"{files[place].name}: {cause}"
        raise SourceError(msg) from cause
    return [(files[place], read[place]) for place in sorted(read)]


def _is_csv(file: FoundFile) -> bool:
    return file.inside.casefold().endswith(CSV_ENDINGS)


def _sometimes_text(frames: Sequence[pd.DataFrame]) -> set[str]:
    """Return the columns that hold text in some frames and something else in others."""
    kinds: dict[str, set[bool]] = {}
    for frame in frames:
        for name in frame.columns:
            there = frame[name].notna()
            if there.any():
                kinds.setdefault(str(name), set()).add(_is_words(frame[name]))
    return {name for name, kind in kinds.items() if len(kind) > 1}


def _is_words(column: pd.Series) -> bool:
    return bool(column.dtype == "str") or str(column.dtype) == "category"


def _with_partitions(
    read: Sequence[tuple[FoundFile, SourceFile]], text: Collection[str]
) -> list[tuple[FoundFile, SourceFile]]:
    """Add the columns that folders name; a file's own column of that name stays."""
    values: dict[str, list[str | None]] = {}
    for file, _ in read:
        for column, value in file.partitions.items():
            values.setdefault(column, []).append(value)
    kinds = {name: str if name in text else _kind(those) for name, those in values.items()}
    partitioned = []
    for file, one in read:
        added: dict[str, Any] = {
            name: [None if value is None else kinds[name](value)] * len(one.frame)
            for name, value in file.partitions.items()
            if name not in one.frame.columns
        }
        partitioned.append((file, replace(one, frame=one.frame.assign(**added))))
    return partitioned


def _kind(values: Sequence[str | None]) -> Callable[[str], object]:
    """Return what all values of a partition's column are: whole numbers, numbers, dates or text."""
    there = [value for value in values if value is not None]
    if all(map(_WHOLE.fullmatch, there)):
        return int
    if all(_WHOLE.fullmatch(value) or _NUMBER.fullmatch(value) for value in there):
        return float
    if all(map(_is_date, there)):
        return date.fromisoformat
    return str


def _is_date(value: str) -> bool:
    try:
        return _DATE.fullmatch(value) is not None and date.fromisoformat(value) is not None
    except ValueError:
        return False


def _keys(read: Sequence[tuple[FoundFile, SourceFile]]) -> list[str]:
    """Return what the ids of each file's rows begin with: of content and partitions, never twice.

    Neither depends on where the source lies, nor on which other files there are.
    """
    keys = []
    seen: Counter[str] = Counter()
    for file, one in read:
        key = one.sha256
        if file.partitions:
            key = hashlib.sha256(f"{key}{sorted(file.partitions.items())}".encode()).hexdigest()
        seen[key] += 1
        again = seen[key] - 1
        keys.append(hashlib.sha256(f"{key}-{again}".encode()).hexdigest() if again else key)
    return keys


def _stacked(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    import pandas as pd

    if len(frames) == 1:
        return frames[0]
    names = list(dict.fromkeys(name for frame in frames for name in frame.columns))
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return frames[0].reindex(columns=names)
    return pd.concat(filled, ignore_index=True).reindex(columns=names)
