"""Put `tocsin serve` under load; print its table of docs/explanation/benchmarks.md.

Run it with `make bench-serving`, with nothing else at work on the machine; it wants the load
generator vegeta (`go install github.com/tsenart/vegeta/v12@latest`). That one sends at a constant
rate whatever the answers take, so that a slow answer delays no later question. The champion is the
XGBoost of the fraud use case, with its 29 features; rows are stored in SQLite, then in PostgreSQL.
The load generator shares the processors with the server and the database.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path

import psutil
import yaml
from pydantic import BaseModel, Field

from benchmarks.machine import machine
from benchmarks.table import table
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.sources.synthetic.frames import synthetic_frame
from monitoring.steps import begin, in_process
from monitoring.store.row_formats import declared_features
from monitoring.use_case_file import SHIPPED, find_use_case
from tests.fixtures.loopback import free_port, wait_for
from tests.fixtures.postgres import running_server

USE_CASE = "fraud"

RATE = 200
"""Single predictions a second."""

BATCH, BATCH_RATE = 1_000, 2
"""Rows of a large request, and how many such requests come a second."""

MINUTE = 60


class Latencies(BaseModel):
    """How long answers took, nanoseconds."""

    median: float = Field(alias="50th")
    most: float = Field(alias="95th")
    nearly_all: float = Field(alias="99th")
    longest: float = Field(alias="max")


class Load(BaseModel):
    """What the load generator saw.

    Attributes
    ----------
    rate
        Requests a second.
    status_codes
        Answers by their status; 0 where none came.
    """

    latencies: Latencies
    requests: int
    rate: float
    status_codes: dict[str, int]


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
    frame = synthetic_frame(case, BATCH, seed=1)[list(declared_features(case).names)]
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


@contextmanager
def loaded(url: str, body: Path, *, seconds: int, rate: int) -> Iterator[subprocess.Popen[bytes]]:
    """Send a body so many times a second; `outcome` waits for what came of it."""
    command = ["vegeta", "attack", f"-rate={rate}/s", f"-duration={seconds}s", f"-body={body}"]
    command += ["-header=Content-Type: application/json", "-max-body=0"]
    with subprocess.Popen(  # nosec B603 # a program that the user installed
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as attack:
        assert attack.stdin is not None  # noqa: S101  # nosec B101 # it is a pipe
        attack.stdin.write(f"POST {url}/predict/{USE_CASE}\n".encode())
        attack.stdin.close()
        yield attack


def outcome(attack: subprocess.Popen[bytes]) -> Load:
    """Return what came of a load, once it ends."""
    report = subprocess.run(  # nosec B603 B607 # found on PATH, as the user installed it
        ["vegeta", "report", "-type=json"], stdin=attack.stdout, capture_output=True, check=True
    ).stdout
    return Load.model_validate_json(report)


def measured(folder: Path, store: str | None, minutes: int) -> Iterator[tuple[str, ...]]:
    """Yield a line for single predictions and one for batches."""
    single, batch = bodies(folder)
    with serving(store) as (url, server):
        for body in (single, batch):  # loads the model, and whatever else is loaded at first
            with loaded(url, body, seconds=10, rate=BATCH_RATE) as first:
                outcome(first)
        yield line("one row", *under(url, server, single, minutes, RATE))
        yield line(f"{BATCH:,} rows", *under(url, server, batch, 1, BATCH_RATE))


def under(
    url: str, server: psutil.Process, body: Path, minutes: int, rate: int
) -> tuple[Load, list[int]]:
    """Return what came of some minutes of load, and the server's bytes after each of them."""
    sizes = [server.memory_info().rss]
    with loaded(url, body, seconds=minutes * MINUTE, rate=rate) as attack:
        with ThreadPoolExecutor(1) as reader:
            answer = reader.submit(outcome, attack)
            for _ in range(minutes):
                time.sleep(MINUTE)
                sizes.append(server.memory_info().rss)
        return answer.result(), sizes


def line(what: str, load: Load, sizes: Sequence[int]) -> tuple[str, ...]:
    """Return the cells of a line of the table."""
    took = load.latencies
    times = (took.median, took.most, took.nearly_all, took.longest)
    return (
        what,
        f"{load.rate:.0f}",
        *(f"{nanoseconds / 1e6:.0f}" for nanoseconds in times),
        _refused(load),
        " ".join(f"{size / 2**20:.0f}" for size in sizes),
    )


def _refused(load: Load) -> str:
    """Return how many were not answered by 200, and by what."""
    others = {code: count for code, count in load.status_codes.items() if code != "200"}
    by = "".join(f", {count:,} by {code}" for code, count in sorted(others.items()))
    return f"{sum(others.values()):,} of {load.requests:,}{by}"


HEAD = ("store", "a request", "a second", "median ms", "95% ms", "99% ms", "longest ms",
        "refused", "MB, minute by minute")  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=10, help="of single predictions, per store")
    minutes = parser.parse_args().minutes
    if shutil.which("vegeta") is None:
        sys.exit("vegeta is not on PATH: go install github.com/tsenart/vegeta/v12@latest")
    print(f"{machine()}\n")
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
