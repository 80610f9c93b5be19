"""The layout of a CSV file: its encoding, its delimiter, its line ends, and the names of columns.

The header decides on the delimiter, and the first rows where it leaves that open; the strict
reading of all rows holds it to that, for a row of another width is an error.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from monitoring.errors import InputError

COMMA = ","
DELIMITERS = {COMMA: "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""What may stand between columns, and what it is called."""

HEADER = 2 * 2**20
"""Letters of a CSV file's header, at most."""

LOOKED_AT, PORTION = 1 << 16, 1 << 20
"""Bytes of header and rows by which the delimiter is chosen; bytes that are read at a time."""

_ALIKE = 0.9
"""Share of rows as wide as the header from which a delimiter fits."""

_RAGGED = 0.5
"""Share of rows that a mark divides at all from which it is the delimiter of a ragged file."""

_SEP = re.compile(r'"?sep=(.)"?\s*', re.IGNORECASE)
"""A first line for Excel, which names the delimiter."""

_UNNAMED = re.compile(r"|Unnamed: \d+")

UTF8, UTF16 = "utf-8", "utf-16"

WINDOWS = (
    "it is not UTF-8, and may be Windows-1252 (cp1252), as older programs on Windows write it: "
    "save the file as UTF-8"
)


def is_unnamed(column: str) -> bool:
    """Whether a column is called as an index is that pandas wrote without a name."""
    return _UNNAMED.fullmatch(column) is not None


@dataclass(frozen=True)
class CsvLayout:
    """How a file's bytes become rows.

    Attributes
    ----------
    sep_line
        A line before the header names the delimiter.
    several_ends
        Its lines end in different ways.
    unended
        Its last line has no end: it may have been cut short.
    """

    delimiter: str = COMMA
    encoding: str = UTF8
    sep_line: bool = False
    several_ends: bool = False
    unended: bool = False

    @property
    def head_lines(self) -> int:
        """Return how many lines stand before the rows."""
        return 1 + self.sep_line

    @property
    def letter(self) -> int:
        """Return how many bytes a letter takes, at least."""
        return 1 if self.encoding == UTF8 else 2

    @property
    def rewritten(self) -> bool:
        """Whether it is read as the same text in UTF-8, each line ended by a line feed."""
        return self.several_ends or self.encoding != UTF8

    def __str__(self) -> str:
        """Say what is worth saying: nothing of a plain CSV file."""
        words = []
        if self.delimiter != COMMA:
            words.append(f"delimiter {DELIMITERS.get(self.delimiter, repr(self.delimiter))}")
        words += ["a first line `sep=`"] if self.sep_line else []
        words += ["UTF-16"] if self.encoding != UTF8 else []
        words += ["lines that end in several ways"] if self.several_ends else []
        words += ["a last line without an end, which may have been cut short"] * self.unended
        return ", ".join(words)


def read_layout(
    content: BinaryIO, *, delimiter: str | None = None, to_the_end: bool = True
) -> tuple[CsvLayout, list[str]]:
    """Return the layout of a CSV file and the names of its columns: none of an empty file.

    Parameters
    ----------
    content
        Its bytes, unpacked.
    delimiter
        What stands between columns, where it was declared.
    to_the_end
        See how all lines end, the last one too; else it is not known.

    Raises
    ------
    InputError
        It is neither UTF-8 nor UTF-16, or its header is endless.
    csv.Error
        The header can't be read.
    """
    head = content.read(LOOKED_AT)
    encoding = _encoding(head)
    text, whole = _text(head, encoding), len(head) < LOOKED_AT
    if not whole and len(_record(text)) == len(text):
        head += content.read(HEADER)
        text, whole = _text(head, encoding), len(head) < LOOKED_AT + HEADER
        if len(_record(text)) > HEADER:
            msg = f"the header, its first line, is longer than {HEADER:,} letters"
            raise InputError(msg)
    sep = _SEP.fullmatch(text.splitlines()[0]) if text.strip() else None
    if sep is not None:
        text = text[len(_record(text)) :]
    chosen = delimiter or (sep[1] if sep else _delimiter(text, whole=whole))
    several = to_the_end and encoding == UTF8 and _several_ends(head, content)
    header = next(csv.reader(io.StringIO(text, newline=""), delimiter=chosen), [])
    layout = CsvLayout(chosen, encoding, sep is not None, several)
    return replace(layout, unended=to_the_end and is_unended(content, layout)), header


def is_unended(content: BinaryIO, layout: CsvLayout) -> bool:
    """Whether the last line of a file has no end, as one has that was cut short."""
    size = content.seek(0, io.SEEK_END)
    content.seek(max(size - layout.letter, 0))
    return size > 0 and content.read().strip(b"\0") not in (b"\n", b"\r")


def _encoding(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        msg = "it is UTF-32, by its byte-order mark: save the file as UTF-8"
        raise InputError(msg)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return UTF16
    if head[:2].count(b"\0") == 1:
        msg = "it looks like UTF-16 without a byte-order mark: save the file as UTF-8"
        raise InputError(msg)
    return UTF8


def _text(head: bytes, encoding: str) -> str:
    """Decode the begin of a file, which may end within a letter."""
    try:
        decoder = codecs.getincrementaldecoder("utf-8-sig" if encoding == UTF8 else encoding)()
        return decoder.decode(head)
    except UnicodeDecodeError as error:
        seen = f"byte 0x{head[error.start]:02X} at place {error.start:,}"
        msg = f"{seen}: {WINDOWS if encoding == UTF8 else 'it is no UTF-16, as its begin says'}"
        raise InputError(msg) from error


def _record(text: str) -> str:
    """Return a text up to where its first record ends: not at a line end between quotes."""
    quoted = False
    end = 0
    for line in text.splitlines(keepends=True):
        end += len(line)
        quoted ^= line.count('"') % 2 == 1
        if not quoted and line.endswith(("\n", "\r")):
            break
    return text[:end]


def _delimiter(text: str, *, whole: bool) -> str:
    """Return what stands between the columns of a text that begins with their names."""
    found = {}
    for mark in DELIMITERS:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=mark))
        header, *others = [row for row in rows if row] or [[]]
        others = others if whole else others[:-1]
        alike = sum(len(row) == len(header) for row in others)
        apart = sum(len(row) > 1 for row in others)
        fits = alike >= _ALIKE * len(others)
        # Rows of other widths are an error later, but not a reason to see one wide column.
        stands = len(header) > 1 and (fits or apart >= _RAGGED * len(others))
        found[mark] = (stands, fits, len(header), mark != COMMA)
    best = max(found, key=lambda mark: found[mark])
    if found[best][0]:
        return best
    return next((mark for mark, (_, fits, _, _) in found.items() if fits), COMMA)


def _several_ends(head: bytes, content: BinaryIO) -> bool:
    """Whether some lines end in a line feed, others in a carriage return, or in both."""
    ends = set()
    portion = head
    while portion:
        if b"\r" in portion:
            if portion.endswith(b"\r"):
                portion += content.read(1)
            both = portion.count(b"\r\n")
            counts = {"\r\n": both, "\n": portion.count(b"\n"), "\r": portion.count(b"\r")}
            counts["\n"] -= both
            counts["\r"] -= both
            ends |= {end for end, lines in counts.items() if lines}
        elif b"\n" in portion:
            ends.add("\n")
        if len(ends) > 1:
            return True
        portion = content.read(PORTION)
    return False


def end_of_lines(text: bytes, newline: bytes, count: int) -> int | None:
    """Return where the first lines end; a line may go on within quotes. None if they don't."""
    end = 0
    for _ in range(count):
        begin = end
        while True:
            found = text.find(newline, end)
            if found < 0:
                return None
            end = found + 1
            if text.count(b'"', begin, end) % 2 == 0:
                break
    return end


def begin_of_unended(text: bytes, head_lines: int) -> int:
    """Return where a last line of rows begins that has no end; the text's length if it has one.

    Parameters
    ----------
    head_lines
        Lines before the rows.
    """
    newline = b"\n" if b"\n" in text else b"\r"
    head = end_of_lines(text, newline, head_lines)
    last = max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
    return len(text) if head is None or last < head else last


def rewritten(portions: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """Yield a text's bytes as UTF-8, each of its lines ended by a line feed.

    Raises
    ------
    UnicodeDecodeError
        It is cut off within a letter.
    """
    decoder = codecs.getincrementaldecoder(encoding)() if encoding != UTF8 else None
    held = b""
    for portion in portions:
        text = portion if decoder is None else decoder.decode(portion).encode()
        text = held + text
        held = b"\r" if text.endswith(b"\r") else b""
        text = text[: len(text) - len(held)]
        yield text.replace(b"\r\n", b"\n").replace(b"\r", b"\n") if b"\r" in text else text
    if decoder is not None:
        decoder.decode(b"", final=True)
    if held:
        yield b"\n"
