"""Files of any size, read in portions: CSV or Parquet, here or far away, or CSV from a stream."""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import sys
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, cast

from monitoring.bounded_file import open_regular
from monitoring.errors import InputError
from monitoring.row_files import CSV_ENDINGS, ENDINGS
from monitoring.sources.location import FoundFile, SourceError, readable, source_files
from monitoring.sources.schema_check import CheckedRows, check
from monitoring.sources.source_csv import DeclaredCsv, MalformedRow
from monitoring.sources.source_file import LARGEST, parse_file
from monitoring.summary.csv_format import UndecidedError
from monitoring.summary.csv_layout import UTF8, CsvLayout, end_of_lines, is_unended, read_layout
from monitoring.summary.packed_file import bounded, is_packed
from monitoring.summary.unpacked_size import unpacked_size

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

    from monitoring.rows.key_history import StoredHistory
    from monitoring.use_case import UseCase

STDIN = "-"

PORTION_ROWS, PORTION_BYTES = 50_000, 8 * 2**20
"""Rows of a portion of Parquet, bytes of one of CSV: what is held in memory at once."""

_LONGEST = 8
"""Portions over which a row of CSV may go; beyond, a quote in it was never closed."""


@dataclass(frozen=True, eq=False)
class Portion:
    """Some rows of a file.

    Attributes
    ----------
    place
        What errors call the file.
    sha256
        Of the whole file's content, uncompressed, in hex.
    first_row
        How many rows of the file came before.
    malformed
        Rows that are not in `frame`, numbered from the file's first row.
    share
        How much of the file was read by the end of it, from 0 to 1.
    unended
        Whether it is of a CSV whose last line has no end: it may have been cut short.
    """

    place: str
    sha256: str
    frame: pd.DataFrame
    malformed: tuple[MalformedRow, ...]
    first_row: int
    share: float
    unended: bool = False

    def checked(
        self, case: UseCase, arrival: datetime, stored: StoredHistory | None
    ) -> CheckedRows:
        """Check the rows against what the use case declares; see `check`.

        Raises
        ------
        SchemaError
            They are not what it declares, or none of them is.
        """
        return check(
            self.frame,
            case,
            source_hash=self.sha256,
            first_row=self.first_row,
            malformed=self.malformed,
            arrival=arrival,
            stored=stored,
        )


def read_portions(
    place: str, declared: DeclaredCsv, text: Collection[str], wanted: Collection[str]
) -> Iterator[Portion]:
    """Yield the rows of a file, of the files below a folder, of a URL, or of standard input.

    Parameters
    ----------
    place
        A path, a pattern or a URL; `-` for CSV on standard input.
    declared
        What is said of CSV; all else is detected.
    text
        Columns of CSV that are text, whatever it looks like.
    wanted
        Columns of Parquet that are read, where they are there.

    Raises
    ------
    SourceError
        Nothing lies there, or it can't be read.
    """
    if place == STDIN:
        name = "standard input"
        with readable(name), _copied(sys.stdin.buffer, name, None) as (content, sha256):
            yield from _of_csv(name, content, sha256, declared, text)
        return
    files = source_files(place, Path())
    if not files:
        msg = (
            f"no file {place}: name a file that ends in {', '.join(ENDINGS)}, a folder of such "
            "files, a URL, or - for CSV on standard input"
        )
        raise SourceError(msg)
    for file in files:
        if not file.inside.casefold().endswith(ENDINGS):
            msg = f"{file.name}: a file of rows ends in one of {', '.join(ENDINGS)}"
            raise SourceError(msg)
        with (
            readable(file.name, far_away=file.remote is not None),
            _opened(file) as (content, sha256),
        ):
            if file.inside.casefold().endswith(CSV_ENDINGS):
                yield from _of_csv(file.name, content, sha256, declared, text)
            else:
                yield from _of_parquet(file.name, content, sha256, wanted)


@contextmanager
def _opened(file: FoundFile) -> Iterator[tuple[BinaryIO, str]]:
    """Open a file's content, unpacked, with its SHA-256; what can't be read twice is copied."""
    packed = is_packed(Path(file.inside))
    with ExitStack() as open_files:
        if file.remote is not None:
            raw = open_files.enter_context(file.remote.open(file.name, "rb"))
            size = file.remote.size(file.name) or 0
        else:
            raw = open_files.enter_context(open_regular(Path(file.name)))
            size = Path(file.name).stat().st_size
        if file.remote is None and not packed:
            sha256 = hashlib.file_digest(raw, "sha256").hexdigest()
            raw.seek(0)
            yield raw, sha256
            return
        if packed:
            raw = open_files.enter_context(gzip.GzipFile(fileobj=raw, mode="rb"))
        copied = _copied(cast("BinaryIO", raw), file.name, size if packed else None)
        yield open_files.enter_context(copied)


@contextmanager
def _copied(stream: BinaryIO, name: str, packed: int | None) -> Iterator[tuple[BinaryIO, str]]:
    """Copy a stream into a file without a name, gone when the block ends."""
    digest = hashlib.sha256()
    with tempfile.TemporaryFile() as copy:
        for portion in bounded(stream, None, name, packed=packed):
            digest.update(portion)
            copy.write(portion)
        copy.seek(0)
        yield cast("BinaryIO", copy), digest.hexdigest()


def _of_parquet(
    place: str, content: BinaryIO, sha256: str, wanted: Collection[str]
) -> Iterator[Portion]:
    from pyarrow import parquet

    def opened(texts: list[str]) -> parquet.ParquetFile:
        content.seek(0)
        return parquet.ParquetFile(content, read_dictionary=texts)

    try:
        unpacked_size(opened, wanted, portion=PORTION_ROWS, limit=LARGEST)
        content.seek(0)
        file = parquet.ParquetFile(content, page_checksum_verification=True)
        columns = [name for name in file.schema_arrow.names if name in wanted]
        rows, first_row = file.metadata.num_rows, 0
        for batch in file.iter_batches(batch_size=PORTION_ROWS, columns=columns):
            frame: Any = batch.to_pandas(ignore_metadata=True, integer_object_nulls=True)
            share = (first_row + len(frame)) / rows
            yield Portion(place, sha256, frame, (), first_row, share)
            first_row += len(frame)
    except (ValueError, OSError, NotImplementedError) as error:  # what Arrow's own errors are
        if isinstance(error, InputError):
            raise
        msg = f"{place}: can't be read as Parquet: {error}"
        raise SourceError(msg) from error


def _of_csv(
    place: str, content: BinaryIO, sha256: str, declared: DeclaredCsv, text: Collection[str]
) -> Iterator[Portion]:
    try:
        layout, _ = read_layout(content, delimiter=declared.delimiter, to_the_end=False)
    except (ValueError, csv.Error) as error:
        msg = f"{place}: can't be read as CSV: {error}"
        raise SourceError(msg) from error
    unended = is_unended(content, layout)
    size = content.tell()
    content.seek(0)
    declared = replace(declared, delimiter=layout.delimiter)
    # What standard input and a query's file are called tells no format.
    name = place if place.casefold().endswith(CSV_ENDINGS) else f"{place}.csv"
    first_row = 0
    for lines in _lines(place, content, size, layout):
        try:
            read = parse_file(name, lines, text, declared)
        except UndecidedError as error:
            msg = f"{place}: {error}"
            raise SourceError(msg) from error
        if declared.decimal is None and len(read.marks) == 1:
            declared = replace(declared, decimal=next(iter(read.marks)))
        if first_row and not len(read.frame) and not read.malformed:
            continue  # blank lines at the end
        malformed = tuple(
            replace(row, row_number=row.row_number + first_row) for row in read.malformed
        )
        share = content.tell() / size if size else 1.0
        yield Portion(place, sha256, read.frame, malformed, first_row, share, unended)
        first_row += len(read.frame) + len(malformed)


def _lines(place: str, content: BinaryIO, size: int, layout: CsvLayout) -> Iterator[bytes]:
    """Yield whole rows of a CSV in UTF-8, each time under the lines that it begins with."""
    utf8 = layout.encoding == UTF8
    decoder = None if utf8 else codecs.getincrementaldecoder(layout.encoding)()
    head: bytes | None = None
    rest, found = b"", False
    while True:
        block = content.read(PORTION_BYTES)
        last = content.tell() >= size
        rest += block if decoder is None else decoder.decode(block, final=last).encode()
        newline = b"\n" if b"\n" in rest else b"\r"
        if head is None:
            end = end_of_lines(rest, newline, layout.head_lines)
            if end is None and not last:
                continue
            head, rest = (rest, b"") if end is None else (rest[:end], rest[end:])
        cut = len(rest) if last else _last_end(rest, newline)
        if cut:
            yield head + rest[:cut]
            rest, found = rest[cut:], True
        elif len(rest) > _LONGEST * PORTION_BYTES:
            msg = f"{place}: an opening quote has no closing one: the rest would be one text"
            raise SourceError(msg)
        if last:
            if not found:
                yield head
            return


def _last_end(text: bytes, newline: bytes) -> int:
    """Return where the last whole row ends; 0 where none does."""
    end = len(text)
    while True:
        end = text.rfind(newline, 0, end) + 1
        if end == 0 or text.count(b'"', 0, end) % 2 == 0:
            return end
        end -= 1
