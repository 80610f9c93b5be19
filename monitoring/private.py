"""Files and folders that only their owner may read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from monitoring.atomic_write import atomic_write


@contextmanager
def private_umask() -> Iterator[None]:
    """Have everything that the block makes be its owner's only: folders 700, files 600.

    It holds for the whole process, so libraries' files are covered too.
    """
    with umask(0o077):
        yield


@contextmanager
def umask(mask: int) -> Iterator[None]:
    """Set the permissions that the block's new files and folders go without."""
    before = os.umask(mask)
    try:
        yield
    finally:
        os.umask(before)


def private_folder(path: Path) -> Path:
    """Make `path` a folder of mode 700, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 600, whole or not at all."""
    atomic_write(path, text, mode=0o600)
