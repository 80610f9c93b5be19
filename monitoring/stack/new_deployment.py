"""A folder that docker compose can be started in: each file the one of this version of Tocsin."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from monitoring.private import umask
from monitoring.settings import Settings
from monitoring.signals.generate import whole_output
from monitoring.signals.generated_files import ALERTMANAGER
from monitoring.stack.env_file import write_env
from monitoring.stack.folders import DEPLOYED, DEPLOYMENT
from monitoring.stack.mounts import USE_CASES
from monitoring.stack.repacked_wheel import repacked_wheel
from monitoring.use_case_file import SHIPPED, all_use_cases

ENV = PurePosixPath(".env")
START = PurePosixPath(USE_CASES) / "fraud.yml"
"""The use case to start from: it takes the place of the shipped one."""

WHEELS = PurePosixPath("wheel")
"""Where the image finds what it installs; a checkout has its sources instead."""


@dataclass(frozen=True)
class Deployed:
    """What a folder has now; paths are relative to it.

    Attributes
    ----------
    written
        Files that were missing.
    kept
        Files that were there, differ from what would have been written, and were left as they are.
    """

    written: tuple[PurePosixPath, ...]
    kept: tuple[PurePosixPath, ...]


def write_deployment(folder: Path) -> Deployed:
    """Write what is missing in a folder from which docker compose runs the whole of Tocsin.

    What is there is never written over.

    Raises
    ------
    EnvIncompleteError
        There is a `.env` that lacks a secret; nothing is written.
    OSError
        The folder can't be written.
    """
    # The servers that read these files run as other users.
    with umask(0o022):
        folder.mkdir(parents=True, exist_ok=True)
        written = [ENV] if write_env(folder / ENV) else []
        kept = []
        for name, content in _files(folder):
            path = folder / name
            if not path.exists() and not path.is_symlink():
                _write(path, content, private=name == ALERTMANAGER)
                written.append(name)
            elif not path.is_file() or path.read_bytes() != content:
                kept.append(name)
    return Deployed(tuple(written), tuple(kept))


def _files(folder: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    for name in DEPLOYED:
        yield name, (DEPLOYMENT / name).read_bytes()
    wheel, content = repacked_wheel()
    # Of two wheels nobody could tell which one is meant.
    others = sorted((folder / WHEELS).glob("*.whl"))
    yield WHEELS / (others[0].name if others else wheel), content
    yield START, (SHIPPED / START.name).read_bytes()
    shipped = all_use_cases().valid
    for name, text in whole_output(shipped, Settings.model_construct()).items():
        yield name, text.encode()


def _write(path: Path, content: bytes, *, private: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600 if private else 0o644)
    path.write_bytes(content)
