"""A source in CSV, read as people write it; what was detected is said."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from monitoring.errors import InputError
from monitoring.rows.parsing import MISSING_NUMBERS
from monitoring.rows.quarantine import QuarantineReason
from monitoring.summary.csv_format import (
    PLAIN,
    Evidence,
    Notation,
    is_open,
    marks_of,
    notations,
    read_numbers,
)
from monitoring.summary.csv_layout import UTF8, WINDOWS, CsvLayout, begin_of_unended, read_layout
from monitoring.wording import several

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa
    from pyarrow.csv import InvalidRow


@dataclass(frozen=True)
class DeclaredCsv:
    """What a use case says of its CSV files, where that is not to be detected.

    Attributes
    ----------
    delimiter
        What stands between columns.
    decimal
        The decimal mark of columns of which nothing in the file decides.
    missing
        More words that mean missing in columns of numbers.
    """

    delimiter: str | None = None
    decimal: str | None = None
    missing: tuple[str, ...] = ()


DETECTED = DeclaredCsv()


@dataclass(frozen=True)
class MalformedRow:
    """A row that is not as wide as its file's header, or may have been cut short.

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
    reason: QuarantineReason = QuarantineReason.WRONG_WIDTH


@dataclass(frozen=True, eq=False)
class CsvContent:
    """A CSV file's rows, and how it was read.

    Attributes
    ----------
    frame
        The rows that are as wide as the header, and whole.
    malformed
        The others.
    marks
        Decimal marks that its columns show.
    numbers
        Columns that hold numbers, though some of their values are words.
    read
        What was detected and is worth saying; nothing of a plain file.
    """

    frame: pd.DataFrame
    malformed: tuple[MalformedRow, ...] = ()
    marks: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    read: tuple[str, ...] = ()


def read_csv(content: bytes, text: Collection[str], declared: DeclaredCsv) -> CsvContent:
    """Read a CSV file.

    Parameters
    ----------
    text
        Columns that are read as text, so that `007` stays `007`; the type of any other one is
        inferred from all of its values.

    Raises
    ------
    ValueError
        It can't be read, or nothing decides how its numbers are written.
    """
    layout, header = read_layout(
        io.BytesIO(content), delimiter=declared.delimiter, to_the_end=False
    )
    if layout.encoding != UTF8:
        content = content.decode(layout.encoding).encode()
    begin = begin_of_unended(content, layout.head_lines)
    last = content[begin:]
    cut = bool(last) and not _is_whole(last, content[:begin], header, layout)
    content = content[:begin] if cut else content
    malformed: list[MalformedRow] = []
    table = _table(content, layout, text, declared.missing, malformed)
    read = _numbers(table, content, layout, text, declared)
    for name, column in read.columns.items():
        table = table.set_column(table.column_names.index(name), name, column)
    frame = table.to_pandas()
    if content.count(b'"') % 2 and _ends_inside_a_quote(frame, malformed, cut=cut):
        msg = "an opening quote has no closing one: the rest of the file was read as one text"
        if cut:
            msg += (
                ", or its last row goes over several lines and has no line end, so it may have "
                "been cut short: if it is whole, end it with a line end"
            )
        raise InputError(msg)
    if cut:
        malformed.append(_unended(len(frame) + len(malformed), last))
    return CsvContent(
        frame,
        tuple(malformed),
        read.marks,
        frozenset(name for name, column in read.columns.items() if column.type == "string"),
        (*filter(None, [str(layout)]), *read.said),
    )


def _is_whole(line: bytes, before: bytes, header: Sequence[str], layout: CsvLayout) -> bool:
    """Whether a last line without an end shows that nothing of it was cut off.

    It does where rows before it have its last value, and none a longer one that begins with it.
    """
    import pyarrow.compute as pc

    row = next(csv.reader([line.decode(errors="replace")], delimiter=layout.delimiter), [])
    if len(row) != len(header) or header.count(header[-1]) > 1:
        return False
    values = _table(before, layout, header[-1:], (), [], header[-1:])[header[-1]]
    longer = pc.sum(pc.starts_with(values, row[-1])).as_py() or 0
    return longer > 0 and longer == pc.sum(pc.equal(values, row[-1])).as_py()


def _unended(row_number: int, line: bytes) -> MalformedRow:
    """Set a last line without an end apart: a number cut short is a number too, and wrong."""
    return MalformedRow(
        row_number,
        line.decode(errors="replace").replace("\0", "\\0"),
        "no line end after it, so it may have been cut short or is still being written; if it "
        "is whole, end it with a line end",
        QuarantineReason.UNENDED,
    )


@dataclass(frozen=True)
class _Numbers:
    """Columns of numbers that plain reading did not read, or took for other numbers.

    Attributes
    ----------
    columns
        As they are read now; plainly spelled, as text, where stray words stand among them.
    marks
        Decimal marks that columns show.
    said
        The notation of each that is worth saying.
    """

    columns: dict[str, pa.Array]
    marks: frozenset[str]
    said: tuple[str, ...]


def _table(
    content: bytes,
    layout: CsvLayout,
    text: Collection[str],
    missing: Sequence[str],
    malformed: list[MalformedRow],
    only: Sequence[str] = (),
) -> pa.Table:
    """Read rows into columns; those that are too wide or too narrow are added to `malformed`.

    Parameters
    ----------
    only
        Columns to read; all where none is named.
    """
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    def keep_apart(row: InvalidRow) -> str:
        detail = (
            f"{several(row.actual_columns, 'column')} where the header has {row.expected_columns}"
        )
        # Arrow counts from 1, header and skipped lines included, blank lines not.
        number = row.number - 2 - layout.sep_line
        malformed.append(MalformedRow(number, row.text.replace("\0", "\\0"), detail))
        return "skip"

    table = arrow_csv.read_csv(
        pa.BufferReader(content),
        # Rows have numbers where one thread reads them, and it is no slower here.
        read_options=arrow_csv.ReadOptions(use_threads=False, skip_rows=int(layout.sep_line)),
        parse_options=arrow_csv.ParseOptions(
            delimiter=layout.delimiter, newlines_in_values=True, invalid_row_handler=keep_apart
        ),
        convert_options=arrow_csv.ConvertOptions(
            null_values=[*MISSING_NUMBERS, *missing],
            strings_can_be_null=False,
            column_types=dict.fromkeys(text, pa.string()),
            include_columns=list(only),
        ),
    )
    if any(pa.types.is_binary(kind) for kind in table.schema.types):
        msg = f"{_wrong_byte(content)}: {WINDOWS}"
        raise InputError(msg)
    return table


def _wrong_byte(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError as error:
        return f"byte 0x{content[error.start]:02X} at place {error.start:,}"
    return "a text"


def _numbers(
    table: pa.Table,
    content: bytes,
    layout: CsvLayout,
    text: Collection[str],
    declared: DeclaredCsv,
) -> _Numbers:
    """Read the numbers of a table that are not plainly written."""
    import pyarrow as pa

    kinds = dict(zip(table.column_names, table.schema.types, strict=True))
    words = [name for name in kinds if name not in text and pa.types.is_string(kinds[name])]
    plain = [
        name
        for name in kinds
        if name not in text
        and (pa.types.is_floating(kinds[name]) or pa.types.is_integer(kinds[name]))
    ]
    columns = {name: table[name] for name in words if table.column_names.count(name) == 1}
    evidence = {name: _evidence(column, declared) for name, column in columns.items()}
    if plain and (declared.decimal is not None or any(map(is_open, evidence.values()))):
        # What decimals look like elsewhere decides what 1,234 is, and 1.234.
        as_text = _table(content, layout, plain, (), [], plain)
        columns |= {name: as_text[name] for name in as_text.column_names}
        evidence |= {name: _evidence(as_text[name], declared) for name in as_text.column_names}
    decided = notations(evidence, declared.decimal)
    return _Numbers(
        {
            name: _read(columns[name], notation, declared)
            for name, notation in decided.items()
            if name in words or notation != PLAIN
        },
        marks_of(evidence),
        tuple(f"{name}: {notation}" for name, notation in decided.items() if notation != PLAIN),
    )


def _evidence(column: pa.ChunkedArray, declared: DeclaredCsv) -> Evidence:
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = column.combine_chunks().drop_null()
    known = pc.invert(pc.is_in(whole, pa.array(declared.missing, whole.type)))
    evidence = Evidence()
    evidence.add(pc.value_counts(whole.filter(known)))
    return evidence


def _read(column: pa.ChunkedArray, notation: Notation, declared: DeclaredCsv) -> pa.Array:
    """Return numbers; where stray words stand among them, plainly spelled ones and these words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    whole = column.combine_chunks()
    if declared.missing:
        absent = pc.is_in(whole, pa.array(declared.missing, whole.type))
        whole = pc.if_else(absent, pa.scalar(None, whole.type), whole)
    read = read_numbers(whole, notation)
    if read.strays.null_count == len(read.strays):
        return read.numbers
    return pc.cast(pc.coalesce(read.strays, read.plain), pa.string())


def _ends_inside_a_quote(
    frame: pd.DataFrame, malformed: Sequence[MalformedRow], *, cut: bool
) -> bool:
    """Whether the last row goes over several lines, with one that was cut."""
    if malformed and malformed[-1].row_number >= len(frame) + len(malformed) - 1:
        return cut or "\n" in malformed[-1].text
    last = frame.iloc[-1:].to_numpy(dtype=object).ravel()
    return any(isinstance(value, str) and "\n" in value for value in last)
