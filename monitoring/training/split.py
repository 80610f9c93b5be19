"""The split of rows into train, validation and test parts: in time, or stratified at random."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows, moment64
from monitoring.training import TrainingError
from monitoring.use_case_split import Split

AGAIN = "~again"
"""What follows, in the id of a row that was replayed more than once, the id of the first."""


@dataclass(frozen=True, eq=False)
class DataSplit:
    """Rows in parts; each is in order of event time.

    Attributes
    ----------
    train
        Search, fit and calibration.
    validation
        Decision threshold only; None where it is chosen by cross-validation of the train part.
    test
        Untouched until the end.
    global_test
        Never learned from nor selected by; None where none is declared.
    days
        Days of traffic by part, where it isn't the time that the part spans: one drawn at random
        spans the time of all rows with a share of them.
    """

    train: Rows
    validation: Rows | None
    test: Rows
    global_test: Rows | None = None
    days: dict[str, float] | None = None

    @property
    def parts(self) -> dict[str, Rows]:
        """The parts that there are, by name, in the order of their use."""
        named = {
            "train": self.train,
            "validation": self.validation,
            "test": self.test,
            "global_test": self.global_test,
        }
        return {name: part for name, part in named.items() if part is not None}

    def days_of(self, name: str) -> float:
        """Return the days of traffic that a part stands for."""
        return days_of(self.parts[name]) if self.days is None else self.days[name]


def split_rows(rows: Rows, split: Split) -> DataSplit:
    """Divide rows, which are in order of event time, as their use case declares it.

    Raises
    ------
    TrainingError
        A part has no positives, no negatives, or spans no time.
    """
    return split_in_time(rows, split) if split.by == "time" else split_at_random(rows, split)


def split_in_time(rows: Rows, split: Split) -> DataSplit:
    """Cut rows, which are in order of event time, by their shares.

    Rows of the same event time stay together, so a part may be a few rows larger than its share.

    Raises
    ------
    TrainingError
        A part has no positives, no negatives, or spans no time.
    """
    shares = split.shares
    first = time_border(rows.event_time, split.train)
    second = time_border(rows.event_time, split.train + shares["validation"])
    parts = DataSplit(
        train=rows.take(slice(0, first)),
        validation=rows.take(slice(first, second)),
        test=rows.take(slice(second, len(rows))),
    )
    _check_parts(parts, rows, split)
    return parts


def split_at_random(rows: Rows, split: Split) -> DataSplit:
    """Deal out the rows of each class at random, by their shares.

    A row's place in the draw depends on its id and `random_state` alone: it stays in its part,
    but for a few at the borders, when other rows come.

    Raises
    ------
    TrainingError
        A part has no positives or no negatives, or all rows are of one moment.
    """
    shares = split.shares
    borders = np.cumsum(list(shares.values()))
    drawn = _draw(rows, split.random_state or 0)
    part_of = np.empty(len(rows), np.intp)
    truth = rows.truth
    for one in np.unique(truth):
        own = np.flatnonzero(truth == one)
        own = own[np.argsort(drawn[own], kind="stable")]
        ends = np.round(borders * len(own)).astype(np.intp)
        part_of[own] = np.searchsorted(ends, np.arange(len(own)), side="right")
    parts = {
        name: rows.take(part_of == place)
        for place, (name, share) in enumerate(shares.items())
        if share > 0
    }
    each = days_of(rows) / len(rows) if len(rows) else 0.0
    dealt = DataSplit(
        train=parts["train"],
        validation=parts.get("validation"),
        test=parts["test"],
        global_test=parts.get("global_test"),
        days={name: each * len(part) for name, part in parts.items()},
    )
    _check_parts(dealt, rows, split)
    return dealt


def _draw(rows: Rows, random_state: int) -> NDArray[np.uint64]:
    """Return a number for each row, drawn by its id; of rows that came again the same."""
    import pandas as pd

    firsts = np.array([str(one).partition(AGAIN)[0] for one in rows.row_id], object)
    drawn: NDArray[np.uint64] = pd.util.hash_array(
        firsts, hash_key=f"{random_state:016d}", categorize=False
    )
    return drawn


def never_learned(rows: Rows, split: Split, trained_as_of: datetime) -> Rows:
    """Return the rows that a model has not learned from.

    Parameters
    ----------
    trained_as_of
        Event time of the newest row that it learned from: any later one is new to it. By a split
        at random, so is its test part of older rows.
    """
    later = rows.event_time > moment64(trained_as_of)
    if split.by == "random" and len(rows.take(~later)):
        test = split_at_random(rows.take(~later), split).test
        return rows.take(later | np.isin(rows.row_id, test.row_id))
    return rows.take(later)


def time_border(times: NDArray[np.datetime64], share: float) -> int:
    """Return the position nearest to `share` of the rows that no equal event times straddle."""
    wanted = round(share * len(times))
    if wanted in (0, len(times)):
        return wanted
    left = int(np.searchsorted(times, times[wanted], side="left"))
    right = int(np.searchsorted(times, times[wanted], side="right"))
    return left if wanted - left <= right - wanted else right


def days_of(rows: Rows) -> float:
    """Return the days that rows span, from the first to the last event time."""
    return float((rows.event_time[-1] - rows.event_time[0]) / np.timedelta64(1, "D"))


def _check_parts(split: DataSplit, rows: Rows, declared: Split) -> None:
    for name, part in split.parts.items():
        _check(name, part, rows, declared)


def _check(name: str, part: Rows, rows: Rows, declared: Split) -> None:
    """Check that a part has what training needs of it."""
    counts = {
        word: int((part.label == label).sum())
        for word, label in (("positives", POSITIVE), ("negatives", NEGATIVE))
    }
    lacking = [f"no {word}" for word, count in counts.items() if count == 0]
    if not lacking and days_of(part) == 0:
        lacking = ["only rows of one moment"]
    if lacking:
        positives = int((rows.label == POSITIVE).sum())
        of = "time" if declared.by == "time" else "each class"
        cure = ", or `by: random` where rows have no order" if declared.by == "time" else ""
        msg = (
            f"the {name} part ({declared.shares[name]:.0%} of {of}) has {len(part):,} rows and "
            f"{' and '.join(lacking)}: all {len(rows):,} rows have {positives:,} positives; "
            "wait for more labelled rows, reach further back with `retrain.span`, or change "
            f"the shares under `split`{cure}"
        )
        raise TrainingError(msg)
