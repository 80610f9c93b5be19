"""Time what history features add to a prediction: a table of docs/explanation/benchmarks.md.

The same rows are scored, stored and answered by the code of /predict, in this process and without
HTTP: without history features, with one, and with six by two keys; by SQLite and by PostgreSQL.
The store holds the payments of a month, of 30 to a customer.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.machine import machine
from benchmarks.table import table
from monitoring.rows.rows import Role, Rows
from monitoring.serving.live_models import LiveModel
from monitoring.serving.row_model import row_model
from monitoring.serving.scoring import Scorer
from monitoring.serving.serving_metrics import ServingMetrics
from monitoring.sources.schema_check import check
from monitoring.store.production_store import ProductionStore, open_store
from monitoring.use_case import UseCase
from tests.fixtures.postgres import fresh_database, running_server

ROWS, CUSTOMERS, SHOPS = 100_000, 3_500, 2_000
SINGLE, BATCH, BATCHES = 300, 1_000, 5

SIX: dict[str, Any] = {
    "sent": {"count": "rows", "by": "customer", "over": "30d"},
    "usual": {"mean": "paid", "by": "customer", "over": "30d"},
    "most": {"max": "paid", "by": "customer", "over": "30d"},
    "spread": {"std": "paid", "by": "customer", "over": "30d"},
    "today": {"sum": "paid", "by": "customer", "over": "1d"},
    "of_shop": {"mean": "paid", "by": "shop", "over": "7d"},
}
CASES: dict[str, dict[str, Any]] = {
    "none": {},
    "one": {"usual": SIX["usual"]},
    "six, by two keys": SIX,
}


def use_case(derive: dict[str, Any]) -> UseCase:
    """Return a use case of payments with these derived columns."""
    words = ("customer", "shop")
    inputs = {"inputs": {"categorical": words}} if derive else {}
    return UseCase.model_validate(
        {
            "name": "payments",
            "title": "Payments",
            "source": {"path": "payments.csv"},
            "columns": {
                "event_time": {"name": "at"},
                "id": "id",
                "target": {"name": "fraud", "positive": 1},
                "features": {"numeric": ("paid", *derive), "categorical": () if derive else words},
                **inputs,
            },
            "derive": derive,
            "labels": {"delay": "1h", "mature_after": "6h"},
            "candidates": {"tree": {"steps": ["sklearn.tree.DecisionTreeClassifier"]}},
            "costs": {"missed": {"fixed": 1.0}, "false_alarm": 1},
            "drift": {"window": "1d"},
            "thresholds": {},
        }
    )


def payments(count: int, end: datetime, span: timedelta, seed: int) -> pd.DataFrame:
    """Return payments in order of time, the last of them just before `end`."""
    rng = np.random.default_rng(seed)
    ago = np.sort(rng.random(count))[::-1] * span.total_seconds()
    return pd.DataFrame(
        {
            "id": [f"{seed}-{place}" for place in range(count)],
            "at": [(end - timedelta(seconds=seconds)).isoformat() for seconds in ago.tolist()],
            "paid": rng.gamma(2.0, 30.0, count),
            "customer": [f"c{n}" for n in rng.integers(0, CUSTOMERS, count)],
            "shop": [f"s{n}" for n in rng.integers(0, SHOPS, count)],
            "fraud": 0,
        }
    )


@dataclass(frozen=True)
class Constant:
    """A model whose own time is none."""

    threshold = 0.5
    version = "1"

    def scored(self, rows: Rows) -> Rows:
        """Return rows with their scores."""
        return replace(rows, score=np.full(len(rows), 0.1), model_version="1")


def filled(store: ProductionStore, case: UseCase, now: datetime) -> float:
    """Fill the store; return the rows that it takes in a second of this process's CPU."""
    frame = payments(ROWS, now, timedelta(days=30), seed=1)
    rows = check(frame, case, source_hash="1" * 64, arrival=now).rows
    began = time.process_time()
    for start in range(0, ROWS, 50_000):
        store.add_rows(case, rows.take(slice(start, start + 50_000)))
    return ROWS / (time.process_time() - began)


def answered(scorer: Scorer, live: LiveModel, frame: pd.DataFrame) -> tuple[float, float]:
    """Return the seconds from rows to their answer, and those of this process's CPU."""
    names = ("paid", "customer", "shop")
    given = [
        live.row.model_validate(
            {"id": row["id"], "event_time": row["at"], "features": {n: row[n] for n in names}}
        )
        for row in frame.to_dict(orient="records")
    ]
    began, worked = time.perf_counter(), time.process_time()
    scorer.submit(live, Role.CHAMPION, given, frame["id"].tolist()).result()
    return time.perf_counter() - began, time.process_time() - worked


def line(url: str, derive: dict[str, Any]) -> tuple[str, ...]:
    """Return the cells of a line of the table."""
    case, now = use_case(derive), datetime.now(UTC)
    live = LiveModel(case, Constant(), row_model(case), {}, now)  # type: ignore[arg-type]
    with open_store(url) as store:
        stored = filled(store, case, now)
        scorer = Scorer(store, case.name, ServingMetrics().arm_failed)
        soon = payments(SINGLE + BATCH * BATCHES, now, timedelta(seconds=1), seed=2)
        single = [answered(scorer, live, soon.iloc[[place]]) for place in range(SINGLE)]
        many = [
            answered(scorer, live, soon.iloc[start : start + BATCH])
            for start in range(SINGLE, len(soon), BATCH)
        ]
        scorer.close()
    one, batch = (np.median(each[len(each) // 10 :], axis=0) * 1e3 for each in (single, many))
    return f"{one[0]:.1f}", f"{one[1]:.1f}", f"{batch[0]:.0f}", f"{batch[1]:.0f}", f"{stored:,.0f}"


def lines() -> Iterator[tuple[str, ...]]:
    """Yield the lines of both databases."""
    for what in ("SQLite", "PostgreSQL"):
        with running_server() if what == "PostgreSQL" else nullcontext() as server:
            for name, derive in CASES.items():
                with tempfile.TemporaryDirectory() as folder, ExitStack() as databases:
                    url = f"sqlite:///{Path(folder) / 'store.db'}"
                    if server is not None:
                        url = databases.enter_context(fresh_database(server.url))
                    yield (what, name, *line(url, derive))


HEAD = ("store", "history features", "one row, ms", "its CPU ms", f"{BATCH:,} rows, ms",
        "their CPU ms", "rows stored per CPU second")  # fmt: skip


if __name__ == "__main__":
    print(f"{machine()}\n")
    table(HEAD, lines())
