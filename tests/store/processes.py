"""What the store's tests do in processes of their own: at the same moment, or until killed."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

import numpy as np

from monitoring import atomic_write
from monitoring.rows.rows import POSITIVE
from monitoring.store import archive, row_formats
from monitoring.store.added import LabelsAdded, RowsAdded
from monitoring.store.production_store import ProductionStore, open_store
from tests.store.made import HOUR, NOON, rows, use_case

T = TypeVar("T")

LATER = NOON + 48 * HOUR


def at_once(calls: Sequence[Callable[[], T]]) -> list[T]:
    """Make each call in a process of its own, all at the same moment; return what they return."""
    context = get_context("forkserver")
    context.set_forkserver_preload(["pytest", __name__])  # imported once, not in each process
    together = context.Barrier(len(calls)).wait
    with ProcessPoolExecutor(len(calls), context, initializer=together) as pool:
        return [call.result(timeout=300) for call in [pool.submit(call) for call in calls]]


def killed_at_each_line(url: str, folder: Path) -> int:
    """Archive a use case of its own again and again, killed one line of the code later each time.

    Returns the number of kills: the try after the last of them went through.
    """
    kills = 0
    while True:
        child = os.fork()
        if child == 0:
            failed = 1
            try:
                _archive_until(kills, url, folder)
                failed = 0
            finally:
                os._exit(failed)
        _, status = os.waitpid(child, 0)
        if not os.WIFSIGNALED(status):
            assert os.waitstatus_to_exitcode(status) == 0
            return kills
        assert os.WTERMSIG(status) == signal.SIGKILL
        kills += 1


def case_of_kill(number: int) -> str:
    """Return the name of the use case whose archive was killed as the `number`th."""
    return f"parcels_{number}"


def _archive_until(lines: int, url: str, folder: Path) -> None:
    case = use_case(case_of_kill(lines))
    sent = rows(["a", "b", "c"], label=POSITIVE)
    with ProductionStore(url) as store:
        store.add_rows(case, sent)
        store.add_labels(case, sent.row_id[:2], sent.label[:2], sent.label_time[:2])
        sys.settrace(_killer(lines))
        store.archive(case, "retrain 1", LATER, folder)
        sys.settrace(None)


def _killer(lines: int) -> Callable[..., Any]:
    """Return a trace that kills its process once as many lines of the archive's code have run."""
    seen: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _: object) -> Any:
        file = frame.f_code.co_filename
        if file not in (archive.__file__, row_formats.__file__, atomic_write.__file__):
            return None
        if event == "line" and (file, frame.f_lineno) not in seen:
            if len(seen) == lines:
                os.kill(os.getpid(), signal.SIGKILL)
            seen.add((file, frame.f_lineno))
        return trace

    return trace


def opened(url: str) -> str:
    """Open the store; return how it shows itself."""
    with open_store(url) as store:
        return repr(store)


def added(url: str, first: int) -> tuple[RowsAdded, LabelsAdded]:
    """Add 3,000 rows and their labels, beginning with the `first`; return what came of them."""
    sent = rows([f"r{number}" for number in range(3000)], every=HOUR / 3600, label=POSITIVE)
    mine = sent.take(np.roll(np.arange(len(sent)), -first))
    with open_store(url) as store:
        return (
            store.add_rows(use_case(), mine),
            store.add_labels(use_case(), mine.row_id, mine.label, mine.label_time),
        )


def archived(url: str, folder: Path, run_key: str) -> str | None:
    """Archive the use case of `made`; return the file's name."""
    with open_store(url) as store:
        return store.archive(use_case(), run_key, LATER, folder).file
