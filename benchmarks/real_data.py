"""The one finder of files that are not in the repository."""

from __future__ import annotations

import sys
from pathlib import Path

from monitoring.sources.location import source_files

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (ROOT / "data", ROOT.parent / "shared" / "data")
"""Where real files may lie, in the order in which they are looked for."""


def folder_with(name: str) -> Path | None:
    """Return the folder that has a file, plain or gzipped; None where none has."""
    return next((folder for folder in FOLDERS if source_files(name, folder)), None)


def file_named(name: str) -> Path | None:
    """Return the path of a file, whichever of plain and gzipped is there; None where none is."""
    folder = folder_with(name)
    return None if folder is None else _path(name, folder)


def wanted_folder(name: str) -> Path | None:
    """Return the folder that has a file; None, and a word on standard error, where none has."""
    folder = folder_with(name)
    if folder is None:
        print(f"{nowhere(name)}: its tables are left out", file=sys.stderr)
    return folder


def wanted_file(name: str) -> Path | None:
    """Return the path of a file; None, and a word on standard error, where it is nowhere."""
    folder = wanted_folder(name)
    return None if folder is None else _path(name, folder)


def needed_folder(name: str) -> Path:
    """Return the folder that has a file.

    Raises
    ------
    SystemExit
        None has.
    """
    folder = folder_with(name)
    if folder is None:
        raise SystemExit(f"{nowhere(name)}: put it there, plain or gzipped")
    return folder


def nowhere(name: str) -> str:
    """Say that a file is in none of the folders."""
    return f"{name} is neither in data/ nor in ../shared/data beside the checkout"


def _path(name: str, folder: Path) -> Path:
    return Path(source_files(name, folder)[0].name)
