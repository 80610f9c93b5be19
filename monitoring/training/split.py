"""The split of rows into train, validation and test parts: in time, or stratified at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from monitoring.rows.rows import NEGATIVE, POSITIVE, Rows, moment64, together
from monitoring.training import TrainingError
from monitoring.use_case_split import Split
from monitoring.wording import several

AGAIN = "~again"
"""What follows, in the id of a row that was replayed more than once, the id of the first."""


@dataclass(frozen=True, eq=False)
class DataSplit:
    """Rows in parts; each is in order of event time.

    Attributes
    ----------
    train
        Search; what scores the validation part learns from it.
    validation
        The threshold that the test part is judged by; None where it is chosen by cross-validation
        of the train part.
    test
        The figures of a version: scored by what learned from the parts before it.
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

    @property
    def before_test(self) -> Rows:
        """Train and validation part, in order of event time."""
        return _in_order([self.train, self.validation])

    @property
    def learned(self) -> Rows:
        """What the model that serves learns from, in order of event time."""
        return _in_order([self.train, self.validation, self.test])

    def days_of(self, name: str) -> float:
        """Return the days of traffic that a part stands for."""
        return days_of(self.parts[name]) if self.days is None else self.days[name]


def _in_order(parts: Sequence[Rows | None]) -> Rows:
    rows = together([part for part in parts if part is not None])
    return rows.take(np.argsort(rows.event_time, kind="stable"))


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


def _draw(rows: Rows, random_state: int, purpose: str = "") -> NDArray[np.uint64]:
    """Return a number for each row, drawn by its id; of rows that came again the same."""
    import pandas as pd

    firsts = np.array([str(one).partition(AGAIN)[0] for one in rows.row_id], object)
    drawn: NDArray[np.uint64] = pd.util.hash_array(
        firsts, hash_key=f"{purpose}{random_state:0{16 - len(purpose)}d}", categorize=False
    )
    return drawn


def is_held_back(rows: Rows, split: Split, share: float) -> NDArray[np.bool_]:
    """Return which rows of a source are held back from training, as `TOCSIN_HOLD_BACK` asks.

    Parameters
    ----------
    rows
        All of the source, in order of event time.
    share
        Of them, the newest; by a split at random those that a draw by id and `random_state`
        hits, so that a row stays where it is when others come.
    """
    if split.by == "time":
        return np.arange(len(rows)) >= time_border(rows.event_time, 1 - share)
    drawn = _draw(rows, split.random_state or 0, "held")
    return drawn < np.float64(share) * 2.0**64


def never_learned(rows: Rows, split: Split, trained_as_of: datetime, held_back: float) -> Rows:
    """Return the rows of a source that a model has not learned from.

    Parameters
    ----------
    trained_as_of
        Event time of the newest row that it learned from: any later one is new to it.
    held_back
        The share that was held back from it: by a split at random these rows are new to it, and
        so is its `global_test`.
    """
    new = rows.event_time > moment64(trained_as_of)
    if split.by == "random" and not new.all():
        new[~new] = is_set_aside(rows.take(~new), split, held_back)
    return rows.take(new)


def is_set_aside(rows: Rows, split: Split, held_back: float) -> NDArray[np.bool_]:
    """Return which rows of a source no training learns from: held back, or of its `global_test`."""
    aside = is_held_back(rows, split, held_back)
    if split.global_test:
        rest = split_at_random(rows.take(~aside), split).global_test
        assert rest is not None  # noqa: S101  # nosec B101 # such a part is declared
        aside |= np.isin(rows.row_id, rest.row_id)
    return aside


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
            f"the {name} part ({declared.shares[name]:.0%} of {of}) has "
            f"{several(len(part), 'row')} and {' and '.join(lacking)}; all parts together have "
            f"{several(len(rows), 'row')} with {several(positives, 'positive')}: "
            "wait for more labelled rows, reach further back with `retrain.span`, or change "
            f"the shares under `split`{cure}"
        )
        raise TrainingError(msg)
