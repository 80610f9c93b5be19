"""Rows made for summaries."""

from datetime import timedelta

import numpy as np
import pandas as pd

from monitoring.rows.rows import Rows
from monitoring.use_case_columns import Features

FEATURES = Features(numeric=("height", "visits"), categorical=("town",))


def frame(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    """Return two columns of numbers and one of words, a tenth of each missing."""
    height = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(170, 10, rows))
    visits = np.where(rng.random(rows) < 0.1, np.nan, rng.poisson(2, rows))
    town = rng.choice(["Ghent", "Namur", "Liege", None], rows, p=[0.6, 0.2, 0.1, 0.1])
    return pd.DataFrame({"height": height, "visits": visits, "town": pd.Series(town, dtype="str")})


def rows_of(
    features: pd.DataFrame,
    *,
    spacing: timedelta = timedelta(minutes=10),
    seed: int | None = None,
    model_version: str | None = None,
) -> Rows:
    """Return rows in time; with scores, amounts and some labels where a seed is given."""
    count = len(features)
    times = np.datetime64("2026-03-01", "us") + np.arange(count) * np.timedelta64(spacing)
    rng = np.random.default_rng(seed)
    return Rows(
        features=features.reset_index(drop=True),
        row_id=np.arange(count).astype(np.str_),
        event_time=times,
        arrival_time=times,
        label=rng.integers(-1, 2, count).astype(np.int8),
        label_time=times,
        amount=None if seed is None else rng.lognormal(3, 2, count),
        score=None if seed is None else rng.beta(0.5, 5, count),
        model_version=model_version,
    )
