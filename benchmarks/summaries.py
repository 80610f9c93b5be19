"""Summaries and verdicts beside other tools: the tables of docs/explanation/benchmarks.md.

Run it with `make bench-summaries`. Each tool runs in a process of its own, several times in turn
with the others; the median counts. Processor time is what is compared: wall time is whatever else
the machine was doing, too.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.card_halves import CardFiles, card_files
from benchmarks.machine import machine
from benchmarks.peers.ask import (
    EVIDENTLY_DRIFT,
    NANNYML_DRIFT,
    NUMPY_BINS,
    OUR_COMPARE,
    OUR_SUMMARY,
    OUR_VERDICT,
    SCIPY_DRIFT,
    WHYLOGS_PROFILE,
    ask,
)
from benchmarks.peers.messages import (
    Comparison,
    Cost,
    DriftAnswer,
    DriftRequest,
    ProfileAnswer,
    ProfileRequest,
)
from benchmarks.table import table
from monitoring.drift.detection import drift_verdict
from monitoring.summary.build import summarise
from monitoring.summary.files import save
from monitoring.summary.merge import merge
from monitoring.use_case_columns import Features
from tests.drift.made import FEATURES, LIMITS, frame, reference_of, rows_of

MIB = 2**20


@dataclass(frozen=True)
class Tool:
    """A tool at its work: what it is called, and how it is asked."""

    name: str
    ask: Callable[[], DriftAnswer | ProfileAnswer]


def tools(cards: CardFiles) -> tuple[Tool, ...]:
    """Return the tools; the first is what the others are compared with."""
    whole = ProfileRequest(windows=(cards.whole,), reference=cards.first)
    halves = ProfileRequest(windows=(cards.first, cards.second))
    drift = DriftRequest(
        comparisons=(Comparison(reference=cards.first, windows=(cards.second,)),),
        numeric=cards.names,
    )
    # NannyML cuts into ten by default.
    in_ten = drift.model_copy(update={"chunk_rows": _rows(cards.second) // 10 + 1})
    return (
        Tool("Tocsin: summary of all rows", lambda: ask(OUR_SUMMARY, whole)),
        Tool("numpy: the same rows binned, no more", lambda: ask(NUMPY_BINS, whole)),
        Tool("Tocsin: second half summarised and judged", lambda: ask(OUR_VERDICT, drift)),
        Tool("Tocsin: `compare`, reference fitted too", lambda: ask(OUR_COMPARE, drift)),
        Tool("Evidently: `DataDriftPreset`", lambda: ask(EVIDENTLY_DRIFT, drift)),
        Tool("NannyML: univariate drift, ten chunks", lambda: ask(NANNYML_DRIFT, in_ten)),
        Tool("scipy: `ks_2samp` a column", lambda: ask(SCIPY_DRIFT, drift)),
        Tool("whylogs: a profile of each half", lambda: ask(WHYLOGS_PROFILE, halves)),
    )


def beside_others(cards: CardFiles, runs: int) -> Iterator[Sequence[object]]:
    """Yield a row a tool: time, times the summary's, memory, and the columns it flags."""
    asked = tools(cards)
    answers: dict[str, list[DriftAnswer | ProfileAnswer]] = {tool.name: [] for tool in asked}
    for _ in range(runs):
        for tool in asked:
            answers[tool.name].append(tool.ask())
    costs = {name: _median([answer.cost for answer in found]) for name, found in answers.items()}
    first = costs[asked[0].name].cpu_seconds
    for name, cost in costs.items():
        yield (
            name,
            f"{cost.wall_seconds:.3f}",
            f"{cost.cpu_seconds:.3f}",
            f"{cost.cpu_seconds / first:.2f}",
            f"{(cost.peak_bytes - cost.before_bytes) / MIB:.0f}",
            f"{cost.peak_bytes / MIB:.0f}",
            _flagged(answers[name][0]),
            ", ".join(f"{tool} {version}" for tool, version in list(cost.versions.items())[:1]),
        )


def _rows(path: str) -> int:
    return len(pd.read_parquet(path, columns=["Amount"]))


def _median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    names = (
        "import_cpu_seconds",
        "read_seconds",
        "wall_seconds",
        "cpu_seconds",
        "before_bytes",
        "peak_bytes",
    )
    middle = {name: statistics.median_low([getattr(c, name) for c in costs]) for name in names}
    return costs[0].model_copy(update=middle)


def _flagged(answer: DriftAnswer | ProfileAnswer) -> str:
    """Say how many columns a tool flags, a chunk each where it judged several."""
    if isinstance(answer, ProfileAnswer):
        return ""
    counts = [len(window.flagged) for window in answer.windows]
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high}"


def by_columns(runs: int) -> Iterator[Sequence[object]]:
    """Yield a row a width: fitting, summarising and judging, as columns grow."""
    rng = np.random.default_rng(0)
    for width in (10, 30, 100, 300, 1000):
        before, features = _wide(rng, 20_000, width)
        began = time.process_time()
        reference = reference_of(rows_of(before), features=features, chunk=2000)
        fitting = time.process_time() - began
        summarising, judging = [], []
        for _ in range(runs):
            window = rows_of(_wide(rng, 2000, width)[0])
            began = time.process_time()
            summary = summarise(window, reference)
            summarised = time.process_time()
            drift_verdict(reference, summary, LIMITS, id="bench")
            summarising.append(summarised - began)
            judging.append(time.process_time() - summarised)
        yield (
            f"{width:,}",
            f"{fitting:.2f}",
            f"{statistics.median(summarising) * 1000:.1f}",
            f"{judging[0] * 1000:.1f}",
            f"{statistics.median(judging) * 1000:.1f}",
        )


def _wide(rng: np.random.Generator, rows: int, width: int) -> tuple[pd.DataFrame, Features]:
    """Return a table of mixed columns, thirty kinds of them over and over."""
    copies = [frame(rng, rows).add_suffix(f"_{i}") for i in range(-(-width // len(FEATURES.names)))]
    columns = pd.concat(copies, axis=1).iloc[:, :width]
    words = tuple(name for name in columns if columns[name].dtype == "str")
    numeric = tuple(name for name in columns if name not in words)
    return columns, Features(numeric=numeric, categorical=words)


def merging(runs: int) -> Iterator[Sequence[object]]:
    """Yield a row a number of parts: hours of thirty columns merged into one summary."""
    rng = np.random.default_rng(0)
    reference = reference_of(rows_of(frame(rng, 20_000)), chunk=2000)
    hours = [summarise(rows_of(frame(rng, 200)), reference) for _ in range(24)]
    for parts, words in ((24, "a day"), (24 * 30, "a month"), (24 * 365, "a year")):
        taken = []
        for _ in range(runs):
            began = time.process_time()
            merged = merge(*(hours[i % len(hours)] for i in range(parts)))
            taken.append(time.process_time() - began)
        yield f"{parts:,}", words, f"{merged.rows:,}", f"{statistics.median(taken) * 1000:.1f}"


def kept() -> str:
    """Say how large the files are that a model and a window leave."""
    rng = np.random.default_rng(0)
    reference = reference_of(rows_of(frame(rng, 20_000)), chunk=1000)
    summary = summarise(rows_of(frame(rng, 20_000)), reference)
    with tempfile.TemporaryDirectory() as folder:
        sizes = []
        for name, record in (("reference", reference), ("summary", summary)):
            path = Path(folder) / f"{name}.json.gz"
            save(record, path)
            sizes.append(f"{name} {path.stat().st_size / 1000:.0f} kB")
    return f"Thirty mixed columns on disk: {', '.join(sizes)} (20 chunks of the reference in it)."


def main() -> None:
    """Print every table, with the machine it was measured on."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5, help="runs of each tool; the median counts")
    runs = parser.parse_args().runs
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        cards = card_files(Path(folder))
        print(f"## {cards.words}\n")
        head = ("what", "wall, s", "CPU, s", "times the summary's CPU")
        memory = ("memory added, MiB", "peak, MiB")
        table((*head, *memory, "columns flagged", "version"), beside_others(cards, runs))
    print("## As columns grow: reference of 20,000 rows, window of 2,000, CPU\n")
    head = ("columns", "fit reference, s", "summarise window, ms", "first verdict, ms")
    table((*head, "later verdicts, ms"), by_columns(runs))
    print("## Merging hours of thirty columns, CPU\n")
    table(("summaries", "hours of", "rows", "merge, ms"), merging(runs))
    print(kept())


if __name__ == "__main__":
    main()
