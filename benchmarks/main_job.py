"""The main job's figures: retrain, report, and what the idle local stack takes.

Run it by `make bench-job`, with nothing else at work on the machine. It uses a state of its own,
and the card data (synthetic cards where there is none, and its lines say so).
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.card_halves import card_data
from benchmarks.machine import machine
from monitoring.settings import Ports, settings
from monitoring.signals.pipelines import Pipeline
from monitoring.stack.demo import HOLD_BACK
from monitoring.stack.down import down
from monitoring.stack.status import memory_of
from monitoring.stack.up import up
from monitoring.steps import begin, in_process
from monitoring.steps.replay import Wanted, replay
from monitoring.steps.retrain.training_set import Merged
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case

IDLE_SECONDS = 30


@contextmanager
def timed(what: str, limit: str) -> Iterator[None]:
    """Print how long the block took beside its limit."""
    began, used = time.monotonic(), _cpu_seconds()
    yield
    wall, cpu = time.monotonic() - began, _cpu_seconds() - used
    print(f"{what:<44}{wall:8.1f} s wall {cpu:8.1f} s CPU   limit {limit}")


def _cpu_seconds() -> float:
    """Return the processor time of this process and of its children that have ended."""
    return sum(os.times()[:4])


def grid(case: UseCase) -> str:
    """Say which candidates are searched, and over how many points each."""
    points = []
    for name, candidate in case.candidates.items():
        points.append(f"{name} x{candidate.points.size}")
    return ", ".join(points)


def jobs(case: UseCase) -> None:
    """Time a first retrain, a replay and a report, without servers."""
    now = datetime.now(UTC).replace(microsecond=0)
    run = begin.by_hand(Pipeline.RETRAIN, case.name, as_of=now, force=True)
    with timed("retrain, all candidates", "240 s"):
        in_process.retrain(run)
    merged = run.need("merged", Merged)
    print(f"  rows: {merged.words}")
    print(f"  grid: {grid(case)}")
    with timed("replay", "-"):
        replayed = replay(case, Wanted(now))
    print(f"  {replayed.words}")
    with timed("report, three Evidently reports", "60 s"):
        in_process.report(begin.by_hand(Pipeline.REPORT, case.name, as_of=now))


def idle() -> None:
    """Print the memory of the whole local stack when nothing is asked of it."""
    with timed("local stack up", "-"):
        up(settings(), Ports(), progress=lambda _: None)
    try:
        time.sleep(IDLE_SECONDS)
        parts = memory_of(settings())
    finally:
        down(settings())
    for name, size in sorted(parts.items()):
        print(f"  {name:<24}{size / 2**20:8.0f} MiB")
    print(f"{'local stack, idle':<44}{sum(parts.values()) / 2**30:8.2f} GiB           limit 3 GB")


def main() -> None:
    """Print every figure, with the machine it was measured on."""
    print(machine())
    data = card_data()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"TOCSIN_STATE": folder, "TOCSIN_HOLD_BACK": str(HOLD_BACK)}
        if data is not None:
            os.environ["TOCSIN_DATA"] = str(data)
        os.environ["TOCSIN_REPORTS"] = str(Path(folder) / "reports")
        settings.cache_clear()
        jobs(find_use_case("fraud"))
        idle()


if __name__ == "__main__":
    main()
