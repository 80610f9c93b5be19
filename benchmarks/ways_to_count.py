"""Measure ways to count all bins of a Parquet file; print the table of docs/decisions/0006.

Run it with `python -m benchmarks.ways_to_count`. Each way runs in a process of its own.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import duckdb

from benchmarks.machine import machine
from benchmarks.out_of_core import MIB, written
from benchmarks.peers.messages import Cost
from benchmarks.peers.meter import Meter, in_own_process
from benchmarks.table import table
from monitoring.summary.data_file import find_files
from monitoring.summary.fit import fit_bins
from monitoring.summary.from_table import hash_of, summarise_table
from monitoring.summary.out_of_core import OutOfCore
from monitoring.summary.profile import profile
from monitoring.summary.table import Portion
from monitoring.summary.types import FeatureBins, FeatureKind

ROWS = 1_000_000


def streamed(path: Path, bins: Sequence[FeatureBins]) -> None:
    """Count as Tocsin does."""
    summarise_table(OutOfCore(find_files(path)), bins, hash_of_bins=hash_of(bins))


def only_read(path: Path, bins: Sequence[FeatureBins]) -> None:
    """Read, and count nothing but rows."""

    def rows(portions: Iterable[Portion]) -> int:
        return sum(portion.rows.num_rows for portion in portions)

    sum(OutOfCore(find_files(path)).read([part.name for part in bins], rows, placed=False))


def histograms(path: Path, bins: Sequence[FeatureBins]) -> None:
    """Ask DuckDB for a histogram of each column, all in one SELECT."""
    words = (f"histogram({b.name})" for b in bins if b.kind is FeatureKind.CATEGORICAL)
    numbers = (
        f"histogram({b.name}::DOUBLE, {list(b.edges)})"
        for b in bins
        if b.kind is FeatureKind.NUMERIC
    )
    _asked(path, [*words, *numbers])


def filters(path: Path, bins: Sequence[FeatureBins]) -> None:
    """Ask DuckDB for a count of each bin, all in one SELECT."""
    words = (f"histogram({b.name})" for b in bins if b.kind is FeatureKind.CATEGORICAL)
    numbers = (
        f"count(*) FILTER ({b.name} <= {edge})"
        for b in bins
        if b.kind is FeatureKind.NUMERIC
        for edge in b.edges
    )
    _asked(path, [*words, *numbers])


def _asked(path: Path, columns: Sequence[str]) -> None:
    with duckdb.connect(config={"memory_limit": "512MB", "threads": 2}) as connection:
        connection.read_parquet(str(path / "*.parquet")).aggregate(", ".join(columns)).fetchall()


WAYS: dict[str, Callable[[Path, Sequence[FeatureBins]], None]] = {
    "read by DuckDB, counted by numpy": streamed,
    "the same, not counted": only_read,
    "DuckDB: one `histogram` a column": histograms,
    "DuckDB: one `count(*) FILTER` a bin": filters,
}


def measured(way: str, path: Path) -> Cost:
    """Return what a way costs in a process of its own."""
    return in_own_process("benchmarks.ways_to_count", "--way", way, path)


def compared(path: Path) -> Iterator[Sequence[object]]:
    """Yield a row a way."""
    for way in WAYS:
        cost = measured(way, path)
        yield way, f"{cost.wall_seconds:.1f}", f"{cost.cpu_seconds:.1f}", _mib(cost.peak_bytes)


def _mib(size: int) -> str:
    return f"{size / MIB:.0f}"


def main() -> None:
    """Print the table, with the machine it was measured on; or the cost of one way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--way", nargs=2, help="measure this way on this folder alone")
    asked = parser.parse_args()
    if asked.way:
        name, path = asked.way
        few = OutOfCore(find_files(path))
        bins = fit_bins(profile(few, few.columns))
        meter = Meter()
        with meter.working():
            WAYS[name](Path(path), bins)
        print(meter.cost("duckdb").model_dump_json())
        return
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        path = written(Path(folder) / "rows", ROWS, 30, seed=0)
        table((f"{ROWS:,} rows of 30 columns", "wall, s", "CPU, s", "peak, MiB"), compared(path))


if __name__ == "__main__":
    main()
