"""What `tocsin init` has written into a folder, by hash: tells its files from what became yours."""

from __future__ import annotations

import hashlib
import os
from enum import Enum, auto
from pathlib import Path, PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict

from monitoring.atomic_write import atomic_write
from monitoring.saved_record import read_record
from monitoring.stack.stack_error import StackError

RECORD = PurePosixPath(".tocsin-init.json")
FORMAT = 1

_CURE = (
    "move it away: files that differ from those of this version are then taken for yours, and kept"
)


def _inside(name: str) -> str:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        msg = "not a path inside the folder"
        raise ValueError(msg)
    return name


class DeploymentRecord(BaseModel):
    """The files of a folder as `tocsin init` last knew them.

    Attributes
    ----------
    version
        The Tocsin that wrote it.
    files
        The SHA-256 of what was written, or offered, by path relative to the folder.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: int = FORMAT
    version: str
    files: dict[Annotated[str, AfterValidator(_inside)], str]


class Fate(Enum):
    """What is to be made of a file, by what lies there, what was written and what is new."""

    MISSING = auto()
    SAME = auto()
    OLDER = auto()
    """As it was written, and this version's is another."""
    YOURS = auto()
    """Changed since, and this version's is what was written then: nothing to bring over."""
    BOTH = auto()
    """Changed, and this version's is another too; or nobody knows what was written."""


def fate(found: str | None, base: str | None, new: str) -> Fate:
    """Return what is to be made of a file.

    Parameters
    ----------
    found
        The digest of what lies there; None where nothing does.
    base
        Of what was written or offered there before; None where that is not known.
    new
        Of what this version writes.
    """
    if found is None:
        return Fate.MISSING
    if found == new:
        return Fate.SAME
    if found == base:
        return Fate.OLDER
    return Fate.YOURS if base == new else Fate.BOTH


def digest(content: bytes) -> str:
    """Return the hash by which a file is known again."""
    return hashlib.sha256(content).hexdigest()


def digest_at(path: Path) -> str | None:
    """Return the hash of what lies there: None where nothing does, no hash where it is no file."""
    if path.is_file():
        return digest(path.read_bytes())
    return "" if os.path.lexists(path) else None


def read_deployment_record(folder: Path) -> DeploymentRecord:
    """Read the record of a folder; one without has an empty record.

    Raises
    ------
    DamagedRecordError, FileRefusedError
        It can't be read.
    StackError
        A newer Tocsin wrote it.
    """
    path = folder / RECORD
    if not path.exists():
        return DeploymentRecord(version="", files={})
    record = read_record(path, DeploymentRecord, _CURE)
    if record.format != FORMAT:
        msg = (
            f"{path} has format {record.format}, and this version of Tocsin reads {FORMAT}: "
            "a newer one wrote this folder; install that one, or choose another folder"
        )
        raise StackError(msg)
    return record


def save_deployment_record(folder: Path, record: DeploymentRecord) -> None:
    """Write the record into its folder."""
    atomic_write(folder / RECORD, record.model_dump_json(indent=2) + "\n")
