"""Sixty days with drift and late labels: what the gate does, and what retraining saves.

Run it with `make bench-gate`; `SEEDS=1` for one world. It makes up its rows, needs no servers and
leaves nothing behind. Rows, verdicts, decisions, training and the gate are the project's own
functions.
"""

from __future__ import annotations

import argparse
import resource
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from benchmarks import gate_power
from benchmarks.gate_policies import POLICIES, Course, Day, Trainer
from benchmarks.gate_world import DAYS, HISTORY, NEW_CUSTOMERS, NEW_FRAUDS, made_up
from benchmarks.machine import machine
from benchmarks.table import table

FROZEN, GATE = "never retrained", "gate"
STRETCH = 6
"""Days that a row of the table by time takes together."""

Courses = Mapping[str, Course]


def main() -> None:
    """Print every figure of docs/gate.md."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=16, help="worlds, each of a seed of its own")
    seeds = parser.parse_args().seeds
    worlds: list[Courses] = []
    for seed in range(seeds):
        trainer = Trainer(made_up(seed))
        worlds.append({name: policy(trainer) for name, policy in POLICIES.items()})
    print(f"## World 0 of {seeds}, with the gate: days on which something was decided\n")
    table(("day", "cost of the day", "decision", "gate"), _told(worlds[0][GATE]))
    print(f"## {seeds} worlds of {DAYS} days after {HISTORY} days of history: mean (range)\n")
    head = ("policy", "retrains", "promotions", "days waiting for labels", "EUR", "saved")
    table((*head, "cheaper than with the gate in"), _summed(worlds))
    print("## What the gate said, over all worlds\n")
    table(("held to", "said", "times"), _said(worlds))
    print("## Days from a change to the next promotion, and the longest run without one\n")
    table(("of", "days, mean (range)"), _pauses([world[GATE] for world in worlds]))
    print(f"## EUR a day; changes begin on days {NEW_CUSTOMERS} and {NEW_FRAUDS}\n")
    table(("days", *POLICIES), _by_time(worlds))
    gate_power.print_power()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"{machine()}; {used.ru_utime + used.ru_stime:.0f} s of processor time")


def _told(course: Course) -> Iterator[Sequence[object]]:
    before = None
    for day in course.days:
        if day.decision is None or (day.decision.reason == before and not day.decision.go):
            continue
        before = day.decision.reason
        said = "" if day.gate is None else f"{day.gate.outcome}: {day.gate.reason}"
        yield day.day, f"{day.cost:,.0f}", f"{day.decision.reason}: {day.decision.words}", said


def _summed(worlds: Sequence[Courses]) -> Iterator[Sequence[object]]:
    for name in POLICIES:
        own = [world[name] for world in worlds]
        saved = [1 - world[name].cost / world[FROZEN].cost for world in worlds]
        cheaper = sum(world[name].cost < world[GATE].cost for world in worlds)
        yield (
            name,
            _range([course.retrains for course in own]),
            _range([course.promotions for course in own]),
            _range([course.waited for course in own]),
            f"{np.mean([course.cost for course in own]):,.0f}",
            f"{np.mean(saved):.1%} ({min(saved):.1%} to {max(saved):.1%})",
            "" if name == GATE else f"{cheaper} of {len(worlds)}",
        )


def _said(worlds: Sequence[Courses]) -> Iterator[Sequence[object]]:
    times: Counter[tuple[str, str]] = Counter(
        (day.gate.rule, _word(day.gate.outcome, day.gate.reason))
        for world in worlds
        for day in world[GATE].days
        if day.gate is not None
    )
    for (rule, said), count in sorted(times.items()):
        yield rule, said, count


def _word(outcome: str, reason: str) -> str:
    return outcome if outcome != "lost" else f"lost: {reason.split(':', maxsplit=1)[0]}"


def _pauses(courses: Sequence[Course]) -> Iterator[Sequence[object]]:
    for change in (NEW_CUSTOMERS, NEW_FRAUDS):
        yield f"change of day {change}", _range([_until(course.days, change) for course in courses])
    longest = [max(np.diff([0, *_promotions(course), DAYS])) for course in courses]
    yield "longest run without a promotion", _range(longest)


def _promotions(course: Course) -> list[int]:
    return [day.day for day in course.days if day.promoted]


def _until(days: Sequence[Day], change: int) -> int:
    return next((d.day for d in days if d.promoted and d.day >= change), DAYS) - change


def _by_time(worlds: Sequence[Courses]) -> Iterator[Sequence[object]]:
    for first in range(0, DAYS, STRETCH):
        parts = [
            [day.cost for world in worlds for day in world[name].days[first : first + STRETCH]]
            for name in POLICIES
        ]
        yield f"{first + 1}-{first + STRETCH}", *(f"{np.mean(part):,.0f}" for part in parts)


def _range(values: Sequence[int]) -> str:
    return f"{np.mean(values):.1f} ({min(values)} to {max(values)})"


if __name__ == "__main__":
    main()
