"""A use case and raw rows made by hand, small enough to read."""

from datetime import UTC, datetime
from typing import Any

import pandas as pd

from monitoring.use_case import UseCase

START = datetime(2026, 3, 1, tzinfo=UTC)
HASH = "0123456789ab" + "c" * 52


def use_case(**changes: Any) -> UseCase:
    """Return a use case of parcels; `changes` replace its columns, source or time zone."""
    source = changes.pop("source", {"path": "parcels.csv"})
    timezone = changes.pop("timezone", "UTC")
    columns = {
        "event_time": {"name": "at", "unit": "s", "origin": START},
        "id": "parcel",
        "amount": "worth",
        "target": {"name": "lost", "positive": 1},
        "features": {"numeric": ["weight", "worth"], "categorical": ["kind"]},
    }
    return UseCase.model_validate(
        {
            "name": "parcels",
            "title": "Parcels",
            "source": source,
            "columns": columns | changes,
            "labels": {"delay": "1h", "mature_after": "6h"},
            "timezone": timezone,
            "candidates": {"tree": {"steps": ["sklearn.tree.DecisionTreeClassifier"]}},
            "costs": {"missed": {"fixed": 1.0}, "false_alarm": 1},
            "drift": {"window": "1d"},
            "thresholds": {},
        }
    )


AUTO = use_case(
    source={"path": "auto"},
    event_time={"origin": START, "spacing": "1s"},
    id=None,
    amount=None,
    target="last",
    features="auto",
)
"""A use case of whatever CSV file there is."""


def raw(count: int = 20) -> pd.DataFrame:
    """Return rows with nothing wrong, a second apart; every fifth one is positive."""
    return pd.DataFrame(
        {
            "parcel": [f"p{i}" for i in range(count)],
            "at": [float(i) for i in range(count)],
            "weight": [1.5 + i for i in range(count)],
            "worth": [10.0 * i for i in range(count)],
            "kind": ["box" if i % 2 else "bag" for i in range(count)],
            "lost": [int(i % 5 == 0) for i in range(count)],
        }
    )


def with_value(frame: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    """Return the rows with one value replaced, whatever its type."""
    changed = frame.copy()
    changed[column] = changed[column].astype(object)
    changed.loc[row, column] = value
    return changed
