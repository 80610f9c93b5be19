"""Sixty days with drift and late labels: what the gate does, and what retraining saves.

`make bench-gate`. It makes up its rows, needs no servers and leaves nothing behind. Rows, verdicts,
decisions, training and the gate are the project's own functions.
"""

from __future__ import annotations

import platform
import resource
import sys

import numpy as np

from benchmarks import gate_power
from benchmarks.gate_policies import POLICIES, Course, Day, Trainer
from benchmarks.gate_world import DAYS, HISTORY, NEW_CUSTOMERS, NEW_FRAUDS, made_up

SEEDS = range(int(sys.argv[1]) if len(sys.argv) > 1 else 5)


def main() -> None:
    """Print every figure of docs/gate.md."""
    print(f"Python {platform.python_version()}, {HISTORY} days of history, then {DAYS} days")
    courses = {}
    for seed in SEEDS:
        trainer = Trainer(made_up(seed))
        courses[seed] = {name: policy(trainer) for name, policy in POLICIES.items()}
        if seed == 0:
            print("\nseed 0, day by day, with the gate")
            _tell_days(courses[0]["gate"])
        _tell_seed(seed, courses[seed])
    _tell_all(courses)
    gate_power.tell()
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(f"\n{used.ru_utime + used.ru_stime:.0f} CPU seconds")


def _tell_days(course: Course) -> None:
    for day in course.days:
        print(f"  day {day.day:>2}  {day.cost:>7,.0f}  {_words(day)}")


def _words(day: Day) -> str:
    if day.decision is None:
        return ""
    told = f"{day.decision.reason}: {day.decision.words}"
    if day.gate is not None:
        told += f"\n{'':>19}-> {day.gate.outcome}: {day.gate.reason}"
    return told


def _tell_seed(seed: int, courses: dict[str, Course]) -> None:
    print(f"\nseed {seed}")
    base = courses["never retrained"].cost
    for name, course in courses.items():
        print(
            f"  {name:<20}{course.retrains:>4} retrains{course.promotions:>4} promotions"
            f"{course.waited:>4} days waiting{course.cost:>10,.0f} EUR"
            f"{1 - course.cost / base:>8.1%} saved"
        )


def _tell_all(courses: dict[int, dict[str, Course]]) -> None:
    print("\nall seeds: mean (lowest to highest)")
    for name in POLICIES:
        own = [by_name[name] for by_name in courses.values()]
        saved = [1 - by[name].cost / by["never retrained"].cost for by in courses.values()]
        print(
            f"  {name:<20}"
            f"{_range([c.retrains for c in own])} retrains  "
            f"{_range([c.promotions for c in own])} promotions  "
            f"{_range([c.waited for c in own])} days waiting  "
            f"{np.mean([c.cost for c in own]):>9,.0f} EUR  "
            f"saved {np.mean(saved):.1%} ({min(saved):.1%} to {max(saved):.1%})"
        )
    print(f"\nEUR a day, mean of all seeds; changes begin on days {NEW_CUSTOMERS}, {NEW_FRAUDS}")
    for first in range(1, DAYS + 1, 6):
        parts = [f"  days {first:>2}-{first + 5:<4}"]
        for name in POLICIES:
            days = [d.cost for by in courses.values() for d in by[name].days[first - 1 : first + 5]]
            parts.append(f"{name} {np.mean(days):>6,.0f}   ")
        print("".join(parts))


def _range(values: list[int]) -> str:
    return f"{np.mean(values):>5.1f} ({min(values)} to {max(values)})"


if __name__ == "__main__":
    sys.exit(main())
