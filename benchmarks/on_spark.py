"""Measure Spark with one worker against two; print the table of docs/explanation/benchmarks.md.

Run it with `make bench-spark`. Master and workers are processes on this machine, each worker with
one core; the driver only adds up what they found. Two workers can't be twice as fast where they
share two cores with a driver, a master and whatever else runs: how the work is shared shows in
the processor time of the worker that worked most.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import psutil

from benchmarks.machine import machine
from benchmarks.out_of_core import written
from benchmarks.table import table
from monitoring import compare
from tests.fixtures.spark import running_cluster, spark_session


def by_workers(folder: Path, rows: int, runs: int) -> Iterator[Sequence[object]]:
    """Yield a row a number of workers: what a comparison takes, and how the work is shared."""
    reference = written(folder / "reference", rows, 30, seed=0)
    current = written(folder / "current", rows, 30, seed=1)
    first = None
    for workers in (1, 2):
        logs = folder / f"{workers} workers"
        logs.mkdir()
        with (
            running_cluster(logs, workers) as master,
            spark_session(master, cores=workers) as spark,
        ):
            frames = [spark.read.parquet(str(path)) for path in (reference, current)]
            compare(*frames, columns=["x0"])  # workers start Python once
            walls, busiest = [], []
            for _ in range(runs):
                began, before = time.perf_counter(), worker_seconds()
                compare(*frames)
                walls.append(time.perf_counter() - began)
                after = worker_seconds()
                busiest.append(max(after[worker] - before[worker] for worker in after))
        most = statistics.median(busiest)
        first = first or most
        wall = statistics.median(walls)
        yield workers, f"{rows:,}", f"{wall:.1f}", f"{most:.1f}", f"{first / most:.2f}"


def worker_seconds() -> dict[int, float]:
    """Return the processor time of each worker, with all that it started, by its process."""
    workers = [
        process
        for process in psutil.Process().children()
        if any(part.endswith("worker.Worker") for part in process.cmdline())
    ]
    return {
        worker.pid: sum(
            sum(process.cpu_times()[:4]) for process in (worker, *worker.children(recursive=True))
        )
        for worker in workers
    }


def main() -> None:
    """Print the table, with the machine it was measured on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000, help="rows on either side")
    parser.add_argument("--runs", type=int, default=3, help="runs; the median counts")
    asked = parser.parse_args()
    print(f"{machine()}\n")
    print("## Spark: 30 columns, Parquet\n")
    with tempfile.TemporaryDirectory() as folder:
        head = (
            "workers of one core",
            "rows on either side",
            "wall, s",
            "CPU of the busiest worker, s",
        )
        table((*head, "one's CPU over it"), by_workers(Path(folder), asked.rows, asked.runs))


if __name__ == "__main__":
    main()
