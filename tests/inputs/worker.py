"""Run commands of `tocsin` one by one, each in a fork of this process with limits of its own.

The fork spares each of them the seconds that imports take. A line of JSON on standard input is a
command, a line on standard output how it ended.
"""

import json
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.commands.command import readable_errors
from tests.inputs.table import READERS

SECONDS = 30
"""How long a command may take; it is killed after that."""

MEMORY = 3 * 2**30
"""Bytes of addresses that a command may have beyond those of this process."""


readers = typer.Typer()
"""Entries that no command reads by themselves, as if one did."""


@readers.command()
def load_model(folder: Path) -> None:
    from monitoring.training.bundle import load_model

    with readable_errors():
        load_model(folder)


@readers.command()
def read_report(path: Path) -> None:
    from monitoring.reports.entry import Entry

    with readable_errors():
        Entry.read(path)


def warm_up(folder: Path) -> None:
    """Import what commands import on first use, without starting threads that a fork would lose."""
    import duckdb  # noqa: F401
    import pandas  # noqa: F401
    import pyarrow.parquet
    import scipy.stats  # noqa: F401

    import monitoring.comparison.compare
    import monitoring.steps.in_process
    import monitoring.training.bundle  # noqa: F401

    assert folder.is_dir()
    pyarrow.set_cpu_count(1)


def command(asked: dict[str, Any], answer: Path) -> None:
    """Run a command in this process, and write how it ended; never returns."""
    size = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = size * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    os.chdir(asked["folder"])
    os.environ.update(asked["environment"])
    commands = readers if asked["call"][0] in READERS else app
    result = CliRunner().invoke(commands, asked["call"])
    ended = {
        "code": result.exit_code,
        "said": result.output,
        "raised": ""
        if result.exception is None or isinstance(result.exception, SystemExit)
        else repr(result.exception)[:1000],
    }
    answer.write_text(json.dumps(ended), encoding="utf-8")
    os._exit(0)


def forked(asked: dict[str, Any], answer: Path) -> dict[str, Any]:
    """Run a command in a fork, and return how it ended, how long it took, and its largest size."""
    answer.unlink(missing_ok=True)
    began = time.monotonic()
    child = os.fork()
    if child == 0:
        try:
            command(asked, answer)
        finally:
            os._exit(1)
    while True:
        pid, status, used = os.wait4(child, os.WNOHANG)
        if pid:
            break
        if time.monotonic() - began > SECONDS:
            os.kill(child, signal.SIGKILL)
        time.sleep(0.005)
    ended = json.loads(answer.read_text(encoding="utf-8")) if answer.exists() else {}
    default = {"code": None, "said": "", "raised": f"killed, status {status}"}
    return {
        **default,
        **ended,
        "seconds": time.monotonic() - began,
        "peak": used.ru_maxrss * 1024,
    }


def main() -> None:
    """Answer commands until there are no more."""
    folder = Path(sys.argv[1])
    warm_up(folder)
    for line in sys.stdin:
        sys.stdout.write(json.dumps(forked(json.loads(line), folder / "answer.json")) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
