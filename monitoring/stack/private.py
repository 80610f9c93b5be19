"""Files and folders that only their owner may read."""

from __future__ import annotations

from pathlib import Path

from monitoring.atomic_write import atomic_write


def private_folder(path: Path) -> Path:
    """Make `path` a folder of mode 700, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 600, whole or not at all."""
    atomic_write(path, text, mode=0o600)
