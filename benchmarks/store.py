"""Measure the production store; print its table of docs/explanation/benchmarks.md.

Run it with `make bench-store`. Rows are like those of the fraud use case: 29 numbers, an amount, an
id, a score and a label. Each measurement is made in a process of its own. Processor time is that of
the process and of all of the database's; memory is the largest size of the process less its size
before.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import sqlalchemy as sa

from benchmarks.machine import machine
from benchmarks.peers.messages import Cost
from benchmarks.peers.meter import Meter, in_own_process
from benchmarks.table import table
from monitoring.rows.rows import Role, Rows
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.store.row_formats import declared_features
from monitoring.use_case import UseCase
from monitoring.use_case_file import find_use_case
from tests.fixtures.postgres import programs, running_server

PORTION = 50_000
"""Rows of one call."""

FIRST = np.datetime64("2026-03-01", "us")
WINDOW = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
AS_OF = WINDOW.end


def fraud() -> UseCase:
    """Return the use case whose rows these are like."""
    return find_use_case("fraud", settings().use_cases)


def made(count: int, start: int = 0) -> Rows:
    """Return rows of the fraud use case, all labelled; `start` rows came before."""
    rng = np.random.default_rng(start)
    names = declared_features(fraud()).names
    numbers = rng.normal(size=(len(names), count))
    numbers[-1] = rng.lognormal(4, 1, count).round(2)
    places = np.arange(start, start + count)
    event_time = FIRST + places * np.timedelta64(1, "s")
    return Rows(
        features=pd.DataFrame(dict(zip(names, numbers, strict=True))),
        row_id=np.array([f"5f3a9c01b7de-{place}" for place in places.tolist()]),
        event_time=event_time,
        arrival_time=event_time,
        label=(rng.random(count) < 0.002).astype(np.int8),
        label_time=event_time + np.timedelta64(1, "h"),
        amount=numbers[-1],
    )


def write_rows(store: ProductionStore, case: UseCase, rows: Rows) -> None:
    """Add them."""
    store.add_rows(case, rows)


def write_scores(store: ProductionStore, case: UseCase, rows: Rows) -> None:
    """Add a score of each."""
    scores = rows.features["V1"].rank(pct=True).to_numpy()
    store.add_scores(
        case,
        rows.row_id,
        scores,
        alarmed=scores >= 0.99,
        model_version="1",
        role=Role.CHAMPION,
        scored_at=rows.arrival_time,
    )


def write_labels(store: ProductionStore, case: UseCase, rows: Rows) -> None:
    """Add the label of each."""
    store.add_labels(case, rows.row_id, rows.label, rows.label_time)


WRITES: dict[str, Callable[[ProductionStore, UseCase, Rows], None]] = {
    "rows written": write_rows,
    "the same rows again": write_rows,
    "scores written": write_scores,
    "labels written": write_labels,
}


def read_window(store: ProductionStore, case: UseCase) -> int:
    """Read the window with scores and labels."""
    return len(store.window(case, WINDOW, AS_OF))


def read_scored(store: ProductionStore, case: UseCase) -> int:
    """Read it without features."""
    return len(store.scored(case, WINDOW, AS_OF))


READS: dict[str, Callable[[ProductionStore, UseCase], int]] = {
    "window of rows alone": read_window,
    "window with scores and labels": read_window,
    "scores and labels alone": read_scored,
}

ORDER = (
    "rows written",
    "window of rows alone",
    "scores written",
    "labels written",
    "window with scores and labels",
    "scores and labels alone",
    "the same rows again",
)


def measured(what: str, url: str, count: int) -> Cost:
    """Return what it costs this process."""
    case = fraud()
    with open_store(url) as store:
        if what in READS:
            meter = Meter()
            store.window(replace_name(case), WINDOW, AS_OF)  # imports
            with meter.working():
                rows = READS[what](store, case)
            if rows != count:
                msg = f"{what}: {rows:,} rows instead of {count:,}"
                raise RuntimeError(msg)
            return meter.cost("sqlalchemy")
        portions = [made(min(PORTION, count - start), start) for start in range(0, count, PORTION)]
        WRITES[what](store, replace_name(case), portions[0].take(slice(10)))  # imports
        meter = Meter()
        with meter.working():
            for portion in portions:
                WRITES[what](store, case, portion)
    return meter.cost("sqlalchemy")


def replace_name(case: UseCase) -> UseCase:
    """Return a use case that has no rows in what is measured."""
    return case.model_copy(update={"name": "other"})


@contextmanager
def databases() -> Iterator[dict[str, tuple[str, Callable[[], float]]]]:
    """Yield the URL of each kind of database, and how to tell its processes' CPU seconds so far."""
    folder = Path(tempfile.mkdtemp(prefix="tocsin-store-"))
    try:
        found = {"SQLite": (f"sqlite:///{folder / 'store.db'}", lambda: 0.0)}
        if not programs():
            yield found
            return
        with running_server() as server:
            yield found | {"PostgreSQL": (server.url, lambda: of_server(server.url, server.pid))}
    finally:
        shutil.rmtree(folder)


def of_server(url: str, pid: int) -> float:
    """Return the CPU seconds of a server and of all its processes, once all is written out."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text("CHECKPOINT"))
    engine.dispose()
    time.sleep(0.5)  # until its process has ended
    first = psutil.Process(pid)
    while True:
        try:
            running = [child.cpu_times() for child in first.children()]
        except psutil.NoSuchProcess:  # it ended meanwhile, and is counted with the ended ones
            continue
        times = first.cpu_times()
        ended = times.user + times.system + times.children_user + times.children_system
        return ended + sum(each.user + each.system for each in running)


def figures(count: int) -> Iterator[Sequence[object]]:
    """Yield a row a measurement."""
    with databases() as found:
        for name, (url, of_database) in found.items():
            for what in ORDER:
                before = of_database()
                cost = in_own_process("benchmarks.store", "--of", what, url, str(count))
                its_own = of_database() - before
                cpu = cost.cpu_seconds + its_own
                memory = (cost.peak_bytes - cost.before_bytes) / count
                yield (
                    name,
                    what,
                    f"{count / cpu:,.0f}",
                    f"{cost.cpu_seconds / count * 1e6:.2f}",
                    f"{its_own / count * 1e6:.2f}",
                    f"{memory:,.0f}" if what in READS else "",
                )


def main() -> None:
    """Print the table, with the machine it was measured on; or the cost of one measurement."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--of", nargs=3, help="measure one thing, and print its cost")
    asked = parser.parse_args()
    if asked.of:
        what, url, count = asked.of
        print(measured(what, url, int(count)).model_dump_json())
        return
    print(f"{machine()}\n")
    print(f"## The store: {asked.rows:,} rows of 29 numbers and an amount\n")
    head = ("database", "what", "rows a CPU second", "own CPU, µs a row", "database's, µs a row")
    table((*head, "memory, bytes a row"), figures(asked.rows))


if __name__ == "__main__":
    main()
