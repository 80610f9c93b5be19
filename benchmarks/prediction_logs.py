"""Measure the windows of a report over prediction logs: memory and processor time by rows.

Run it with `make bench-logs`, or `python -m benchmarks.prediction_logs --largest 100000000`. A day
of logs of 30 columns lies in files of a million rows, the labels in a table of their own, joined by
a text id: once for 1% of the rows and once for all. Each is summarised in a process of its own,
into an empty store, features and scores, with the sample that pages are drawn from; `compare` on
the same files is beside it. A hundred million rows take 30 GB of disk.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.machine import machine
from benchmarks.out_of_core import columns
from benchmarks.peers.messages import Cost
from benchmarks.peers.meter import Meter, in_own_process
from benchmarks.table import table
from monitoring import compare
from monitoring.rows.score_scale import ScoreScale
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.sources.logs.logs import log_reader
from monitoring.sources.logs.sampled_rows import table_reference
from monitoring.sources.logs.scored_rows import LogColumns, LoggedScores
from monitoring.steps.report.logged_windows import logged_windows
from monitoring.store.production_store import open_store
from monitoring.training.adopted_model import adopted_model
from monitoring.use_case import UseCase

DAY = datetime(2026, 3, 1, tzinfo=UTC)
ROWS, WIDTH, MIB = 1_000_000, 30, 2**20
SHARES = (0.01, 1.0)
"""Of the rows, those that have a label."""


def part(number: int, *, first: datetime = DAY) -> pa.Table:
    """Return the rows of a file: thirty columns, and what a log holds beside them."""
    rng = np.random.default_rng(number)
    truth = rng.random(ROWS) < 0.01
    micros = np.sort(rng.integers(0, 86_400_000_000, ROWS)).astype("timedelta64[us]")
    at = np.datetime64(first.replace(tzinfo=None), "us") + micros
    score = 1 / (1 + np.exp(-(rng.normal(-4, 1.5, ROWS) + 4 * truth)))
    ids = [f"transaction-{number:04}-{row:07}" for row in range(ROWS)]
    return (
        columns(rng, ROWS, WIDTH)
        .append_column("id", pa.array(ids))
        .append_column("at", pa.array(at).cast(pa.timestamp("us", "UTC")))
        .append_column("amount", pa.array(np.round(rng.lognormal(3, 1, ROWS), 2)))
        .append_column("score", pa.array(score))
        .append_column("flagged", pa.array(score >= 0.5))
        .append_column("truth", pa.array(truth.astype(np.int8)))
    )


def case_of(names: Sequence[str], kinds: Sequence[bool], share: str) -> UseCase:
    """Return the use case of these logs."""
    features = {
        "numeric": [name for name, number in zip(names, kinds, strict=True) if number],
        "categorical": [name for name, number in zip(names, kinds, strict=True) if not number],
    }
    return UseCase.model_validate(
        {
            "name": "logs",
            "title": "Logs",
            "production": {
                "path": "logs/day=*/*.parquet",
                "partition": "day",
                "score": {"name": "score"},
                "decision": "flagged",
                "labels": {"path": f"labels{share}/*.parquet", "id": "id", "time": "came"},
                "reference": {"path": "reference.parquet"},
            },
            "columns": {
                "id": "id",
                "event_time": {"name": "at"},
                "amount": "amount",
                "target": {"name": "truth", "positive": 1},
                "features": features,
            },
            "labels": {"delay": "1d", "mature_after": "2d", "absent_at_maturity": "negative"},
            "costs": {"missed": {"of_amount": 1.0}, "false_alarm": 5},
            "drift": {"window": "1d"},
            "report": {"every": "0 0 * * *"},
            "thresholds": {"drift_score": {"above": {"critical": 0.3}}},
        }
    )


def write(folder: Path, rows: int) -> None:
    """Write so many rows of logs, and the labels of each share of them."""
    logs = folder / "logs" / f"day={DAY:%Y-%m-%d}"
    logs.mkdir(parents=True)
    pq.write_table(part(9999, first=DAY - timedelta(days=9)), folder / "reference.parquet")
    for number in range(rows // ROWS):
        made = part(number)
        pq.write_table(made.drop_columns(["truth"]), logs / f"{number:04}.parquet")
        for share in SHARES:
            chosen = np.random.default_rng(number).random(ROWS) < share
            known = made.filter(pa.array(chosen)).select(["id", "truth", "at"])
            came = pa.array(np.asarray(known["at"]) + np.timedelta64(3_600_000_000, "us"))
            known = known.drop_columns(["at"]).append_column("came", came.cast(known["at"].type))
            labels = folder / f"labels{share}"
            labels.mkdir(exist_ok=True)
            pq.write_table(known, labels / f"{number:04}.parquet")


def summarised(folder: str, share: str) -> Cost:
    """Return what the summary of the day and a sample of it cost in this process."""
    os.environ.update(TOCSIN_DATA=folder, TOCSIN_STATE=folder)
    settings.cache_clear()
    reference = pq.read_table(Path(folder) / "reference.parquet")
    names = reference.column_names[:WIDTH]
    kinds = [not pa.types.is_string(reference[name].type) for name in names]
    case = case_of(names, kinds, share)
    assert case.production is not None  # noqa: S101
    in_rows = LogColumns(case, case.production.model_copy(update={"labels": None}))
    own = LoggedScores(in_rows, log_reader(in_rows, Path(folder)), None, ScoreScale(), None)
    model = adopted_model(
        case, case.production, table_reference(own, reference, size=100_000), DAY
    ).model
    del reference
    as_of, meter = DAY + timedelta(days=3), Meter()
    with open_store(f"sqlite:///{folder}/store.db") as store, meter.working():
        windows = logged_windows(case, case.production, store)
        day = Window(DAY, DAY + timedelta(days=1))
        summary = windows.summary(day, as_of, model)
        drawn = windows.drawn_in_passing(day, as_of, model, features=True)
    assert summary.scores is not None  # noqa: S101
    assert drawn is not None  # noqa: S101
    assert len(drawn.rows) == case.report.sample  # noqa: S101
    assert summary.rows == summary.scores.rows.sum() > 0  # noqa: S101
    return meter.cost("duckdb")


def compared(folder: str) -> Cost:
    """Return what `compare` costs on the same files in this process."""
    meter = Meter()
    with meter.working():
        names = pq.read_schema(Path(folder) / "reference.parquet").names[:WIDTH]
        logs = Path(folder) / "logs" / f"day={DAY:%Y-%m-%d}"
        compare(Path(folder) / "reference.parquet", logs, columns=names, engine="duckdb")
    return meter.cost("duckdb")


def by_rows(largest: int) -> Iterator[Sequence[object]]:
    """Yield a row per size and share of labels."""
    rows = ROWS
    while rows <= largest:
        with tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as folder:
            write(Path(folder), rows)
            theirs = in_own_process("benchmarks.prediction_logs", "--compare", folder)
            for share in SHARES:
                (Path(folder) / "store.db").unlink(missing_ok=True)
                ours = in_own_process("benchmarks.prediction_logs", "--of", folder, str(share))
                yield (
                    f"{rows:,}",
                    f"{share:.0%}",
                    f"{ours.wall_seconds:.1f}",
                    f"{ours.cpu_seconds:.1f}",
                    f"{ours.peak_bytes / MIB:.0f}",
                    f"{theirs.cpu_seconds:.1f}",
                    f"{ours.cpu_seconds / theirs.cpu_seconds:.1f}",
                )
        rows *= 10


def main() -> None:
    """Print the table, or measure one size for it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--largest", type=int, default=10 * ROWS)
    parser.add_argument("--of", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--compare", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.of is not None or asked.compare is not None:
        cost = summarised(*asked.of) if asked.of is not None else compared(asked.compare)
        print(cost.model_dump_json())
        return
    print(f"{machine()}\n")
    heads = ("rows", "labelled", "wall s", "CPU s", "peak MB", "CPU s of compare", "times")
    table(heads, by_rows(asked.largest))


if __name__ == "__main__":
    main()
