"""Two days of real payments, the second judged by the first."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd

from benchmarks.drift_quality.table import table
from benchmarks.drift_quality.tools import (
    changed,
    drifted,
    evidently,
    judged,
    ks_bonferroni,
    nannyml,
)
from benchmarks.real_data import wanted_file
from monitoring.drift.variation import Chunk, chunks_of, variations
from monitoring.drift.verdict import Verdict
from monitoring.rows.rows import Rows
from monitoring.summary.types import Reference
from monitoring.use_case_columns import Features
from tests.drift.made import LIMITS, reference_of, rows_of

MIDNIGHT = np.datetime64("2013-09-02", "us")
HOURS = (24, 12, 6, 3, 2, 1)


def cards() -> tuple[Rows, Rows] | None:
    """Return the two days; None where the file is not there."""
    path = wanted_file("creditcard.csv.gz")
    if path is None:
        return None
    data = pd.read_csv(path, engine="pyarrow")
    times = np.datetime64("2013-09-01", "us") + pd.to_timedelta(data["Time"], "s").to_numpy()
    rows = replace(
        rows_of(data.drop(columns=["Time", "Class"])), event_time=times.astype("datetime64[us]")
    )
    first = rows.event_time < MIDNIGHT
    return rows.take(first), rows.take(~first)


def _features(rows: Rows) -> Features:
    return Features(numeric=tuple(rows.features.columns))


def _windows(after: Rows, hours: int) -> list[Rows]:
    slot = (after.event_time - MIDNIGHT) // np.timedelta64(hours, "h")
    return [after.take(slot == one) for one in np.unique(slot)]


def card_days(_: float) -> None:
    """Print the verdict's sensitivity to the length of window and chunk."""
    head = (
        "window and chunk",
        "chunks",
        "variation known",
        "independent chunks",
        "median natural variation",
        "mean share",
        "from to",
        "mean share, 1 in 200 instead of 1 in 50",
        "1 in 20",
    )
    days = cards()
    if days is not None:
        table("Card payments: day 2 against day 1, by length of window", head, _days(*days))


def _days(before: Rows, after: Rows) -> Iterator[Sequence[object]]:
    for hours in HOURS:
        reference = reference_of(before, features=_features(before), chunk=timedelta(hours=hours))
        windows = _windows(after, hours)
        found = [judged(reference, window) for window in windows]
        known = [f.natural_variation for v in found for f in v.features if f.natural_variation]
        worth = [part.chunks for part in variations(chunks_of(reference)).values()]
        other = [
            np.mean([judged(reference, window, limits).share for window in windows])
            for limits in (LIMITS.model_copy(update={"rate": rate}) for rate in (0.005, 0.05))
        ]
        yield (
            f"{hours} h",
            len(reference.chunks),
            "yes" if found[0].variation_known else "no",
            f"{np.mean(worth):.1f}" if worth else "",
            f"{np.median(known):.2f}" if known else "",
            *_shares(found),
            *(f"{share:.2f}" for share in other),
        )


def _shares(found: list[Verdict]) -> tuple[str, str]:
    shares = [verdict.share or 0.0 for verdict in found]
    return f"{np.mean(shares):.2f}", f"{min(shares):.2f} to {max(shares):.2f}"


def _percentile(share: float) -> Callable[[list[Chunk]], float]:
    return lambda chunks: float(np.quantile([chunk.divergence.effect for chunk in chunks], share))


READINGS: dict[str, Callable[[list[Chunk]], float]] = {
    "not applied": lambda _: 0.0,
    "median of the chunks' effects": _percentile(0.5),
    "their 90th percentile": _percentile(0.9),
    "their 95th percentile": _percentile(0.95),
    "the largest": _percentile(1.0),
}


def card_readings(_: float) -> None:
    """Print what other readings of natural variation make of the same windows."""
    head = ("natural variation is", *(f"{hours} h" for hours in HOURS[3:]))
    days = cards()
    if days is not None:
        title = "Card payments: mean share (smallest to largest) by how natural variation is read"
        table(title, head, _readings(*days))


def _readings(before: Rows, after: Rows) -> Iterator[Sequence[object]]:
    features = _features(before)
    references = {
        hours: reference_of(before, features=features, chunk=timedelta(hours=hours))
        for hours in HOURS[3:]
    }
    windows = {hours: _windows(after, hours) for hours in references}
    for words, reading in READINGS.items():
        yield (
            words,
            *(_read(reference, windows[hours], reading) for hours, reference in references.items()),
        )
    ours = [
        [judged(references[hours], window) for window in windows[hours]] for hours in references
    ]
    yield "as Tocsin estimates it", *("{} ({})".format(*_shares(found)) for found in ours)


def _read(
    reference: Reference, windows: list[Rows], reading: Callable[[list[Chunk]], float]
) -> str:
    bars = {name: reading(chunks) for name, chunks in chunks_of(reference).items()}
    without = replace(reference, chunks=())
    shares = []
    for window in windows:
        verdict = judged(without, window)
        drifted = [part for part in verdict.drifted_features if _over(part.effect, bars[part.name])]
        shares.append(len(drifted) / len(verdict.tested))
    return f"{np.mean(shares):.2f} ({min(shares):.2f} to {max(shares):.2f})"


def _over(effect: float | None, bar: float) -> bool:
    return effect is not None and effect > bar


def card_tools(_: float) -> None:
    """Print how many of the 29 columns each tool flags on day 2."""
    head = (
        "window",
        "changed",
        "drifted",
        "KS + Bonferroni",
        "Evidently",
        "NannyML",
    )
    days = cards()
    if days is not None:
        title = "Card payments: columns of 29 flagged on day 2 against day 1, mean of the windows"
        table(title, head, _flagged(*days))


def _flagged(before: Rows, after: Rows) -> Iterator[Sequence[object]]:
    features = _features(before)
    for hours in (24, 6, 1):
        reference = reference_of(before, features=features, chunk=timedelta(hours=hours))
        windows = _windows(after, hours)
        frames = [window.features.reset_index(drop=True) for window in windows]
        verdicts = [judged(reference, window) for window in windows]
        flags = [
            [changed(verdict) for verdict in verdicts],
            [drifted(verdict) for verdict in verdicts],
            [ks_bonferroni(before.features, frame, features) for frame in frames],
            [evidently(before.features, frame, features) for frame in frames],
            nannyml([(before.features, frames)], features)[0],
        ]
        yield f"{hours} h", *(f"{np.mean([len(one) for one in each]):.1f}" for each in flags)
