"""Measure the memory of `scorecard` by rows; print the table of docs/explanation/benchmarks.md.

Run it with `make bench-scorecard`. Each scorecard is made in a process of its own. What is counted
is the largest size of that process less its size before the arrays were made: arrays included.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks.machine import machine
from benchmarks.peers.messages import Cost
from benchmarks.peers.meter import Meter, in_own_process
from benchmarks.table import table
from monitoring import scorecard

ROWS = (3_000_000, 30_000_000)

MIB = 2**20

COSTS = {"missed": {"of_amount": 1}, "false_alarm": 5, "review": 2}

ARRAYS = 8 + 8 + 8
"""Bytes a row of the arrays handed in: scores, labels and amounts as pandas holds them."""


def arrays(rows: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return scores that are all different, labels drawn from them, and amounts."""
    rng = np.random.default_rng(0)
    scores, labels, amounts = np.empty(rows), np.empty(rows, dtype=np.int64), np.empty(rows)
    for start in range(0, rows, MIB):
        part = slice(start, min(start + MIB, rows))
        size = part.stop - start
        scores[part] = rng.beta(0.2, 8, size)
        labels[part] = rng.random(size) < scores[part]
        amounts[part] = rng.lognormal(4, 1, size)
    return scores, labels, amounts


def measured(rows: int) -> Cost:
    """Return what arrays and scorecard cost in this process."""
    scorecard([0, 1], [0.2, 0.9], threshold=0.5, amounts=[1, 2], costs=COSTS)  # imports
    meter = Meter()
    with meter.working():
        scores, labels, amounts = arrays(rows)
        scorecard(labels, scores, threshold=0.5, amounts=amounts, costs=COSTS, capacity=rows // 100)
    return meter.cost("numpy")


def by_rows() -> Iterator[Sequence[object]]:
    """Yield a row a size."""
    for rows in ROWS:
        cost = in_own_process("benchmarks.scorecards", "--of", str(rows))
        added = cost.peak_bytes - cost.before_bytes
        yield f"{rows:,}", f"{added / MIB:,.0f}", f"{added / rows:.1f}"


def main() -> None:
    """Print the table, with the machine it was measured on; or the cost of one scorecard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--of", type=int, help="make one of so many rows, and print its cost")
    asked = parser.parse_args()
    if asked.of:
        print(measured(asked.of).model_dump_json())
        return
    print(f"{machine()}\n")
    print(f"## `scorecard`: scores, labels and amounts take {ARRAYS} bytes a row of it\n")
    table(("rows", "memory added, MiB", "bytes a row"), by_rows())


if __name__ == "__main__":
    main()
