"""Sixty days with drift and late labels: what the gate does, in sound worlds and in broken ones.

Run it with `make bench-gate`; `SEEDS=1` for one world, `FIRST=100` for other worlds, `PROCESSES=1`
to leave the other processors to others. It makes up its rows, needs no servers and leaves nothing
behind but `.tocsin/gate_simulation`, by which a run that was stopped goes on: remove it after a
change of code. Rows, verdicts, decisions, training, gate and probation are the project's own
functions.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import product
from pathlib import Path

import numpy as np
from pydantic import TypeAdapter

from benchmarks import gate_power
from benchmarks.gate_policies import AFTERWARDS, HARMFUL, Course, Day, Trainer
from benchmarks.gate_rules import (
    FROZEN,
    GATE,
    IN_BROKEN_WORLDS,
    NO_GATE,
    POLICIES,
    Policies,
)
from benchmarks.gate_world import DAYS, NEW_CUSTOMERS, NEW_FRAUDS, Fault, made_up
from benchmarks.machine import machine
from benchmarks.table import table
from monitoring.atomic_write import atomic_write

STRETCH = 12
"""Days that a row of the table by time takes together."""

FOLDER = Path(__file__).resolve().parents[1] / ".tocsin" / "gate_simulation"
"""Where a file per world is kept."""

Courses = Mapping[str, Course]
_COURSES = TypeAdapter(dict[str, Course])


def main() -> None:
    """Print every figure of docs/explanation/gate.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=16, help="worlds, each of a seed of its own")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--broken", type=int, default=4, help="worlds with each kind of fault")
    parser.add_argument("--processes", type=int, help="one per processor where not given")
    given = parser.parse_args()
    seeds = range(given.first, given.first + given.seeds)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one world on each processor
    with ProcessPoolExecutor(given.processes) as processes:
        worlds = list(processes.map(_sound, seeds))
        print(
            f"## {len(seeds)} sound worlds of {DAYS} days, seeds from {given.first}\n", flush=True
        )
        print_sound(worlds)
        some = range(given.first, given.first + given.broken)
        broken = list(processes.map(_faulty_world, *_faults(some)))
    print(f"## {len(some)} broken worlds of each kind, seeds from {given.first}\n")
    print_broken(broken, len(some))
    gate_power.print_power()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"{machine()}; {used.ru_utime + used.ru_stime:.0f} s of processor time")


def print_sound(worlds: Sequence[Courses]) -> None:
    """Print what each policy came to where every retrain learns from what is so."""
    head = ("policy", "retrains", "promotions", "taken back", "EUR", "saved", "of no gate")
    table((*head, "cheaper than the gate in"), _summed(worlds))
    print("## Days from a change to the next promotion, and the longest run without one\n")
    table(("of", "days, mean (range)"), _pauses([world[GATE] for world in worlds]))
    print(f"## EUR a day; changes begin on days {NEW_CUSTOMERS} and {NEW_FRAUDS}\n")
    shown = (FROZEN, GATE, NO_GATE, "every week, no gate", "every day, no gate")
    table(("days", *shown), _by_time(worlds, shown))


def print_broken(courses: Sequence[Courses], worlds: int) -> None:
    """Print, fault by fault, which harmful challengers were stopped, and what it came to."""
    head = ("fault", "policy", "promotions", f"harmful (x {HARMFUL:g})")
    stopped = f"stopped, or taken back within {AFTERWARDS} days"
    table((*head, stopped, "EUR", "saved"), _faulty(courses, worlds))


def _sound(seed: int) -> Courses:
    return _world(POLICIES, None, seed)


def _faulty_world(fault: Fault, seed: int) -> Courses:
    return _world(IN_BROKEN_WORLDS, fault, seed)


def _world(policies: Policies, fault: Fault | None, seed: int) -> Courses:
    """Return what policies did in a world: from its file, where a run before came so far."""
    file = FOLDER / f"{seed} {fault or 'sound'}.json"
    if file.exists():
        return _COURSES.validate_json(file.read_bytes())
    trainer = Trainer(made_up(seed, fault))
    courses = {name: policy(trainer) for name, policy in policies.items()}
    file.parent.mkdir(parents=True, exist_ok=True)
    atomic_write(file, _COURSES.dump_json(courses).decode())
    print(f"world {seed}, {fault or 'sound'}: done", file=sys.stderr, flush=True)
    return courses


def _faults(seeds: Sequence[int]) -> Iterator[tuple[object, ...]]:
    return zip(*product(Fault, seeds), strict=True)


def _summed(worlds: Sequence[Courses]) -> Iterator[Sequence[object]]:
    best = _saved(worlds, NO_GATE).mean()
    for name in POLICIES:
        own = [world[name] for world in worlds]
        saved = _saved(worlds, name)
        cheaper = sum(world[name].cost < world[GATE].cost for world in worlds)
        yield (
            name,
            _range([course.retrains for course in own]),
            _range([course.promotions for course in own]),
            sum(len(course.taken_back) for course in own),
            f"{np.mean([course.cost for course in own]):,.0f}",
            f"{saved.mean():.1%} ({saved.min():.1%} to {saved.max():.1%})",
            f"{saved.mean() / best:.0%}",
            "" if name == GATE else f"{cheaper} of {len(worlds)}",
        )


def _saved(worlds: Sequence[Courses], name: str) -> np.ndarray:
    return np.array([1 - world[name].cost / world[FROZEN].cost for world in worlds])


def _faulty(courses: Sequence[Courses], worlds: int) -> Iterator[Sequence[object]]:
    by_fault = {fault: courses[n * worlds : (n + 1) * worlds] for n, fault in enumerate(Fault)}
    for fault, own in by_fault.items():
        for name in IN_BROKEN_WORLDS:
            yield _of_fault(fault.value, own, name)
    for name in IN_BROKEN_WORLDS:
        yield _of_fault("all", courses, name)


def _of_fault(fault: str, own: Sequence[Courses], name: str) -> Sequence[object]:
    ran = [world[name] for world in own]
    harmful, stopped = (
        sum(values) for values in ([c.harmful for c in ran], [c.stopped for c in ran])
    )
    return (
        fault,
        name,
        f"{np.mean([course.promotions for course in ran]):.1f}",
        harmful,
        f"{stopped} of {harmful}" if harmful else "",
        f"{np.mean([course.cost for course in ran]):,.0f}",
        f"{_saved(own, name).mean():.1%}",
    )


def _pauses(courses: Sequence[Course]) -> Iterator[Sequence[object]]:
    for change in (NEW_CUSTOMERS, NEW_FRAUDS):
        yield f"change of day {change}", _range([_until(course.days, change) for course in courses])
    longest = [max(np.diff([0, *_promotions(course), DAYS])) for course in courses]
    yield "longest run without a promotion", _range(longest)


def _promotions(course: Course) -> list[int]:
    return [day.day for day in course.days if day.promoted]


def _until(days: Sequence[Day], change: int) -> int:
    return next((d.day for d in days if d.promoted and d.day >= change), DAYS) - change


def _by_time(worlds: Sequence[Courses], shown: Sequence[str]) -> Iterator[Sequence[object]]:
    for first in range(0, DAYS, STRETCH):
        parts = [
            [day.cost for world in worlds for day in world[name].days[first : first + STRETCH]]
            for name in shown
        ]
        yield f"{first + 1}-{first + STRETCH}", *(f"{np.mean(part):,.0f}" for part in parts)


def _range(values: Sequence[int]) -> str:
    return f"{np.mean(values):.1f} ({min(values)} to {max(values)})"


if __name__ == "__main__":
    main()
