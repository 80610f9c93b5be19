"""What a demo starts and waits for: runs of DAGs, and commands of Tocsin."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from monitoring.airflow_api import AIRFLOW_USER, AirflowApi, airflow_address
from monitoring.settings import settings
from monitoring.stack.environment import as_variables
from monitoring.stack.stack_error import StackError
from monitoring.stack.up import Running
from monitoring.steps.order import WATCH

Say = Callable[[str], None]

RUN_SECONDS = 3600
"""How long a DAG run is waited for: on a busy machine each task takes half a minute to start."""

_SAID = {"success": "done", "failed": "failed", "skipped": "not needed"}
"""What people say of the states in which a task ends."""


def airflow_of(running: Running) -> AirflowApi:
    """Return the Airflow of the local stack.

    Raises
    ------
    StackError
        It has none.
    """
    where = running.settings
    address = airflow_address(where)
    if address is None or where.airflow_password is None:
        msg = "the local stack has no Airflow: start it with `tocsin up`"
        raise StackError(msg)
    return AirflowApi(address, AIRFLOW_USER, where.airflow_password.get_secret_value())


def scheduled_run(airflow: AirflowApi, dag_id: str, say: Say, *, by_hand: bool = False) -> None:
    """Have a DAG run by its schedule, or once more, and wait for its end.

    Raises
    ------
    StackError
        It did not succeed.
    """
    ended_well(airflow, dag_id, airflow.scheduled(dag_id, by_hand=by_hand), say)


def ended_well(airflow: AirflowApi, dag_id: str, run_id: str, say: Say) -> None:
    """Wait for the end of a run.

    Raises
    ------
    StackError
        It did not succeed.
    """
    began = time.monotonic()
    shown: dict[str, str] = {}

    def progress(states: Mapping[str, str]) -> None:
        for task, state in states.items():
            if state in _SAID and shown.get(task) != state:
                shown[task] = state
                if task != WATCH or state == "failed":
                    say(f"  {dag_id}  {task}: {_SAID[state]}")

    state = airflow.wait(dag_id, run_id, seconds=RUN_SECONDS, progress=progress)
    if state != "success":
        msg = f"{dag_id}: run {run_id} ended as {state}: see the failed task's log in Airflow"
        raise StackError(msg)
    say(f"{dag_id} succeeded in {time.monotonic() - began:.0f} s")


def command(running: Running, *arguments: str) -> None:
    """Run a command of Tocsin with the environment of the running stack.

    Raises
    ------
    StackError
        It failed.
    """
    environment = os.environ | as_variables(running.settings)
    done = subprocess.run(  # noqa: S603  # nosec B603 # our own interpreter and our own words
        [sys.executable, "-m", "monitoring.cli", *arguments], env=environment, check=False
    )
    if done.returncode != 0:
        msg = f"`tocsin {' '.join(arguments)}` ended with exit code {done.returncode}"
        raise StackError(msg)


@contextmanager
def inside_the_stack(running: Running) -> Iterator[None]:
    """Give this process the settings of the running stack, until the block ends."""
    before = dict(os.environ)
    os.environ.update(as_variables(running.settings))
    settings.cache_clear()
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        settings.cache_clear()
