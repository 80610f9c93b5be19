"""A Prometheus that holds a day of one use case's figures, and of no other's."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from monitoring.signals.catalogue import (
    DRIFT_SCORE,
    FEATURE_DRIFT,
    LAST_ATTEMPT,
    LAST_SUCCESS,
    MODEL,
    PROMOTED,
    STATUS,
)
from monitoring.signals.history import STEP, HeldSamples, History, exposition
from monitoring.signals.metric import Sample
from monitoring.signals.performance_metrics import INTERVAL, NET_SAVING, RECALL
from monitoring.signals.pipelines import PushGroup
from tests.fixtures.gateway import program, running_prometheus

LIVE = {"stage": "production", "role": "champion"}
HOSTILE = "<b>V1</b> {{x}}"
"""The name of a feature."""
MOVED = "trained with scikit-learn 1.8.0, scored with 1.9.1"
"""Of the libraries of version 2."""


@dataclass(frozen=True)
class Day:
    """When what happened."""

    now: datetime
    promoted: datetime
    """Version 2 took over from version 1."""

    @property
    def moments(self) -> range:
        """Every moment of a sample; some lie ahead, for a test takes its time."""
        end = int(self.now.timestamp()) // STEP * STEP + 6 * STEP
        return range(end - 86400, end, STEP)


def day() -> Day:
    """Return the day before now."""
    now = datetime.now(UTC).replace(microsecond=0)
    return Day(now, now - timedelta(hours=6))


def figures(told: Day) -> list[HeldSamples]:
    """Return what was pushed: recall fell below its critical limit six hours ago."""
    moments, fell = told.moments, int(told.promoted.timestamp())
    before = [moment for moment in moments if moment < fell]
    after = [moment for moment in moments if moment >= fell]
    return [
        HeldSamples(_figures(0.9, 0.1, "1", told.now - timedelta(days=3)), before),
        HeldSamples(_figures(0.5, 0.4, "2", told.promoted), after),
    ]


def _figures(recall: float, drift: float, version: str, promoted: datetime) -> tuple[Sample, ...]:
    seconds = promoted.timestamp()
    model = {
        "version": version,
        "candidate": "xgboost",
        "data_hash": "abc",
        "libraries": "as trained" if version == "1" else MOVED,
    }
    return (
        Sample(RECALL, recall, LIVE),
        Sample(INTERVAL, recall - 0.05, {**LIVE, "of": "recall", "bound": "low"}),
        Sample(INTERVAL, recall + 0.05, {**LIVE, "of": "recall", "bound": "high"}),
        Sample(NET_SAVING, -1200, LIVE),
        Sample(DRIFT_SCORE, drift),
        Sample(FEATURE_DRIFT, 0.7, {"feature": HOSTILE}),
        Sample(FEATURE_DRIFT, 0.2, {"feature": "V2"}),
        Sample(STATUS, 1, {"of": "drift", "status": "tested"}),
        Sample(STATUS, 1, {"of": "estimate", "status": "no estimate"}),
        Sample(MODEL, 1, model),
        Sample(PROMOTED, seconds, {"version": version}),
        Sample(LAST_ATTEMPT, seconds, {"pipeline": "retrain"}),
        Sample(LAST_SUCCESS, seconds + 60, {"pipeline": "retrain"}),
        Sample(LAST_ATTEMPT, seconds, {"pipeline": "report"}),
    )


@contextmanager
def measured(folder: Path, use_case: str, told: Day) -> Iterator[str]:
    """Run a Prometheus that holds the figures, until the block ends; yield its address."""
    program("promtool")
    (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    text = "".join(exposition(figures(told), use_case=use_case, group=PushGroup.REPORT))
    (folder / "day.om").write_text(text, encoding="utf-8")
    with running_prometheus(folder) as url:
        History(url).load(folder / "day.om")
    with running_prometheus(folder) as url:  # a start reads blocks at once
        yield url
