"""Stopping the local stack, and the lock that one `up` or `down` at a time holds."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from monitoring.settings import Settings
from monitoring.stack.components import RUNS_TASKS
from monitoring.stack.folders import Folders
from monitoring.stack.leftovers import end_leftovers, processes_of
from monitoring.stack.stack_error import StackError
from monitoring.stack.supervisor import Supervisor


def down(settings: Settings) -> bool:
    """Stop every process of the local stack; what it keeps stays.

    Returns
    -------
    Whether anything was running.

    Raises
    ------
    StackError
        Something could not be stopped, or another `up` or `down` is at work.
    """
    folders = Folders(settings.state)
    if not folders.control.exists():
        return False
    with alone(folders):
        return stop(folders)


def stop(folders: Folders) -> bool:
    """Stop everything; for whoever holds the lock."""
    was_running = bool(processes_of(folders.state))
    # Interrupted tasks report that to Airflow, which retries them after the next start: the
    # server that they report to must still run.
    Supervisor(folders).stop(first=RUNS_TASKS)
    # Tasks run in process groups of their own, and a supervisor that was killed stops nobody.
    end_leftovers(folders.state)
    left = processes_of(folders.state)
    if left:
        named = ", ".join(f"{process.name()} (pid {process.pid})" for process in left)
        msg = f"these processes can't be stopped: {named}"
        raise StackError(msg)
    return was_running


@contextmanager
def alone(folders: Folders) -> Iterator[None]:
    """Hold the lock that lets one `up` or `down` at a time work on a stack."""
    with folders.lock.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            msg = f"another `tocsin up` or `down` is running on {folders.state}: wait for it to end"
            raise StackError(msg) from error
        yield
