"""What it means for a user that a database failed: full, read-only, refused, damaged."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitoring.errors import TocsinError

if TYPE_CHECKING:
    from sqlalchemy.engine import URL, ExceptionContext

_SETTING = "TOCSIN_DATABASE_URL (unset: a file in TOCSIN_STATE)"

_SPACE = f"free some space there, or name another place with {_SETTING}"
_PERMISSION = f"let this user write there (folder and file), or name another place with {_SETTING}"
_DAMAGED = f"put back a copy of the file, or name another one with {_SETTING}"
_RUNS = f"check that it runs and that {_SETTING} names it"

_SQLITE = {
    "SQLITE_FULL": _SPACE,
    "SQLITE_READONLY": _PERMISSION,
    "SQLITE_CANTOPEN": _PERMISSION,
    "SQLITE_PERM": _PERMISSION,
    "SQLITE_IOERR": f"check the disk that it lies on, or name another place with {_SETTING}",
    "SQLITE_NOTADB": _DAMAGED,
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_BUSY": "another process has been writing to it for a minute: stop it, or try again",
}
"""Advice by the beginning of the names of SQLite's error codes: each has finer ones."""

_ROOM = 2**20
"""Bytes that SQLite needs on a disk to begin at all: where there are fewer, it says `disk I/O
error`, for it can't even make the file that it coordinates with."""

_POSTGRES = {
    "53100": "free some space on its server",
    "53300": "it takes no more connections: close some, or raise its max_connections",
    "25006": "it can only be read, as a standby can: name the server that takes writes "
    f"with {_SETTING}",
    "42501": f"grant this user the rights, or name another user with {_SETTING}",
    "57P01": _RUNS,
    "57P02": _RUNS,
    "57P03": _RUNS,
}
"""Advice by SQLSTATE; a server that was not reached gives none."""


class StoreError(TocsinError):
    """The production store can't do what was asked; the message says what to do."""


def shown(url: URL) -> str:
    """Return the URL for a message: without its password and its query, which may hold one too."""
    return url.set(query={}).render_as_string(hide_password=True)


def readable_failure(context: ExceptionContext) -> StoreError | None:
    """Return the error to raise in the place of a driver's, for SQLAlchemy's `handle_error`.

    None, which leaves the driver's, where it is a statement that is wrong; and for a connection
    that is tested before use, which the pool makes anew.
    """
    if context.is_pre_ping or context.sqlalchemy_exception is None:
        return None
    url = None if context.engine is None else context.engine.url
    return readable_error(context.original_exception, url)


def readable_error(error: Any, url: URL | None) -> StoreError | None:
    """Return the error to raise in the place of a driver's; None where a statement is wrong."""
    advice = _advice(error)
    if advice is not None and url is not None and _lacks_room(error, url):
        advice = f"the disk that it lies on is full: {_SPACE}"
    if advice is None:
        return None
    where = "" if url is None else shown(url)
    cause = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    return StoreError(f"the production store at {where} failed: {cause}; {advice}")


def _lacks_room(error: Any, url: URL) -> bool:
    """Whether a file of SQLite failed on a disk without room."""
    code = getattr(error, "sqlite_errorname", None) or ""
    if not (isinstance(error, sqlite3.Error) and code.startswith(("SQLITE_FULL", "SQLITE_IOERR"))):
        return False
    folder = Path(str(url.database)).absolute().parent
    return folder.is_dir() and shutil.disk_usage(folder).free < _ROOM


def _advice(error: Any) -> str | None:
    if isinstance(error, sqlite3.Error):
        code = getattr(error, "sqlite_errorname", None) or ""
        return next((text for name, text in _SQLITE.items() if code.startswith(name)), None)
    state = getattr(error, "pgcode", None)
    if state is None and type(error).__name__ == "OperationalError":
        return f"check that it runs, and host, port, user, password and name in {_SETTING}"
    return _POSTGRES.get(state or "")
