"""A folder that docker compose can be started in: each file the one of this version of Tocsin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from monitoring.atomic_write import atomic_write
from monitoring.private import umask
from monitoring.settings import Settings
from monitoring.signals.generate import whole_output
from monitoring.signals.generated_files import ALERTMANAGER
from monitoring.stack.deployment_record import (
    DeploymentRecord,
    Fate,
    digest,
    digest_at,
    fate,
    read_deployment_record,
    save_deployment_record,
)
from monitoring.stack.env_file import complete_env, write_env
from monitoring.stack.folders import DEPLOYED, DEPLOYMENT
from monitoring.stack.mounts import USE_CASES
from monitoring.stack.repacked_wheel import repacked_wheel
from monitoring.use_case_file import SHIPPED, all_use_cases

ENV = PurePosixPath(".env")
START = PurePosixPath(USE_CASES) / "fraud.yml"
"""The use case to start from: it takes the place of the shipped one."""

WHEELS = PurePosixPath("wheel")
"""Where the image finds what it installs; a checkout has its sources instead."""

OFFERED = ".new"
"""Ends the name of this version's file, where it lies beside one that was changed."""


@dataclass
class Deployed:
    """What was done to a folder, and what was left; paths are relative to it.

    Attributes
    ----------
    written
        Files that were missing.
    secrets
        Names of those that were added to `.env`.
    renewed
        Files that nobody had changed since an earlier version wrote them.
    removed
        Files that an earlier version wrote, nobody changed, and this one has no more.
    older
        Files that could be renewed or removed, and were left, for that was not asked for.
    kept
        Files that differ both from this version's and from what `tocsin init` wrote, or offered.
    """

    written: list[PurePosixPath] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    renewed: list[PurePosixPath] = field(default_factory=list)
    removed: list[PurePosixPath] = field(default_factory=list)
    older: list[PurePosixPath] = field(default_factory=list)
    kept: list[PurePosixPath] = field(default_factory=list)


def write_deployment(folder: Path, *, upgrade: bool = False) -> Deployed:
    """Write what is missing in a folder from which docker compose runs the whole of Tocsin.

    What somebody changed is never written over.

    Parameters
    ----------
    upgrade
        Whether files that nobody has changed since an earlier version wrote them become this
        version's, and this version's is put beside each of the others, under its name with
        `.new`. Secrets that `.env` lacks are added to it.

    Raises
    ------
    EnvIncompleteError
        There is a `.env` that lacks a secret; nothing is written.
    DamagedRecordError, FileRefusedError, StackError
        The record of what was written before can't be read; nothing is written.
    OSError
        The folder can't be written.
    """
    # The servers that read these files run as other users.
    with umask(0o022):
        folder.mkdir(parents=True, exist_ok=True)
        before = read_deployment_record(folder)
        work = _Work(folder, before.files, upgrade)
        work.env()
        files = _files(work.wheel_that_stays())
        # What is gone goes first: of two wheels nobody could tell which one is meant.
        for gone in sorted(before.files.keys() - set(map(str, files))):
            if not gone.endswith(OFFERED):
                work.leave(PurePosixPath(gone))
        for name, content in files.items():
            work.settle(name, content)
        record = DeploymentRecord(version=version("tocsin"), files=work.known)
        if record != before:
            save_deployment_record(folder, record)
    return work.done


def _files(wheel_that_stays: str | None) -> dict[PurePosixPath, bytes]:
    """Return what this version writes into an empty folder."""
    files = {name: (DEPLOYMENT / name).read_bytes() for name in DEPLOYED}
    wheel, content = repacked_wheel()
    files[WHEELS / (wheel_that_stays or wheel)] = content
    files[START] = (SHIPPED / START.name).read_bytes()
    generated = whole_output(all_use_cases().valid, Settings.model_construct())
    return files | {name: text.encode() for name, text in generated.items()}


@dataclass
class _Work:
    """One run over a folder.

    Attributes
    ----------
    before, known
        The digest of what was written or offered at each path, before this run and after it.
    """

    folder: Path
    before: Mapping[str, str]
    upgrade: bool
    known: dict[str, str] = field(default_factory=dict)
    done: Deployed = field(default_factory=Deployed)

    def env(self) -> None:
        """Write `.env`, or what it lacks."""
        path = self.folder / ENV
        if self.upgrade and path.exists():
            self.done.secrets += complete_env(path)
        elif write_env(path):
            self.done.written.append(ENV)

    def wheel_that_stays(self) -> str | None:
        """Return the name of a wheel that may not be replaced."""
        for path in sorted((self.folder / WHEELS).glob("*.whl")):
            if not (self.upgrade and digest_at(path) == self.before.get(str(WHEELS / path.name))):
                return path.name
        return None

    def leave(self, name: PurePosixPath) -> None:
        """Remove a file that an earlier version wrote and this one has no more."""
        base = self.before[str(name)]
        if digest_at(self.folder / name) != base:
            return
        if self.upgrade:
            (self.folder / name).unlink()
            self.done.removed.append(name)
        else:
            self.known[str(name)] = base
            self.done.older.append(name)

    def settle(self, name: PurePosixPath, content: bytes) -> None:
        """Bring a file up to this version where that may be, and remember what was made of it."""
        base = self.before.get(str(name))
        self.known[str(name)] = digest(content)
        match fate(digest_at(self.folder / name), base, digest(content)):
            case Fate.MISSING:
                # A use case that was removed is not wanted; another file is asked for anew.
                if name != START or base is None:
                    self._write(name, content)
                    self.done.written.append(name)
            case Fate.OLDER if self.upgrade:
                self._write(name, content)
                self.done.renewed.append(name)
            case Fate.OLDER:
                self.known[str(name)] = str(base)
                self.done.older.append(name)
            case Fate.YOURS | Fate.BOTH as found:
                self._keep(name, content, base, found)
            case Fate.SAME:
                pass

    def _keep(self, name: PurePosixPath, content: bytes, base: str | None, found: Fate) -> None:
        """Leave a file that somebody changed, with this version's beside it."""
        beside = name.with_name(name.name + OFFERED)
        there = digest_at(self.folder / beside)
        offered = self.before.get(str(beside))
        if found is Fate.YOURS and there is None:
            return
        self.done.kept.append(name)
        if offered is not None and there == offered:
            self.known[str(beside)] = offered
        # Beside a wheel, under the older one's name, it could not be installed.
        if self.upgrade and name.parent != WHEELS:
            if there in {None, offered}:
                self._write(beside, content)
                self.known[str(beside)] = digest(content)
        elif base is None:
            del self.known[str(name)]
        else:
            self.known[str(name)] = base

    def _write(self, name: PurePosixPath, content: bytes) -> None:
        atomic_write(self.folder / name, content, mode=0o600 if name == ALERTMANAGER else 0o644)
