"""Small records that Tocsin saved as JSON: read again, or an error that names the file."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from monitoring.bounded_file import read_bounded
from monitoring.errors import TocsinError
from monitoring.field_types import wrong_fields

Record = TypeVar("Record", bound=BaseModel)

LARGEST = 10_000_000
"""Most bytes of a record; the largest hold some thousand lines."""


class DamagedRecordError(TocsinError, ValueError):
    """A file that Tocsin saved holds something else now; the message names it and what to do."""


def read_record(path: Path, kind: type[Record], cure: str) -> Record:
    """Read a record that was saved as JSON.

    Parameters
    ----------
    cure
        What to do where it is damaged.

    Raises
    ------
    DamagedRecordError
        It can't be read, or does not hold such a record. What it holds is not shown.
    FileRefusedError
        It is no regular file, or too large for a record.
    """
    try:
        return kind.model_validate_json(read_bounded(path, LARGEST))
    except OSError as error:
        msg = f"{path} can't be read: {error.strerror}"
        raise DamagedRecordError(msg) from error
    except ValidationError as error:
        first = wrong_fields(error, "(the whole file)")[0].partition(" (given: ")[0]
        msg = f"{path} is damaged: {first}; {cure}"
        raise DamagedRecordError(msg) from None
