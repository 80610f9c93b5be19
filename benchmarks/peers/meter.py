"""The time and memory of a piece of work in this process."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from benchmarks.peers.messages import Cost


class Meter:
    """Time reading and working, one after the other, then give the cost of both.

    Make it once everything is imported.
    """

    def __init__(self) -> None:
        self._imported = time.process_time()
        self._read = self._wall = self._cpu = 0.0
        self._before = self._peak = 0

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Count the block as reading."""
        began = time.perf_counter()
        yield
        self._read += time.perf_counter() - began

    @contextmanager
    def working(self) -> Iterator[None]:
        """Count the block as the work."""
        # The kernel keeps the largest size since the start, or since this was written.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        self._before = _memory("VmRSS")
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        self._wall = time.perf_counter() - wall
        self._cpu = time.process_time() - cpu
        self._peak = _memory("VmHWM")

    def cost(self, *distributions: str) -> Cost:
        """Return what was measured, with the versions of these distributions."""
        return Cost(
            import_cpu_seconds=self._imported,
            read_seconds=self._read,
            wall_seconds=self._wall,
            cpu_seconds=self._cpu,
            before_bytes=self._before,
            peak_bytes=self._peak,
            versions={name: version(name) for name in distributions},
        )


def in_own_process(module: str, *arguments: str | Path) -> Cost:
    """Return the cost that `module` prints when it is run alone, with these arguments."""
    answer = subprocess.run(  # nosec B603 # a module of this folder
        [sys.executable, "-m", module, *arguments],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    ).stdout
    return Cost.model_validate_json(answer)


def _memory(name: str) -> int:
    """Return a line of this process's memory status, bytes.

    Not `ru_maxrss`: that one starts from the size of the process that started this one.
    """
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    msg = f"/proc/self/status has no {name}: this needs a Linux kernel"
    raise OSError(msg)
