"""Measure comparisons of files of any size; print the tables of docs/explanation/benchmarks.md.

Run it with `make bench-scale`. Each comparison is `compare(..., engine="duckdb")` in a process of
its own. Rows come from one file of a million rows that a folder names many times over (hard
links), so that a hundred million of them take a few hundred MB of disk: the files are read and
decoded each time, but from the page cache, not from a disk.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv

from benchmarks.machine import machine
from benchmarks.peers.messages import Cost
from benchmarks.peers.meter import Meter, in_own_process
from benchmarks.table import table
from monitoring import compare

RUNS = 5
MIB = 2**20
ROWS = 1_000_000
"""Rows of a file."""

WORDS = np.array([f"word {number}" for number in range(1000)])


def columns(rng: np.random.Generator, rows: int, width: int) -> pa.Table:
    """Return a table: of ten columns seven are floats, one counts, one has gaps, one is words."""
    shares = 1 / np.arange(1, len(WORDS) + 1)
    made: dict[str, object] = {}
    for number in range(width):
        kind = number % 10
        if kind < 7:
            made[f"x{number}"] = (rng.lognormal if kind > 4 else rng.normal)(size=rows)
        elif kind == 7:
            made[f"count{number}"] = rng.poisson(3, rows)
        elif kind == 8:
            made[f"gaps{number}"] = np.where(rng.random(rows) < 0.05, np.nan, rng.normal(size=rows))
        else:
            made[f"word{number}"] = pa.array(WORDS).take(
                pa.array(rng.choice(len(WORDS), rows, p=shares / shares.sum()))
            )
    return pa.table(made)


def written(folder: Path, rows: int, width: int, *, seed: int, ending: str = "parquet") -> Path:
    """Write a folder of files that hold so many rows in all."""
    folder.mkdir()
    first = folder / f"0000.{ending}"
    each = min(rows, ROWS)
    made = columns(np.random.default_rng(seed), each, width)
    if ending == "parquet":
        pq.write_table(made, first, row_group_size=250_000)
    else:
        csv.write_csv(made, first)
    for number in range(1, rows // each):
        os.link(first, folder / f"{number:04}.{ending}")
    return folder


def measured(reference: Path, current: Path) -> Cost:
    """Return what a comparison costs in a process of its own."""
    return in_own_process("benchmarks.out_of_core", "--of", reference, current)


def compared(reference: str, current: str) -> Cost:
    """Return what a comparison costs in this process."""
    meter = Meter()
    with meter.working():
        compare(reference, current, engine="duckdb")
    return meter.cost("duckdb")


def by_rows(folder: Path, ending: str, largest: int) -> Iterator[Sequence[object]]:
    """Yield a row a size: 30 columns, and as many rows on either side."""
    rows = ROWS
    while rows <= largest:
        reference, current = (
            written(folder / f"{ending}{rows}{seed}", rows, 30, seed=seed, ending=ending)
            for seed in (0, 1)
        )
        yield f"{ending}", f"{rows:,}", *_figures(measured(reference, current), 3 * rows * 30)
        for used in (reference, current):
            shutil.rmtree(used)
        rows *= 10


def by_columns(folder: Path) -> Iterator[Sequence[object]]:
    """Yield a row a width: a hundred thousand rows on either side."""
    rows = ROWS // 10
    for width in (10, 30, 100, 300, 1000):
        reference, current = (
            written(folder / f"columns{width}{seed}", rows, width, seed=seed) for seed in (0, 1)
        )
        yield f"{width:,}", *_figures(measured(reference, current), 3 * rows * width)


def _figures(cost: Cost, values: int) -> tuple[str, ...]:
    return (
        f"{cost.wall_seconds:.1f}",
        f"{cost.cpu_seconds:.1f}",
        f"{cost.cpu_seconds / values * 1e9:.0f}",
        f"{cost.peak_bytes / MIB:.0f}",
    )


def command(folder: Path) -> Iterator[Sequence[object]]:
    """Yield a row a format: the whole command on two files of 1,000 rows."""
    tocsin = Path(sys.executable).with_name("tocsin")
    for ending in ("csv", "parquet"):
        reference, current = (
            written(folder / f"small{ending}{seed}", 1000, 30, seed=seed, ending=ending)
            for seed in (0, 1)
        )
        walls, used = [], []
        for _ in range(RUNS):
            began, before = time.perf_counter(), _children()
            subprocess.run(  # nosec B603 # our own command and files
                [tocsin, "drift", reference, current], capture_output=True, check=True
            )
            walls.append(time.perf_counter() - began)
            used.append(_children() - before)
        yield ending, f"{statistics.median(walls):.2f}", f"{statistics.median(used):.2f}"


def _children() -> float:
    """Return the processor time of the processes that this one started and that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Print every table, with the machine it was measured on; or the cost of one comparison."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000_000, help="rows of the largest Parquet")
    parser.add_argument("--csv-rows", type=int, default=10_000_000, help="rows of the largest CSV")
    parser.add_argument("--of", nargs=2, help="compare these two alone, and print what it costs")
    asked = parser.parse_args()
    if asked.of:
        print(compared(*asked.of).model_dump_json())
        return
    print(f"{machine()}\n")
    head = ("wall, s", "CPU, s", "CPU, ns a value read", "peak, MiB")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        print("## `tocsin drift` on two files of 1,000 rows and 30 columns\n")
        table(("format", "wall, s", "CPU, s"), command(folder))
        print("## As rows grow: 30 columns, as many rows of reference as of window\n")
        table(("format", "rows on either side", *head), by_rows(folder, "parquet", asked.rows))
        table(("format", "rows on either side", *head), by_rows(folder, "csv", asked.csv_rows))
        print("## As columns grow: 100,000 rows on either side, Parquet\n")
        table(("columns", *head), by_columns(folder))


if __name__ == "__main__":
    main()
