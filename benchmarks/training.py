"""Training's figures on real cards: every candidate's times, precision, calibration and cost.

Run by hand: `.venv/bin/python -m benchmarks.training`. It needs no servers and leaves nothing
behind.
"""

from __future__ import annotations

import platform
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from benchmarks.real_data import needed_folder
from monitoring.rows.rows import POSITIVE
from monitoring.sources.source import read_source
from monitoring.training.search import search
from monitoring.training.selection import Contender, select
from monitoring.training.split import DataSplit, split_in_time
from monitoring.training.train import Trained, train
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case

FLOOR = 0.79
"""PR-AUC that the chosen candidate must reach on the last 20% of time."""


def cpu_seconds() -> float:
    """Return the CPU seconds of this process, all its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long the block took."""
    wall, cpu = time.monotonic(), cpu_seconds()
    yield
    print(f"  {what:<28}{time.monotonic() - wall:8.1f} s wall {cpu_seconds() - cpu:8.1f} s CPU")


def real_split(case: UseCase) -> DataSplit:
    """Read and cut the real rows."""
    folder = needed_folder(case.source.path)
    split = split_in_time(read_source(case, folder).rows, case.split)
    for name in ("train", "validation", "test"):
        part = getattr(split, name)
        print(f"{name:<12}{len(part):>9,} rows {int((part.label == POSITIVE).sum()):>5} frauds")
    return split


def one(case: UseCase, name: str, split: DataSplit) -> Trained:
    """Search and train one candidate, and print what came of it."""
    print(name)
    with timed("search"):
        found = search(case, name, split.train, seed=0)
    for point in found.tried:
        print(f"    {point.average_precision:.4f} {dict(point.parameters)}")
    with timed("train"):
        trained = train(case, name, split, found, data_hash="-", seed=0)
    with timed("save"), tempfile.TemporaryDirectory() as folder:
        trained.save(Path(folder) / "trained")
    for part in ("validation", "test"):
        rows = getattr(split, part)
        promised = trained.model.score(rows.features).sum()
        card = trained.validation if part == "validation" else trained.model.test
        cost = np.nan if card.money is None else card.money.cost
        print(
            f"    {part:<11} PR-AUC {card.pr_auc.value:.4f}  recall {card.recall.value:.3f}  "
            f"precision {card.precision.value:.3f}  cost {cost:,.0f}  "
            f"promised {promised:.1f} of {card.positives} frauds"
        )
    return trained


def main() -> None:
    """Print every figure, and end with an error where the chosen candidate is not good enough."""
    case = find_use_case("fraud")
    print(
        f"Python {platform.python_version()}, newest {case.retrain.max_rows_search:,} rows searched"
    )
    split = real_split(case)
    print()
    with timed("ALL CANDIDATES"):
        trained = {name: one(case, name, split) for name in case.candidates}
    choice = select(
        [
            Contender(
                name, done.average_precision, done.validation.money and done.validation.money.cost
            )
            for name, done in trained.items()
        ],
        currency=case.costs.currency,
    )
    found = trained[choice.candidate].model.test.pr_auc.value or 0.0
    print(f"\n{choice.words}\ntest PR-AUC {found:.4f}, wanted at least {FLOOR}")
    raise SystemExit(found < FLOOR)


if __name__ == "__main__":
    main()
