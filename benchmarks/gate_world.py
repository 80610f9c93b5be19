"""A synthetic card business: quiet days, a change of customers, then frauds of a new kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, Rows, moment64
from monitoring.rows.window import Window
from monitoring.use_case import UseCase

START = datetime(2026, 1, 1, tzinfo=UTC)
"""The end of the history that the first champion is trained on; day 1 begins here."""

HISTORY, DAYS = 25, 60
ROWS_A_DAY, FRAUD_RATE = 2000, 0.025
FEATURES = tuple(f"V{number}" for number in range(1, 9))

NEW_CUSTOMERS, NEW_FRAUDS = 13, 37
"""Days on which the two changes begin."""

SPAN = timedelta(days=20)
"""Reach of the rows that a retrain learns from."""

RAMP = 3
"""Days that a change takes."""

# Most frauds lie far from ordinary payments, some near, some among them.
_DISTANCES, _DISTANCE_SHARES = (5.0, 3.0, 0.5), (0.65, 0.25, 0.1)
# New customers look like the frauds of old in three of five features that move.
_MOVED = np.array([1.0, 1.0, 1.0, 0.0, 0.0, -1.0, 1.0, 0.0])
_OLD_KIND = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 0.0, 0.0, 0.0]) / np.sqrt(5)
_NEW_KIND = np.array([0.0, 0.0, 0.0, 1.0, -1.0, 0.0, 1.0, 1.0]) / 2
_NEW_KIND_SHARE = 0.7
_REPORTED_AFTER, _REPORTED_LATEST = 2.0, 4.9

CASE = UseCase.model_validate(
    {
        "name": "simulated",
        "title": "Simulated cards",
        "words": {"positive": "fraud", "positives": "frauds"},
        "source": {"path": "none.csv", "synthetic": "card"},
        "columns": {
            "event_time": {"name": "Time", "unit": "s", "origin": START},
            "amount": "Amount",
            "target": {"name": "Class", "positive": 1},
            "features": {"numeric": [*FEATURES, "Amount"]},
        },
        "labels": {"delay": "2d", "mature_after": "5d", "absent_at_maturity": "negative"},
        "candidates": {
            "logistic_regression": {
                "steps": [
                    "sklearn.preprocessing.StandardScaler",
                    "sklearn.linear_model.LogisticRegression",
                ],
                "search": {"C": [0.1]},
            }
        },
        "costs": {
            "missed": {"of_amount": 1.0},
            "false_alarm": 5,
            "review": 2,
            "reviews_per_day": 80,
        },
        "drift": {"window": "1d"},
        "retrain": {"new_rows": 10_000, "span": SPAN},
        "report": {"sample": 1000},
        "thresholds": {"drift_score": {"above": {"warning": 0.1, "critical": 0.3}}},
    }
)


@dataclass(frozen=True, eq=False)
class World:
    """Every row there will be, with the truth, and when people learn of it.

    Attributes
    ----------
    rows
        Labelled by the truth; `label_time` is when a fraud is reported, and NaT for the others:
        nobody reports a payment that was none.
    """

    rows: Rows

    def truth(self, day: int) -> Rows:
        """Return the rows of a day, with the truth."""
        return self.rows.within(Window(end_of(day - 1), end_of(day)))

    def known(self, moment: datetime) -> Rows:
        """Return what is known at a moment: rows that came, and frauds that were reported."""
        seen = self.rows.take(self.rows.event_time < moment64(moment))
        label_came = (seen.label == POSITIVE) & (seen.label_time <= moment64(moment))
        label = np.where(label_came, POSITIVE, UNLABELLED).astype(np.int8)
        label_time = np.where(label_came, seen.label_time, np.datetime64("NaT", "us"))
        return replace(seen, label=label, label_time=label_time)


def end_of(day: int) -> datetime:
    """Return the midnight that ends a day; day 0 ends where day 1 begins."""
    return START + timedelta(days=day)


def made_up(seed: int) -> World:
    """Return the whole world of a seed."""
    rng = np.random.default_rng(seed)
    days = [_rows_of(day, rng) for day in range(1 - HISTORY, DAYS + 1)]
    features = pd.concat([features for features, _, _ in days], ignore_index=True)
    positive = np.concatenate([positive for _, positive, _ in days])
    event_time = np.concatenate([times for _, _, times in days])
    delay = np.minimum(rng.exponential(_REPORTED_AFTER, len(positive)), _REPORTED_LATEST)
    reported = event_time + (delay * 86_400e6).astype("timedelta64[us]")
    return World(
        Rows(
            features=features,
            row_id=np.arange(len(positive)).astype(np.str_),
            event_time=event_time,
            arrival_time=event_time,
            label=np.where(positive, POSITIVE, NEGATIVE).astype(np.int8),
            label_time=np.where(positive, reported, np.datetime64("NaT", "us")),
            amount=features["Amount"].to_numpy(),
        )
    )


def changed(day: int, begins: int) -> float:
    """Return how much of a change is done on a day, 0 to 1."""
    return float(np.clip((day - begins + 1) / RAMP, 0, 1))


def _rows_of(
    day: int, rng: np.random.Generator
) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[np.datetime64]]:
    count = int(rng.poisson(ROWS_A_DAY))
    positive = rng.random(count) < FRAUD_RATE
    values = rng.standard_t(8, (count, len(FEATURES)))
    values += 0.8 * changed(day, NEW_CUSTOMERS) * _MOVED
    frauds = int(positive.sum())
    new_kind = rng.random(frauds) < _NEW_KIND_SHARE * changed(day, NEW_FRAUDS)
    direction = np.where(new_kind[:, None], _NEW_KIND, _OLD_KIND)
    distance = rng.choice(_DISTANCES, frauds, p=_DISTANCE_SHARES)
    values[positive] += distance[:, None] * direction
    amount = np.round(np.exp(np.log(40) + rng.normal(size=count)), 2)
    features = pd.DataFrame(values, columns=list(FEATURES)).assign(Amount=amount)
    seconds = np.sort(rng.random(count)) * 86_399e6
    times = moment64(end_of(day - 1)) + seconds.astype("timedelta64[us]")
    return features, positive, times
