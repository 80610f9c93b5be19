"""Index entries: the kind and the particulars of each report, saved beside it as JSON."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from monitoring.bounded_file import FileRefusedError
from monitoring.errors import TocsinError
from monitoring.rows.window import Window, utc
from monitoring.stored_files import StoredPath, files_in, read_each, write
from monitoring.wording import printable, shortened

TIME = "%Y%m%dT%H%M%SZ"

RETRAIN = "retrain_"
"""What the names of the reports of retrains begin with; they have no entry."""

LARGEST = 10_000_000
"""Most bytes of an entry: a sentence or two, and a few words on every column that was set aside."""


class ReportKind(StrEnum):
    """What a report is about; its value starts the names of its files."""

    QUALITY = "quality"
    DRIFT = "drift"
    PERFORMANCE = "performance"

    @property
    def heading(self) -> str:
        """Its name on pages."""
        return {"quality": "Data quality", "drift": "Drift", "performance": "Performance"}[self]


class EntryError(TocsinError, ValueError):
    """The entry of a report can't be read; the message names the file and the cure."""


class Entry(BaseModel):
    """The particulars of one report; `<name>.json` beside `<name>.html`.

    It is written last: where there is an entry, its report is there as a whole.

    Attributes
    ----------
    rows_start, rows_end
        The window that the rows are of: an earlier one, where labels come late.
    rows
        Rows in that window.
    rows_reference, rows_current
        Rows that the sample was drawn from.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    use_case: str
    use_case_title: str
    kind: ReportKind
    window_start: AwareDatetime
    window_end: AwareDatetime
    rows_start: AwareDatetime
    rows_end: AwareDatetime
    as_of: AwareDatetime
    rows: int
    rows_reference: int
    rows_current: int
    sampled_reference: int
    sampled_current: int
    set_aside: dict[str, str]
    sentence: str
    drifted: bool | None
    verdict_id: str | None
    model_version: str
    synthetic: bool

    @property
    def window(self) -> Window:
        """The window reported on."""
        return Window(self.window_start, self.window_end)

    @property
    def rows_window(self) -> Window:
        """The window that the rows are of."""
        return Window(self.rows_start, self.rows_end)

    @property
    def name(self) -> str:
        """Name of the report's files, without what follows the dot."""
        return report_name(self.kind, self.window_end)

    @property
    def html(self) -> str:
        """Name of the report."""
        return f"{self.name}.html"

    def write(self, folder: StoredPath) -> None:
        """Write the entry into the use case's `folder`."""
        write(folder / f"{self.name}.json", self.model_dump_json(indent=2))

    @classmethod
    def read(cls, path: StoredPath) -> Self:
        """Read an entry.

        Raises
        ------
        EntryError
            The file is not an entry.
        """
        return cls.of(path, *read_each([path], LARGEST))

    @classmethod
    def of(cls, path: StoredPath, content: bytes | FileRefusedError | OSError) -> Self:
        """Return the entry that a file holds, or raise why it holds none."""
        try:
            if isinstance(content, Exception):
                raise content
            entry = cls.model_validate_json(content)
            problem = "it is that of another report" if entry.name != path.stem else ""
        except (ValidationError, FileRefusedError) as error:
            problem = str(error).removeprefix(f"{path}: ")
        except (OSError, ValueError) as error:
            problem = f"{type(error).__name__}: {error}"
        if problem:
            msg = (
                f"{path}: not the index entry of a report: remove it and its .html, or write the "
                f"report again: {shortened(printable(problem), 300)}"
            )
            raise EntryError(msg)
        return entry


@dataclass(frozen=True)
class Entries:
    """The entries in a use case's folder.

    Attributes
    ----------
    readable
        Newest window first.
    damaged
        Why each of the others can't be read.
    """

    readable: tuple[Entry, ...] = ()
    damaged: tuple[EntryError, ...] = ()


def report_name(kind: ReportKind, window_end: datetime) -> str:
    """Return the name of the report of `kind` on the window that ends at `window_end`."""
    return f"{kind}_{utc(window_end):{TIME}}"


def entries(folder: StoredPath) -> Entries:
    """Return the entries in a use case's `folder`; one that is damaged hides no other.

    Raises
    ------
    StorageError
        The folder lies far away and can't be reached.
    """
    paths = [
        path
        for path in files_in(folder, "*.json")
        if path.name.startswith(tuple(f"{kind}_" for kind in ReportKind))
    ]
    readable, damaged = [], []
    for path, content in zip(paths, read_each(paths, LARGEST), strict=True):
        try:
            readable.append(Entry.of(path, content))
        except EntryError as error:
            damaged.append(error)
    readable.sort(key=lambda entry: (entry.window_end, entry.window_start), reverse=True)
    return Entries(tuple(readable), tuple(damaged))


def retrain_reports(folder: StoredPath) -> list[tuple[str, datetime]]:
    """Return a use case's reports of retrains, the newest first: the name, and its moment."""
    found = []
    for path in files_in(folder, f"{RETRAIN}*.html"):
        with suppress(ValueError):  # somebody else's file
            when = datetime.strptime(path.stem.removeprefix(RETRAIN), TIME).replace(tzinfo=UTC)
            found.append((path.name, when))
    return sorted(found, key=lambda report: report[1], reverse=True)
