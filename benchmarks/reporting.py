"""Measure a whole report beside one run of Evidently's `DataDriftPreset` on the same cards.

Run it with `make bench-report`. The first half of the file trains a champion, the second half is
its production, in two days of equal length: the report judges the newer day and realises the
older one. Evidently compares the same halves. Each runs in a process of its own, in turn; the
median counts, imports do not.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import yaml

from benchmarks.card_halves import CardFiles, card_data, card_files
from benchmarks.machine import machine
from benchmarks.peers.ask import EVIDENTLY_DRIFT, OUR_REPORT, ask
from benchmarks.peers.messages import Comparison, DriftRequest, ReportAnswer, ReportRequest
from benchmarks.table import table
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.stack.demo import HOLD_BACK
from monitoring.steps import begin, in_process
from monitoring.steps.replay import Wanted, replay
from monitoring.use_case_file import find_use_case

NAME = "cards"
SAMPLES = (5000, 20_000, 100_000)
NOW = datetime(2026, 1, 3, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Place:
    """The folders of a benchmark's own state."""

    folder: Path

    def write_use_case(self, sample: int) -> None:
        """Write the fraud use case with half of its rows kept for production."""
        case = yaml.safe_load((files("monitoring") / "use_cases" / "fraud.yml").read_text("utf-8"))
        case |= {
            "name": NAME,
            "split": {"train": 0.4, "validation": 0.1, "test": 0.5},
            "candidates": {"logistic_regression": case["candidates"]["logistic_regression"]},
        }
        case["report"]["sample"] = sample
        (self.folder / "use_cases").mkdir(exist_ok=True)
        path = self.folder / "use_cases" / f"{NAME}.yml"
        path.write_text(yaml.safe_dump(case), encoding="utf-8")

    def question(self, as_of: datetime) -> ReportRequest:
        """Return the question for a report as of a moment."""
        return ReportRequest(
            use_case=NAME,
            as_of=as_of,
            use_cases=str(self.folder / "use_cases"),
            data=str(card_data() or self.folder),
            state=str(self.folder / "state"),
            reports=str(self.folder / "reports"),
        )


def prepare(place: Place) -> str:
    """Train a champion and replay the second half; say what was replayed."""
    place.write_use_case(SAMPLES[0])
    question = place.question(NOW)
    for name in ("use_cases", "data", "state", "reports"):
        os.environ[f"TOCSIN_{name.upper()}"] = getattr(question, name)
    os.environ["TOCSIN_HOLD_BACK"] = str(HOLD_BACK)
    settings.cache_clear()
    in_process.retrain(begin.by_hand(Pipeline.RETRAIN, NAME, as_of=NOW, force=True))
    return replay(find_use_case(NAME, settings().use_cases), Wanted(NOW)).words


def beside_evidently(place: Place, cards: CardFiles, runs: int) -> Iterator[Sequence[object]]:
    """Yield a row a size of the report's sample, then Evidently's."""
    drift = DriftRequest(
        comparisons=(Comparison(reference=cards.first, windows=(cards.second,)),),
        numeric=tuple(name for name in cards.names if name != "Time"),
    )
    reports: dict[int, list[ReportAnswer]] = {sample: [] for sample in SAMPLES}
    evidently = []
    for number in range(runs):
        evidently.append(ask(EVIDENTLY_DRIFT, drift).cost)
        for place_in_run, sample in enumerate(SAMPLES):
            place.write_use_case(sample)
            # A second later is another verdict: each report has to make its own.
            later = timedelta(seconds=number * len(SAMPLES) + place_in_run)
            reports[sample].append(ask(OUR_REPORT, place.question(NOW + later)))
    most = statistics.median(cost.cpu_seconds for cost in evidently)
    for sample, answers in reports.items():
        cpu = statistics.median(answer.cost.cpu_seconds for answer in answers)
        steps = [
            statistics.median(answer.cpu_seconds[step] for answer in answers)
            for step in ("measure", "report_quality", "report_drift", "report_performance")
        ]
        yield (
            f"report, Evidently's pages on {sample:,} rows at most",
            f"{answers[0].rows:,}",
            f"{statistics.median(answer.cost.wall_seconds for answer in answers):.1f}",
            f"{cpu:.1f}",
            f"{cpu / most:.2f}",
            " / ".join(f"{step:.1f}" for step in steps),
            f"{statistics.median(a.cost.import_cpu_seconds for a in answers):.1f}",
            f"{max(answer.cost.peak_bytes for answer in answers) / 2**20:.0f}",
        )
    yield (
        "Evidently: `DataDriftPreset`",
        "the same halves",
        f"{statistics.median(cost.wall_seconds for cost in evidently):.1f}",
        f"{most:.1f}",
        "1.00",
        "",
        f"{statistics.median(cost.import_cpu_seconds for cost in evidently):.1f}",
        f"{max(cost.peak_bytes for cost in evidently) / 2**20:.0f}",
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="runs of each; the median counts")
    runs = parser.parse_args().runs
    print(f"{machine()}\n")
    with tempfile.TemporaryDirectory() as folder:
        place = Place(Path(folder))
        cards = card_files(Path(folder))
        print(f"{cards.words}; of our report's, {prepare(place)}\n")
        head = ("what", "rows", "wall, s", "CPU, s", "of Evidently's CPU")
        parts = "CPU of measure / quality / drift / performance, s"
        table((*head, parts, "imports, CPU, s", "peak, MiB"), beside_evidently(place, cards, runs))


if __name__ == "__main__":
    main()
