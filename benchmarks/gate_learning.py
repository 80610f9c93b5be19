"""What a retrain should learn from: rows that weigh less with age, and shorter learning windows.

Run it with `make bench-learning`; it uses the worlds and the policies of `make bench-gate`.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.gate_policies import Course, Trainer
from benchmarks.gate_rules import FROZEN, GATE, NO_GATE, POLICIES
from benchmarks.gate_world import CASE, SPAN, Fault, World, end_of, made_up
from benchmarks.machine import machine
from benchmarks.table import table

if TYPE_CHECKING:
    pass

LEAST = timedelta(days=7)
"""Reach of the settled rows that a shorter window leaves at least."""


@dataclass(frozen=True)
class Learning:
    """What a retrain learns from.

    Attributes
    ----------
    half_life
        Age at which a row weighs half; None where all weigh the same.
    since_drift
        Whether rows from before the drift episode that lasts are left out, but for `LEAST`.
    """

    span: timedelta = SPAN
    half_life: timedelta | None = None
    since_drift: bool = False


AS_SHIPPED = "20 days, all alike"
LEARNINGS = {
    AS_SHIPPED: Learning(),
    "half-life of 40 days": Learning(half_life=timedelta(days=40)),
    "half-life of 20 days": Learning(half_life=timedelta(days=20)),
    "half-life of 10 days": Learning(half_life=timedelta(days=10)),
    "always 12 days": Learning(span=LEAST + CASE.labels.mature_after),
    "since the drift, at least 12 days": Learning(since_drift=True),
}
"""What is compared, by the name it is printed under."""


class ShortenedTrainer(Trainer):
    """Leaves out rows from before the drift episode that lasts, where enough others are left."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._since: dict[int, datetime] = {}

    def reach(self, day: int) -> timedelta:
        """Return the time since the drift began, within bounds."""
        since = self._since.get(day)
        if since is None:
            return self.span
        return min(self.span, max(LEAST + CASE.labels.mature_after, end_of(day) - since))

    def drifting(self, day: int, since: datetime | None) -> None:
        """Remember since when it drifts."""
        if since is not None:
            self._since[day] = since


def main() -> None:
    """Print the table of docs/explanation/gate.md on learning."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=8, help="worlds, each of a seed of its own")
    parser.add_argument("--broken", type=int, default=1, help="worlds with each kind of fault")
    parser.add_argument("--policy", default=NO_GATE, choices=[NO_GATE, GATE])
    parser.add_argument("--processes", type=int, help="one per processor where not given")
    given = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one world on each processor
    kinds = {
        "sound": [_Which(seed) for seed in range(given.seeds)],
        "broken": [_Which(seed, fault) for fault, seed in product(Fault, range(given.broken))],
        "quiet": [_Which(seed, quiet=True) for seed in range(given.seeds)],
    }
    head = ("learning", f"{given.policy}: saved", "cheaper than as shipped in", "promotions")
    with ProcessPoolExecutor(given.processes) as processes:
        for kind, worlds in kinds.items():
            if worlds:
                print(f"## {len(worlds)} {kind} worlds, seeds from 0\n", flush=True)
                table(head, _lines(given.policy, processes, worlds))
    print(machine())


@dataclass(frozen=True)
class _Which:
    """Which world: of a seed, with a fault of what is logged, or where nothing ever changes."""

    seed: int
    fault: Fault | None = None
    quiet: bool = False


def _lines(
    policy: str, processes: ProcessPoolExecutor, worlds: Sequence[_Which]
) -> Iterator[Sequence[object]]:
    usual: Sequence[_Ran] = ()
    for name in LEARNINGS:
        found = list(processes.map(partial(_learned, policy, name), worlds))
        usual = usual or found
        saved = [1 - one.course.cost / one.frozen.cost for one in found]
        pairs = zip(found, usual, strict=True)
        cheaper = sum(one.course.cost < shipped.course.cost for one, shipped in pairs)
        yield (
            name,
            f"{np.mean(saved):.1%} ({min(saved):.1%} to {max(saved):.1%})",
            "" if name == AS_SHIPPED else f"{cheaper} of {len(worlds)}",
            f"{np.mean([one.course.promotions for one in found]):.1f}",
        )


@dataclass(frozen=True)
class _Ran:
    """What a policy came to in one world, and what never retraining did, which is as shipped."""

    course: Course
    frozen: Course


def _learned(policy: str, name: str, which: _Which) -> _Ran:
    learning = LEARNINGS[name]
    made = made_up(which.seed, which.fault, quiet=which.quiet)
    usual = POLICIES[FROZEN](Trainer(made))
    trainer = (
        ShortenedTrainer(made)
        if learning.since_drift
        else Trainer(made, learning.span, learning.half_life)
    )
    return _Ran(POLICIES[policy](trainer), usual)


if __name__ == "__main__":
    main()
