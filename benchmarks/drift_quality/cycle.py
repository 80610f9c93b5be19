"""False alarms on rows that resemble the rows before them and follow the hour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from benchmarks.drift_quality.table import rate, scaled, table
from benchmarks.drift_quality.tools import judged
from monitoring.rows.rows import Rows
from monitoring.use_case_columns import Features
from tests.drift.made import reference_of, rows_of

COLUMNS = 30
FEATURES = Features(numeric=tuple(f"x{i}" for i in range(COLUMNS)))
DAYS, AFTER = 28, 28
SPACINGS = (timedelta(minutes=1), timedelta(seconds=4))
"""Rows come this far apart: 1,440 and 21,600 a day."""

MEMORY = timedelta(minutes=15)
"""Time in which the resemblance of a row to an earlier one falls to 1/e."""

WINDOWS = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1), timedelta(days=3))


def cycle(scale: float) -> None:
    """Print how often such rows are flagged, with what the verdict knows of their time."""
    head = (
        "rows per day",
        "window and chunk",
        "rows",
        "windows",
        "any changed",
        "any drifted",
        "mean share",
        "share > 0.3",
        "without hours and chunks: share > 0.3",
    )
    title = (
        "Rows that resemble those before them, with a daily cycle: 28 days of reference, no drift"
    )
    table(title, head, _rows(scale))


def _rows(scale: float) -> Iterator[Sequence[object]]:
    for spacing in SPACINGS:
        stream = _stream(np.random.default_rng(28), spacing)
        per_day = round(timedelta(days=1) / spacing)
        before = stream.take(slice(0, DAYS * per_day))
        for length in WINDOWS:
            rows = round(length / spacing)
            reference = reference_of(before, features=FEATURES, chunk=length)
            blind = reference_of(_timeless(before), features=FEATURES, chunk=len(before))
            last = len(stream) - rows
            most = (last - len(before)) // rows + 1
            windows = min(scaled(120, scale, least=4), most)
            starts = len(before) + rows * np.linspace(0, most - 1, windows).round().astype(int)
            drawn = [stream.take(slice(start, start + rows)) for start in starts.tolist()]
            found = [judged(reference, window) for window in drawn]
            unaware = [judged(blind, _timeless(window)).drifted for window in drawn]
            yield (
                f"{per_day:,}",
                f"{length / timedelta(hours=1):g} h",
                f"{rows:,}",
                windows,
                rate([any(part.changed for part in verdict.features) for verdict in found], 0),
                rate([bool(verdict.drifted_features) for verdict in found], 0),
                f"{np.mean([verdict.share for verdict in found]):.3f}",
                rate([verdict.drifted for verdict in found], 0),
                rate(unaware, 0),
            )


def _timeless(rows: Rows) -> Rows:
    """Return rows of one moment: no hours can be matched."""
    return rows_of(rows.features, spacing=timedelta(0))


def _stream(rng: np.random.Generator, spacing: timedelta) -> Rows:
    from scipy.signal import lfilter

    count = round(timedelta(days=DAYS + AFTER) / spacing)
    follows = float(np.exp(-spacing / MEMORY))
    noise = rng.normal(size=(count, COLUMNS)) * np.sqrt(1 - follows**2)
    noise[0] = rng.normal(size=COLUMNS)
    resembling = lfilter([1.0], [1.0, -follows], noise, axis=0)
    hour = np.arange(count) * (spacing / timedelta(days=1))
    values = np.sin(2 * np.pi * hour)[:, None] * rng.uniform(0, 1, COLUMNS) + resembling
    return rows_of(pd.DataFrame(values, columns=list(FEATURES.names)), spacing=spacing)
