"""Use cases and rows made by hand, small enough to read."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from monitoring.rows.rows import UNLABELLED, Rows, moment64
from monitoring.use_case import (
    Costs,
    Drift,
    Labels,
    MissedCost,
    Source,
    Thresholds,
    UseCase,
)
from monitoring.use_case_candidate import Candidate
from monitoring.use_case_columns import Columns, EventTime, Features, Target

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def use_case(
    name: str = "parcels", *, absent: str = "unknown", amount: str | None = "worth"
) -> UseCase:
    """Return a use case of three features, whose rows mature in six hours."""
    return UseCase(
        name=name,
        title="Parcels",
        source=Source(path="parcels.csv"),
        columns=Columns(
            event_time=EventTime(name="at"),
            amount=amount,
            target=Target(name="lost", positive=1),
            features=Features(numeric=("weight", "worth"), categorical=("label",)),
        ),
        labels=Labels(delay="1h", mature_after="6h", absent_at_maturity=absent),
        candidates={"tree": Candidate(steps=("sklearn.tree.DecisionTreeClassifier",))},
        costs=Costs(missed=MissedCost(of_amount=1.0 if amount else 0.0), false_alarm=1),
        drift=Drift(window="1d"),
        thresholds=Thresholds(),
    )


def rows(
    ids: Sequence[str],
    *,
    start: datetime = NOON,
    every: timedelta = timedelta(minutes=1),
    label: int = UNLABELLED,
) -> Rows:
    """Return a row an id, arriving when they happen; every third one has values missing."""
    count = len(ids)
    event_time = moment64(start) + np.arange(count) * np.timedelta64(every)
    numbers = np.arange(count) / 7 + 0.1
    missing = np.arange(count) % 3 == 2
    words = pd.array([f'p"\n{i % 2} é' for i in range(count)], dtype="str")
    words[missing] = np.nan
    label_time = np.full(count, np.datetime64("NaT", "us"))
    if label != UNLABELLED:
        label_time = event_time + np.timedelta64(HOUR)
    return Rows(
        features=pd.DataFrame(
            {"weight": np.where(missing, np.nan, numbers), "worth": numbers * 3, "label": words}
        ),
        row_id=np.array(ids, dtype=np.str_),
        event_time=event_time,
        arrival_time=event_time,
        label=np.full(count, label, np.int8),
        label_time=label_time,
        amount=numbers * 3,
    )


def at(rows: Rows, **arrays: object) -> Rows:
    """Return the rows with other arrays."""
    return replace(rows, **arrays)
