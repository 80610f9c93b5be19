"""Processes of a local stack that outlived their supervisor."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil

from monitoring.stack.environment import MARK

KILL_AFTER = 3
"""Seconds a process may take to end by itself."""


def processes_of(state: Path) -> tuple[psutil.Process, ...]:
    """Return every process that the local stack of `state` started, however deep."""
    return tuple(_marked(state))


def _marked(state: Path) -> Iterator[psutil.Process]:
    me = psutil.Process()
    ours = {me.pid, *(parent.pid for parent in me.parents())}
    for process in psutil.process_iter():
        if process.pid in ours:
            continue
        try:
            if process.environ().get(MARK) == str(state):
                yield process
        except psutil.Error:  # gone meanwhile, or another user's: not ours in both cases
            continue


def end_leftovers(state: Path) -> None:
    """End every process of the local stack of `state`, by force where asking does not help."""
    asked = processes_of(state)
    for process in asked:
        _signal(process, force=False)
    _, stubborn = psutil.wait_procs(asked, timeout=KILL_AFTER)
    for process in stubborn:
        _signal(process, force=True)
    psutil.wait_procs(stubborn, timeout=KILL_AFTER)


def _signal(process: psutil.Process, *, force: bool) -> None:
    try:
        if force:
            process.kill()
        else:
            process.terminate()
    except psutil.NoSuchProcess:
        return
