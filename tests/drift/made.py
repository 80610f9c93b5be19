"""Rows made for drift: many kinds of columns, none of them drifting unless a test says so."""

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pandas as pd

from monitoring.rows.rows import Rows
from monitoring.summary.reference import fit_reference
from monitoring.summary.types import Reference
from monitoring.use_case import Drift
from monitoring.use_case_columns import Features

LIMITS = Drift(window="1d")
LEVELS = {"c2": 2, "c5": 5, "c30": 30, "c1000": 1000}
NUMERIC = (
    *(f"normal{i}" for i in range(8)),
    *(f"lognormal{i}" for i in range(5)),
    *(f"heavytail{i}" for i in range(5)),
    *(f"counts{i}" for i in range(4)),
    *(f"gaps{i}" for i in range(4)),
)
FEATURES = Features(numeric=NUMERIC, categorical=tuple(LEVELS))


def frame(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Return 30 columns: normal, lognormal, heavy-tailed, counts, with gaps, words of Zipf."""
    columns: dict[str, object] = {}
    for name in NUMERIC:
        kind = name.rstrip("0123456789")
        if kind == "normal":
            columns[name] = rng.normal(size=rows)
        elif kind == "lognormal":
            columns[name] = rng.lognormal(size=rows)
        elif kind == "heavytail":
            columns[name] = rng.standard_t(2.2, size=rows)
        elif kind == "counts":
            columns[name] = rng.poisson(3, size=rows).astype(float)
        else:
            columns[name] = np.where(rng.random(rows) < 0.05, np.nan, rng.normal(size=rows))
    for name, levels in LEVELS.items():
        shares = 1 / np.arange(1, levels + 1)
        words = np.array([f"word {i}" for i in range(levels)])
        columns[name] = pd.array(rng.choice(words, rows, p=shares / shares.sum()), dtype="str")
    return pd.DataFrame(columns)


def rows_of(
    features: pd.DataFrame,
    *,
    start: str = "2026-01-01",
    spacing: timedelta = timedelta(minutes=1),
) -> Rows:
    """Return unlabelled rows, one every `spacing`."""
    count = len(features)
    times = np.datetime64(start, "us") + np.arange(count) * np.timedelta64(spacing)
    return Rows(
        features=features.reset_index(drop=True),
        row_id=np.arange(count).astype(np.str_),
        event_time=times,
        arrival_time=times,
        label=np.full(count, -1, np.int8),
        label_time=np.full(count, np.datetime64("NaT", "us")),
    )


def scored(rows: Rows, score: np.ndarray, rng: np.random.Generator) -> Rows:
    """Return the rows with scores, and labels that come as often as the scores say."""
    label = (rng.random(len(rows)) < score).astype(np.int8)
    return replace(rows, score=score, label=label, amount=rng.lognormal(3, 1, len(rows)))


def reference_of(
    training: Rows,
    validation: Rows | None = None,
    *,
    features: Features = FEATURES,
    chunk: timedelta | int = timedelta(days=1),
) -> Reference:
    """Return a reference with even importance."""
    return fit_reference(
        training, validation, features=features, threshold=0.3, chunk=chunk, importance={}
    )
