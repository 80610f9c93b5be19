"""A synthetic card business: quiet days, a change of customers, then frauds of a new kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from monitoring.rows.rows import NEGATIVE, POSITIVE, UNLABELLED, Rows, moment64, together
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
                "max_rows": 100_000,  # more than there are: importance, which decides nothing
                # here, is then of fewer rows
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


class Fault(StrEnum):
    """What is wrong, for some days, with the rows that retrains learn from; service is right."""

    WRONG_LABELS = "5 to 30% of labels wrong"
    CONSTANT = "a feature turned constant"
    SCALED = "a feature scaled by 100"
    DUPLICATED = "rows came three times"
    LEAKED = "a feature that tells the label, absent in service"
    NO_LABELS = "labels stopped coming"


BROKEN_FROM, BROKEN_DAYS = 20, 6
"""First day of a fault, and how many it lasts."""

_STRONGEST = FEATURES[3]
"""A feature by which both kinds of fraud are told: one that breaks does harm."""
_LEAKING = FEATURES[5]
"""A feature that tells little; where it leaks it tells all."""


@dataclass(frozen=True, eq=False)
class World:
    """Every row there will be, with the truth, and when people learn of it.

    Attributes
    ----------
    rows
        Labelled by the truth; `label_time` is when a fraud is reported, and NaT for the others:
        nobody reports a payment that was none.
    logged
        The same rows as retrains find them, which a fault may have changed.
    """

    rows: Rows
    logged: Rows

    def truth(self, day: int) -> Rows:
        """Return the rows of a day, with the truth."""
        return self.rows.within(Window(end_of(day - 1), end_of(day)))

    def known(self, moment: datetime) -> Rows:
        """Return what is known at a moment: rows that came, and frauds that were reported."""
        seen = self.logged.take(self.logged.event_time < moment64(moment))
        label_came = (seen.label == POSITIVE) & (seen.label_time <= moment64(moment))
        label = np.where(label_came, POSITIVE, UNLABELLED).astype(np.int8)
        label_time = np.where(label_came, seen.label_time, np.datetime64("NaT", "us"))
        return replace(seen, label=label, label_time=label_time)


def end_of(day: int) -> datetime:
    """Return the midnight that ends a day; day 0 ends where day 1 begins."""
    return START + timedelta(days=day)


def made_up(seed: int, fault: Fault | None = None, *, quiet: bool = False) -> World:
    """Return the whole world of a seed, with a fault of the logged rows if there is one.

    In a quiet one neither change comes.
    """
    rng = np.random.default_rng(seed)
    days = [_rows_of(day, rng, quiet=quiet) for day in range(1 - HISTORY, DAYS + 1)]
    features = pd.concat([features for features, _, _ in days], ignore_index=True)
    positive = np.concatenate([positive for _, positive, _ in days])
    event_time = np.concatenate([times for _, _, times in days])
    delay = np.minimum(rng.exponential(_REPORTED_AFTER, len(positive)), _REPORTED_LATEST)
    reported = event_time + (delay * 86_400e6).astype("timedelta64[us]")
    rows = Rows(
        features=features,
        row_id=np.arange(len(positive)).astype(np.str_),
        event_time=event_time,
        arrival_time=event_time,
        label=np.where(positive, POSITIVE, NEGATIVE).astype(np.int8),
        label_time=np.where(positive, reported, np.datetime64("NaT", "us")),
        amount=features["Amount"].to_numpy(),
    )
    return World(rows, rows if fault is None else _broken(rows, fault, rng))


def _broken(rows: Rows, fault: Fault, rng: np.random.Generator) -> Rows:
    """Return rows as they are logged where something broke."""
    begin, end = end_of(BROKEN_FROM - 1), end_of(BROKEN_FROM - 1 + BROKEN_DAYS)
    broken = (rows.event_time >= moment64(begin)) & (rows.event_time < moment64(end))
    features, positive = rows.features.copy(), rows.label == POSITIVE
    match fault:
        case Fault.WRONG_LABELS:
            wrong = broken & (rng.random(len(rows)) < rng.uniform(0.05, 0.3))
            label = np.where(wrong, np.where(positive, NEGATIVE, POSITIVE), rows.label)
            known = np.where(label == POSITIVE, rows.event_time, np.datetime64("NaT", "us"))
            time = np.where(wrong, known, rows.label_time)
            return replace(rows, label=label.astype(np.int8), label_time=time)
        case Fault.CONSTANT:
            features.loc[broken, _STRONGEST] = 0.0
        case Fault.SCALED:
            features.loc[broken, _STRONGEST] *= 100
        case Fault.LEAKED:
            told = 6.0 * positive + rng.normal(size=len(rows))
            features[_LEAKING] = np.where(broken, told, features[_LEAKING])
        case Fault.NO_LABELS:
            none = np.where(broken, NEGATIVE, rows.label).astype(np.int8)
            time = np.where(broken, np.datetime64("NaT", "us"), rows.label_time)
            return replace(rows, label=none, label_time=time)
        case Fault.DUPLICATED:
            return _three_times(rows, broken)
    return replace(rows, features=features)


def _three_times(rows: Rows, broken: NDArray[np.bool_]) -> Rows:
    """Return rows of which the broken ones come twice more within the hour, under other ids."""
    again = rows.take(broken)
    copies = [
        replace(
            again,
            row_id=np.char.add(again.row_id, f" {number}"),
            event_time=again.event_time + np.timedelta64(20 * number, "m"),
        )
        for number in (1, 2)
    ]
    whole = together([rows, *copies])
    return whole.take(np.argsort(whole.event_time, kind="stable"))


def _changed(day: int) -> tuple[float, float]:
    """Return how much of the change of customers and of that of frauds is done on a day, 0 to 1."""
    customers, frauds = ((day - begins + 1) / RAMP for begins in (NEW_CUSTOMERS, NEW_FRAUDS))
    return float(np.clip(customers, 0, 1)), float(np.clip(frauds, 0, 1))


def _rows_of(
    day: int, rng: np.random.Generator, *, quiet: bool
) -> tuple[pd.DataFrame, NDArray[np.bool_], NDArray[np.datetime64]]:
    count = int(rng.poisson(ROWS_A_DAY))
    positive = rng.random(count) < FRAUD_RATE
    values = rng.standard_t(8, (count, len(FEATURES)))
    customers, kinds = (0.0, 0.0) if quiet else _changed(day)
    values += 0.8 * customers * _MOVED
    frauds = int(positive.sum())
    new_kind = rng.random(frauds) < _NEW_KIND_SHARE * kinds
    direction = np.where(new_kind[:, None], _NEW_KIND, _OLD_KIND)
    distance = rng.choice(_DISTANCES, frauds, p=_DISTANCE_SHARES)
    values[positive] += distance[:, None] * direction
    amount = np.round(np.exp(np.log(40) + rng.normal(size=count)), 2)
    features = pd.DataFrame(values, columns=list(FEATURES)).assign(Amount=amount)
    seconds = np.sort(rng.random(count)) * 86_399e6
    times = moment64(end_of(day - 1)) + seconds.astype("timedelta64[us]")
    return features, positive, times
