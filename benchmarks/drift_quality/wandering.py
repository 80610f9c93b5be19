"""False alarms on a series whose level moves by itself from day to day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

import numpy as np
import pandas as pd

from benchmarks.drift_quality.table import rate, scaled, table
from benchmarks.drift_quality.tools import judged
from monitoring.drift import variation
from monitoring.drift.verdict import Verdict
from monitoring.rows.rows import Rows
from monitoring.use_case_columns import Features
from tests.drift.made import reference_of, rows_of

COLUMNS = 30
FEATURES = Features(numeric=tuple(f"x{i}" for i in range(COLUMNS)))
PER_DAY = 1000
LEVEL = 0.28
"""Standard deviation of a day's level, in those of the values."""

AFTER = 40
"""Days that follow the reference, each a window."""


def wandering(scale: float) -> None:
    """Print how often such a series is flagged, and a real shift of it found."""
    head = (
        "autocorrelation of days",
        "days of reference",
        "windows",
        "variation known",
        "any drifted",
        "as if days were independent",
        "mean share",
        "share > 0.3",
        "12 columns + 1 sigma: share > 0.3",
        "as if independent",
        "+ 2 sigma",
    )
    title = "A series with natural variation, windows of a day of 1,000 rows"
    table(title, head, _rows(scale))


def _rows(scale: float) -> Iterator[Sequence[object]]:
    for follows in (0.0, 0.5, 0.7, 0.9):
        for days in (5, 8, 10, 20, 40):
            found = [
                verdicts
                for seed in range(scaled(6, scale))
                for verdicts in _verdicts(np.random.default_rng([seed, days]), days, follows)
            ]
            quiet, one, two, quiet_before, one_before = zip(*found, strict=True)
            yield (
                follows,
                days,
                len(quiet),
                "yes" if quiet[0].variation_known else "no",
                rate([bool(verdict.drifted_features) for verdict in quiet], 0),
                rate([bool(verdict.drifted_features) for verdict in quiet_before], 0),
                f"{np.mean([verdict.share for verdict in quiet]):.3f}",
                rate([verdict.drifted for verdict in quiet], 0),
                rate([verdict.drifted for verdict in one], 0),
                rate([verdict.drifted for verdict in one_before], 0),
                rate([verdict.drifted for verdict in two], 0),
            )


def _verdicts(rng: np.random.Generator, days: int, follows: float) -> Iterator[tuple[Verdict, ...]]:
    """Yield the verdicts of every fourth day after the reference.

    As it is, shifted by one and by two sigma; as it is and shifted by one where each day of the
    reference counts as an independent one.
    """
    rows = _stream(rng, days + AFTER, follows)
    before = rows.take(slice(0, days * PER_DAY))
    reference = reference_of(before, features=FEATURES)
    naive = reference_of(before, features=FEATURES)
    with patch.object(variation, "independent_chunks", lambda chunks, _: float(chunks)):
        variation.natural_variation(naive)  # which is remembered
    for start in range(days * PER_DAY, len(rows), 4 * PER_DAY):
        window = rows.take(slice(start, start + PER_DAY))
        shifted = [_shifted(window, by) for by in (1.0, 2.0)]
        yield (
            judged(reference, window),
            *(judged(reference, one) for one in shifted),
            judged(naive, window),
            judged(naive, shifted[0]),
        )


def _shifted(window: Rows, by: float) -> Rows:
    values = window.features.copy()
    values.iloc[:, :12] += by
    return replace(window, features=values)


def _stream(rng: np.random.Generator, days: int, follows: float) -> Rows:
    """Return features with a daily cycle whose daily level follows yesterday's."""
    count = days * PER_DAY
    hour = np.arange(count) % PER_DAY / PER_DAY
    cycle = np.sin(2 * np.pi * hour)[:, None] * rng.uniform(0, 1, COLUMNS)
    level = rng.normal(0, LEVEL, (days, COLUMNS))
    for day in range(1, days):
        level[day] = follows * level[day - 1] + np.sqrt(1 - follows**2) * level[day]
    values = cycle + np.repeat(level, PER_DAY, axis=0) + rng.normal(size=(count, COLUMNS))
    table = pd.DataFrame(values, columns=list(FEATURES.names))
    return rows_of(table, spacing=timedelta(days=1) / PER_DAY)
