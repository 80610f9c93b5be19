"""Compare: the door for a notebook and for `tocsin drift`: two tables in, a verdict out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from monitoring.comparison.frame import Table, as_frame, features_of, prepared
from monitoring.drift.judge import drift_verdict
from monitoring.drift.verdict import SHARE_LIMIT, Verdict
from monitoring.rows.rows import UNLABELLED, Rows
from monitoring.summary.build import summarise
from monitoring.summary.reference import fit_reference
from monitoring.use_case import Drift

if TYPE_CHECKING:
    import pandas as pd

MIN_EFFECT = 0.1
RATE = 0.02


def compare(
    reference: Table,
    current: Table,
    *,
    columns: Sequence[str] | None = None,
    min_effect: float = MIN_EFFECT,
    rate: float = RATE,
    share_limit: float = SHARE_LIMIT,
) -> Verdict:
    """Judge whether `current` has drifted from `reference`.

    Rows are taken to be in order: how much the reference varies by itself is read from chunks of
    it as long as `current`, where there are at least eight.

    Parameters
    ----------
    reference, current
        A pandas, polars or Arrow table, or the path of a CSV or Parquet file.
    columns
        Columns to judge; all of the reference's by default. Text, categories and mixed objects
        are compared as words; numbers, booleans and times as numbers.
    min_effect
        Smallest effect that matters: a Jensen-Shannon distance, 0 to 1.
    rate
        False discovery rate across columns.
    share_limit
        Share of drifted columns above which the whole has drifted.

    Raises
    ------
    TableError
        A file can't be read, or the reference lacks a column that was asked for, or rows.

    Examples
    --------
    >>> from monitoring import compare
    >>> compare("january.parquet", "february.parquet").drifted_features  # doctest: +SKIP
    """
    before, now = prepared(as_frame(reference, "reference"), as_frame(current, "current"), columns)
    fitted = fit_reference(
        _rows(before),
        None,
        features=features_of(before),
        threshold=0.5,
        chunk=max(len(now), 1),
        importance={},
    )
    limits = Drift(window="1d", min_effect=min_effect, rate=rate)
    return drift_verdict(
        fitted, summarise(_rows(now), fitted), limits, id="compare", share_limit=share_limit
    )


def _rows(frame: pd.DataFrame) -> Rows:
    """Return rows of which nothing is known but their features."""
    count = len(frame)
    no_time = np.full(count, np.datetime64("NaT", "us"))
    return Rows(
        features=frame,
        row_id=np.arange(count).astype(np.str_),
        event_time=no_time,
        arrival_time=no_time,
        label=np.full(count, UNLABELLED, np.int8),
        label_time=no_time,
    )
