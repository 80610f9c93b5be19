"""Put `tocsin serve` under load; print its table of docs/benchmarks.md.

Run it with `make bench-serving`, with nothing else at work on the machine; it wants `hey`, the load
generator of Debian's package of that name. The champion is the XGBoost of the fraud use case, with
its 29 features; rows are stored in SQLite, then in PostgreSQL. The load generator shares the
processors with the server and the database.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import psutil
import requests
import yaml

from benchmarks.machine import machine
from benchmarks.table import table
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.synthetic.frames import synthetic_frame
from monitoring.steps import begin, in_process
from monitoring.use_case_file import SHIPPED, find_use_case
from tests.fixtures.loopback import free_port, wait_for
from tests.fixtures.postgres import running_server

USE_CASE = "fraud"

RATE, CLIENTS = 200, 40
"""Single predictions a second, and the connections that they come by."""

BATCH = 1_000
"""Rows of a large request."""

MINUTE = 60


@dataclass(frozen=True)
class Load:
    """What the load generator saw.

    Attributes
    ----------
    seconds
        How long each answer took.
    failed
        Answers other than 200.
    lasted
        Seconds from the first request to the last.
    """

    seconds: Sequence[float]
    failed: int
    lasted: float

    def quantile(self, q: float) -> float:
        """Return a quantile of the latency, milliseconds."""
        return float(np.quantile(self.seconds, q)) * 1000

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.lasted


def trained(folder: Path) -> None:
    """Leave a champion in `folder`: the fraud use case with XGBoost as its only candidate."""
    content = yaml.safe_load((SHIPPED / f"{USE_CASE}.yml").read_text(encoding="utf-8"))
    xgboost = content["candidates"]["xgboost"]
    xgboost["search"] = {name: values[:1] for name, values in xgboost["search"].items()}
    content["candidates"] = {"xgboost": xgboost}
    (folder / "use_cases").mkdir()
    (folder / "use_cases" / f"{USE_CASE}.yml").write_text(yaml.safe_dump(content), "utf-8")
    (folder / "data").mkdir()
    for name in ("state", "data", "reports", "use_cases"):
        os.environ[f"TOCSIN_{name.upper()}"] = str(folder / name)
    settings.cache_clear()
    now = datetime.now(UTC).replace(microsecond=0)
    in_process.retrain(begin.by_hand(Pipeline.RETRAIN, USE_CASE, as_of=now, force=True))


def bodies(folder: Path) -> tuple[Path, Path]:
    """Write the bodies of a request of one row and of one of many; return their files."""
    case = find_use_case(USE_CASE, settings().use_cases)
    frame = synthetic_frame(case, BATCH, seed=1)[list(case.columns.features.names)]
    rows = [{"features": row} for row in json.loads(frame.to_json(orient="records"))]
    single, batch = folder / "single.json", folder / "batch.json"
    single.write_text(json.dumps(rows[0]), encoding="utf-8")
    batch.write_text(json.dumps({"rows": rows}), encoding="utf-8")
    return single, batch


@contextmanager
def serving(store: str | None) -> Iterator[tuple[str, psutil.Process]]:
    """Run `tocsin serve` with this production store until the block ends."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "TOCSIN_SERVE_RATE": "100000"}
    if store is not None:
        environment["TOCSIN_DATABASE_URL"] = store
    command = [str(Path(sys.executable).with_name("tocsin")), "serve", "--port", str(port)]
    server = subprocess.Popen(  # nosec B603 # the project's own command
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        wait_for(f"{url}/health")
        yield url, psutil.Process(server.pid)
    finally:
        server.terminate()
        server.wait()


def loaded(url: str, body: Path, *, seconds: int, clients: int, rate: float) -> Load:
    """Send a body again and again; return what came of it.

    Parameters
    ----------
    rate
        Requests a second of all clients together.
    """
    command = ["hey", "-o", "csv", "-z", f"{seconds}s", "-c", str(clients)]
    command += ["-q", str(rate / clients), "-m", "POST", "-T", "application/json"]
    command += ["-D", str(body), f"{url}/predict/{USE_CASE}"]
    said = subprocess.run(  # nosec B603 # a program that the user installed
        command, check=True, capture_output=True, text=True
    ).stdout
    answers = list(csv.DictReader(io.StringIO(said)))
    offsets = [float(answer["offset"]) for answer in answers]
    return Load(
        seconds=[float(answer["response-time"]) for answer in answers],
        failed=sum(answer["status-code"] != "200" for answer in answers),
        lasted=max(offsets) - min(offsets),
    )


def measured(folder: Path, store: str | None, minutes: int) -> Iterator[tuple[str, ...]]:
    """Yield a line for single predictions and one for batches."""
    single, batch = bodies(folder)
    with serving(store) as (url, server):
        for body in (single, batch):  # loads the model
            requests.post(
                f"{url}/predict/{USE_CASE}",
                data=body.read_bytes(),
                headers={"Content-Type": "application/json"},
                timeout=MINUTE,
            ).raise_for_status()
        loaded(url, single, seconds=10, clients=CLIENTS, rate=RATE)
        sizes, singles = [server.memory_info().rss], []
        for _ in range(minutes):
            singles.append(loaded(url, single, seconds=MINUTE, clients=CLIENTS, rate=RATE))
            sizes.append(server.memory_info().rss)
        yield line("one row", joined(singles), sizes)
        before = [server.memory_info().rss]
        batches = loaded(url, batch, seconds=MINUTE, clients=1, rate=2)
        yield line(f"{BATCH:,} rows", batches, [*before, server.memory_info().rss])


def joined(loads: Sequence[Load]) -> Load:
    """Return loads that came one after the other as one."""
    return Load(
        seconds=[seconds for load in loads for seconds in load.seconds],
        failed=sum(load.failed for load in loads),
        lasted=sum(load.lasted for load in loads),
    )


def line(what: str, load: Load, sizes: Sequence[int]) -> tuple[str, ...]:
    """Return the cells of a line of the table."""
    megabytes = [f"{size / 2**20:.0f}" for size in sizes]
    return (
        what,
        f"{load.rate:.0f}",
        *(f"{load.quantile(q):.0f}" for q in (0.5, 0.95, 0.99, 1.0)),
        f"{load.failed:,} of {len(load.seconds):,}",
        " ".join(megabytes),
    )


HEAD = ("store", "a request", "a second", "median ms", "95% ms", "99% ms", "longest ms",
        "refused", "MB, minute by minute")  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10, help="of single predictions, per store")
    minutes = parser.parse_args().minutes
    if shutil.which("hey") is None:
        sys.exit("hey is not on PATH: apt-get install hey")
    print(machine())
    print(f"load: {RATE} single predictions a second by {CLIENTS} clients, {minutes} minutes\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        trained(folder)
        table(HEAD, lines(folder, minutes))


def lines(folder: Path, minutes: int) -> Iterator[tuple[str, ...]]:
    """Yield the lines of both databases."""
    for what in ("SQLite", "PostgreSQL"):
        with running_server() if what == "PostgreSQL" else nullcontext() as server:
            url = None if server is None else server.url
            for cells in measured(folder, url, minutes):
                yield (what, *cells)


if __name__ == "__main__":
    main()
