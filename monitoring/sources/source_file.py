"""Source files: CSV or Parquet, read as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitoring.row_files import CSV_ENDINGS, ENDINGS
from monitoring.sources.location import SourceError
from monitoring.sources.source_csv import (
    DETECTED,
    CsvContent,
    DeclaredCsv,
    MalformedRow,
    read_csv,
)
from monitoring.summary.csv_format import UndecidedError
from monitoring.summary.unpacked_size import UnpackedSizeError, unpacked_size

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 4 * 2**30
"""Bytes of a source, unpacked: all of its rows are held in memory at once."""


@dataclass(frozen=True, eq=False)
class SourceFile:
    """A file's content.

    Attributes
    ----------
    frame
        The rows that are as wide as the header, in the file's own columns.
    malformed
        The others.
    sha256
        Of the content, uncompressed, in hex.
    marks
        Decimal marks that columns of a CSV show.
    numbers
        Columns of a CSV that hold numbers, though some of their values are words.
    read
        How a CSV was read, where that is worth saying.
    """

    frame: pd.DataFrame
    malformed: tuple[MalformedRow, ...]
    sha256: str
    marks: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    read: tuple[str, ...] = ()


def parse_file(
    name: str, content: bytes, text: Collection[str] = (), declared: DeclaredCsv = DETECTED
) -> SourceFile:
    """Parse a file.

    Parameters
    ----------
    name
        What errors call it; its ending says what it is.
    content
        Its bytes, uncompressed.
    text
        Columns of a CSV that are read as text, so that `007` stays `007`; the type of any other
        one is inferred from its values.
    declared
        What is said of a CSV; all else is detected.

    Raises
    ------
    SourceError
        It is of another format, is broken, or has no header.
    UndecidedError
        Nothing in it decides how numbers of a CSV are written.
    """
    if not name.casefold().endswith(ENDINGS):
        msg = f"{name}: a source is a file whose name ends in one of {', '.join(ENDINGS)}"
        raise SourceError(msg)
    is_csv = name.casefold().endswith(CSV_ENDINGS)
    try:
        rows = read_csv(content, text, declared) if is_csv else CsvContent(_parquet(content))
    except UndecidedError:
        raise
    except (ValueError, OSError, NotImplementedError) as error:  # what Arrow's own errors are
        msg = f"{name}: can't be read as {'CSV' if is_csv else 'Parquet'}: {error}"
        raise SourceError(msg) from error
    return SourceFile(
        rows.frame,
        rows.malformed,
        hashlib.sha256(content).hexdigest(),
        rows.marks,
        rows.numbers,
        rows.read,
    )


def _parquet(content: bytes) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    def opened(texts: list[str]) -> parquet.ParquetFile:
        return parquet.ParquetFile(pa.BufferReader(content), read_dictionary=texts)

    with opened([]) as file:
        columns, rows = file.schema_arrow.names, file.metadata.num_rows
    size = unpacked_size(opened, columns, portion=max(rows, 1), limit=LARGEST)
    if size > LARGEST:
        msg = f"its rows take {size:,} bytes once they are unpacked, more than {LARGEST:,}"
        raise UnpackedSizeError(msg)
    table = parquet.read_table(pa.BufferReader(content), page_checksum_verification=True)
    # The file's columns, not what pandas once had for an index; whole numbers stay whole.
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return frame
