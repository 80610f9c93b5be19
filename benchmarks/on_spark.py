"""Measure Spark with one worker against two; print the table of docs/benchmarks.md.

Run it with `make bench-spark`. Master and workers are processes on this machine, each worker with
one core; the driver only adds up what they found.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.machine import machine
from benchmarks.out_of_core import written
from benchmarks.table import table
from monitoring import compare
from tests.fixtures.spark import running_cluster, spark_session


def by_workers(folder: Path, rows: int, runs: int) -> Iterator[Sequence[object]]:
    """Yield a row a number of workers: what a comparison takes, and times the first's."""
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
            walls = []
            for _ in range(runs):
                began = time.perf_counter()
                compare(*frames)
                walls.append(time.perf_counter() - began)
        wall = statistics.median(walls)
        first = first or wall
        yield workers, f"{rows:,}", f"{wall:.1f}", f"{first / wall:.2f}"


def main() -> None:
    """Print the table, with the machine it was measured on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=4_000_000, help="rows on either side")
    parser.add_argument("--runs", type=int, default=3, help="runs; the median counts")
    asked = parser.parse_args()
    print(f"{machine()}\n")
    print("## Spark: 30 columns, Parquet\n")
    with tempfile.TemporaryDirectory() as folder:
        head = ("workers of one core", "rows on either side", "wall, s", "times as fast as one")
        table(head, by_workers(Path(folder), asked.rows, asked.runs))


if __name__ == "__main__":
    main()
