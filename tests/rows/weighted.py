"""Rows of which some were blocked, and some let through."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from monitoring.rows.rows import NO_TIME, Rows


def weighted_rows(*, score: ArrayLike, label: ArrayLike, weight: ArrayLike) -> Rows:
    """Return rows of 10 in money each."""
    scores = np.asarray(score, np.float64)
    count = len(scores)
    times = np.datetime64("2026-03-01T12:00:00", "us") + np.arange(count) * np.timedelta64(1, "s")
    return Rows(
        features=pd.DataFrame(index=range(count)),
        row_id=np.arange(count).astype(np.str_),
        event_time=times,
        arrival_time=times,
        label=np.asarray(label, np.int8),
        label_time=np.full(count, NO_TIME),
        amount=np.full(count, 10.0),
        score=scores,
        weight=np.asarray(weight, np.float64),
    )
