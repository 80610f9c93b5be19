"""Atomic write: files and folders that are there as a whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


def atomic_write(path: Path, content: str | bytes, *, mode: int = 0o666) -> None:
    """Write `content` to `path` in one move, on the disk for good when this returns.

    A reader sees the old file or the new one. One writer at a time: the name beside it is the
    same for all of them, so that what a killed writer left is written over.

    Parameters
    ----------
    content
        Text is written as UTF-8.
    mode
        Permissions of the file, less the umask, from its first byte on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path)
    partial.unlink(missing_ok=True)
    data = content.encode() if isinstance(content, str) else content
    with _removed_on_failure(partial):
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    _sync(path.parent)


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to, which takes the place of `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _beside(path)
    with _removed_on_failure(partial):
        yield partial
        _sync(partial)
        partial.replace(path)
    _sync(path.parent)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield a folder to fill, which takes the place of `path` when the block ends well.

    What a killed try left is written over; what stood at `path` goes away at the last moment.
    """
    partial = _beside(path)
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    with _removed_on_failure(partial):
        yield partial
        for inside in (*partial.rglob("*"), partial):
            _sync(inside)
        if path.exists():
            shutil.rmtree(path)
        partial.rename(path)
    _sync(path.parent)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")


@contextmanager
def _removed_on_failure(partial: Path) -> Iterator[None]:
    """Remove what was written so far where the rest can't be: on a full disk it takes room."""
    try:
        yield
    except BaseException:
        if partial.is_dir():
            shutil.rmtree(partial, ignore_errors=True)
        else:
            partial.unlink(missing_ok=True)
        raise


def _sync(path: Path) -> None:
    """Make what a file holds, or which names a folder does, outlast a loss of power."""
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
