"""Source files: CSV or Parquet, read as they are."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitoring.errors import InputError
from monitoring.rows.parsing import MISSING_NUMBERS
from monitoring.sources.location import SourceError
from monitoring.use_case_source import ENDINGS

if TYPE_CHECKING:
    import pandas as pd
    from pyarrow.csv import InvalidRow

CSV_ENDINGS = (".csv", ".csv.gz")


@dataclass(frozen=True)
class MalformedRow:
    """A row that is not as wide as its file's header.

    Attributes
    ----------
    row_number
        Its place among the file's rows, counted from 0.
    text
        The row as it stands in the file.
    """

    row_number: int
    text: str
    detail: str


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
    """

    frame: pd.DataFrame
    malformed: tuple[MalformedRow, ...]
    sha256: str


def parse_file(name: str, content: bytes, text: Collection[str] = ()) -> SourceFile:
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

    Raises
    ------
    SourceError
        It is of another format, is broken, or has no header.
    """
    if not name.casefold().endswith(ENDINGS):
        msg = f"{name}: a source is a file whose name ends in one of {', '.join(ENDINGS)}"
        raise SourceError(msg)
    is_csv = name.casefold().endswith(CSV_ENDINGS)
    try:
        frame, malformed = _csv(content, text) if is_csv else (_parquet(content), ())
    except (ValueError, OSError, NotImplementedError) as error:  # what Arrow's own errors are
        msg = f"{name}: can't be read as {'CSV in UTF-8' if is_csv else 'Parquet'}: {error}"
        raise SourceError(msg) from error
    return SourceFile(frame, malformed, hashlib.sha256(content).hexdigest())


def _parquet(content: bytes) -> pd.DataFrame:
    import pyarrow as pa
    from pyarrow import parquet

    table = parquet.read_table(pa.BufferReader(content), page_checksum_verification=True)
    # The file's columns, not what pandas once had for an index; whole numbers stay whole.
    frame: pd.DataFrame = table.to_pandas(ignore_metadata=True, integer_object_nulls=True)
    return frame


def _csv(content: bytes, text: Collection[str]) -> tuple[pd.DataFrame, tuple[MalformedRow, ...]]:
    import pyarrow as pa
    from pyarrow import csv

    malformed: list[MalformedRow] = []

    def keep_apart(row: InvalidRow) -> str:
        detail = f"{row.actual_columns} columns where the header has {row.expected_columns}"
        # Arrow counts from 1, the header included, blank lines not.
        malformed.append(MalformedRow(row.number - 2, row.text.replace("\0", "\\0"), detail))
        return "skip"

    table = csv.read_csv(
        pa.BufferReader(content),
        # Rows have numbers where one thread reads them, and it is no slower here.
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(newlines_in_values=True, invalid_row_handler=keep_apart),
        convert_options=csv.ConvertOptions(
            null_values=list(MISSING_NUMBERS),
            strings_can_be_null=False,
            column_types=dict.fromkeys(text, pa.string()),
        ),
    )
    frame = table.to_pandas()
    if content.count(b'"') % 2 and _ends_inside_a_quote(frame, malformed):
        msg = "an opening quote has no closing one: the rest of the file was read as one text"
        raise InputError(msg)
    return frame, tuple(malformed)


def _ends_inside_a_quote(frame: pd.DataFrame, malformed: Sequence[MalformedRow]) -> bool:
    """Whether the last row goes over several lines."""
    if malformed and malformed[-1].row_number >= len(frame) + len(malformed) - 1:
        return "\n" in malformed[-1].text
    last = frame.iloc[-1:].to_numpy(dtype=object).ravel()
    return any(isinstance(value, str) and "\n" in value for value in last)
