"""Bounded reading: regular files alone, of at most so many bytes, whatever a path leads to."""

from __future__ import annotations

import os
import stat
from io import BufferedReader
from pathlib import Path

from monitoring.errors import TocsinError

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


class FileRefusedError(TocsinError, ValueError):
    """What a path leads to is not read: no regular file, or one above the limit."""


def open_regular(path: Path) -> BufferedReader:
    """Open a regular file to read its bytes; a link is followed, a pipe is never waited for.

    Raises
    ------
    FileRefusedError
        It is a folder, a named pipe, a socket or a device.
    OSError
        It is missing, or can't be read.
    """
    _refuse_irregular(path, path.stat().st_mode)
    # Without waiting: the path may have become a pipe since.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _refuse_irregular(path, os.fstat(descriptor).st_mode)
        return os.fdopen(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_bounded(path: Path, limit: int) -> bytes:
    """Return the bytes of a regular file of at most `limit` bytes; no more is ever read.

    Raises
    ------
    FileRefusedError
        It is no regular file, or holds more bytes.
    OSError
        It is missing, or can't be read.
    """
    with open_regular(path) as file:
        content = file.read(limit + 1)
    if len(content) > limit:
        msg = f"{path}: larger than {limit:,} bytes, the most that is read of such a file"
        raise FileRefusedError(msg)
    return content


def _refuse_irregular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        kind = next((name for is_kind, name in _KINDS if is_kind(mode)), "something else")
        msg = f"{path}: is {kind}: only regular files are read"
        raise FileRefusedError(msg)
