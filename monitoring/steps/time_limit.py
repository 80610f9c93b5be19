"""The time limit of a step that a command runs; in Airflow the task has it."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from monitoring.steps.run import StepError


@contextmanager
def time_limit(limit: timedelta, what: str) -> Iterator[None]:
    """Raise in the block once it has taken as long as `limit`; in the main thread alone.

    Raises
    ------
    StepError
        Between two instructions of Python: a library that computes on its own is interrupted
        when it comes back.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def give_up(*_: object) -> None:
        msg = (
            f"{what} was given up after {limit}: its candidate or its window is too large; lower "
            "the candidate's parameters or `retrain.max_rows_search`"
        )
        raise StepError(msg)

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, limit.total_seconds())
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
