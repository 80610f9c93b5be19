"""A process of its own that does one thing with a store, when told: python -m tests.store.child."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from monitoring.rows import archive, archive_file
from monitoring.rows.rows import POSITIVE
from monitoring.rows.store import ProductionStore, open_store
from tests.store.made import HOUR, NOON, rows, use_case

LATER = NOON + 48 * HOUR


def at_once(arguments: Sequence[Sequence[str]]) -> list[Any]:
    """Start a child for each list of arguments, let all go together, return what they say."""
    command = [sys.executable, "-m", "tests.store.child"]
    children = [
        subprocess.Popen(
            [*command, *each], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for each in arguments
    ]
    for child in children:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    said = [child.communicate(timeout=60)[0] for child in children]
    assert [child.returncode for child in children] == [0] * len(children)
    return [json.loads(each) for each in said]


def killed_at_each_line(url: str, folder: str) -> int:
    """Archive a use case of its own again and again, killed one line of the code later each time.

    Returns the number of kills: the try after the last of them went through.
    """
    kills = 0
    while True:
        child = os.fork()
        if child == 0:
            _archive_until(kills, url, Path(folder))
            os._exit(0)
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
        if file not in (archive.__file__, archive_file.__file__):
            return None
        if event == "line" and (file, frame.f_lineno) not in seen:
            if len(seen) == lines:
                os.kill(os.getpid(), signal.SIGKILL)
            seen.add((file, frame.f_lineno))
        return trace

    return trace


def _open(url: str) -> str:
    with open_store(url) as store:
        return repr(store)


def _archive(url: str, folder: str, run_key: str) -> str | None:
    with open_store(url) as store:
        return store.archive(use_case(), run_key, LATER, Path(folder)).file


if __name__ == "__main__":
    action = {"open": _open, "archive": _archive, "killed": killed_at_each_line}[sys.argv[1]]
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    json.dump(action(*sys.argv[2:]), sys.stdout)
