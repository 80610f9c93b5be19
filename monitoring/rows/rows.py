"""Rows of one use case: features, ids, times, labels, amounts and scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from monitoring.rows.window import Window, utc

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray


class Role(StrEnum):
    """Whether a model's score decides, or is only compared."""

    CHAMPION = "champion"
    ARM = "arm"
    """It decides in the champion's place, on a share of the rows."""
    SHADOW = "shadow"


ACTED_ON = (Role.CHAMPION, Role.ARM)
"""The roles of a score that a decision was taken by."""


NEGATIVE, POSITIVE, UNLABELLED = 0, 1, -1

NO_TIME = np.datetime64("NaT", "us")
"""A time that is not there, of the unit of all times: NumPy deprecates one without a unit."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows in order of event time; every array is as long as `features`.

    Attributes
    ----------
    features
        One column per feature, in the use case's order: float64 for numeric, `str` for
        categorical, missing as NaN in both. The index is 0..n-1.
    row_id
        The id of each row (`str`).
    event_time, arrival_time, label_time
        `datetime64[us]`, UTC; NaT in `label_time` where no label has come.
    amount
        Money at stake, float64; None where the use case has none.
    label
        int8: `POSITIVE`, `NEGATIVE` or `UNLABELLED`.
    score
        Calibrated probability of the positive class by `model_version`; None if not scored.
    model_version
        The version that gave `score`.
    true_class
        int8: place of the true class among the target's classes, -1 where no label has come; None
        where the target has two values.
    probabilities
        (rows, classes): probability of each class, by the model that gave `score`, which is the
        sum over the watched ones; NaN where a row has none, None where nothing was scored.
    weight
        Rows that each stands for, where blocking hides the truth of some: 0 of a row that was
        blocked, 1 / probability of one that was let through in its place, 1 of all others. None
        where each stands for itself.
    inputs
        Columns that history features are made of and that are no features; None where there are
        none, and of rows that were read from the store.
    """

    features: pd.DataFrame
    row_id: NDArray[np.str_]
    event_time: NDArray[np.datetime64]
    arrival_time: NDArray[np.datetime64]
    label: NDArray[np.int8]
    label_time: NDArray[np.datetime64]
    amount: NDArray[np.float64] | None = None
    score: NDArray[np.float64] | None = None
    model_version: str | None = None
    true_class: NDArray[np.int8] | None = None
    probabilities: NDArray[np.float64] | None = None
    weight: NDArray[np.float64] | None = None
    inputs: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.features)

    @property
    def truth(self) -> NDArray[np.int8]:
        """What a model learns: the true class where there are more than two, else the label."""
        return self.label if self.true_class is None else self.true_class

    def take(self, index: NDArray[np.intp] | NDArray[np.bool_] | slice) -> Rows:
        """Return the rows at `index` (positions, a mask or a slice)."""
        return replace(
            self,
            features=self.features.iloc[index].reset_index(drop=True),
            row_id=self.row_id[index],
            event_time=self.event_time[index],
            arrival_time=self.arrival_time[index],
            label=self.label[index],
            label_time=self.label_time[index],
            amount=None if self.amount is None else self.amount[index],
            score=None if self.score is None else self.score[index],
            true_class=None if self.true_class is None else self.true_class[index],
            probabilities=None if self.probabilities is None else self.probabilities[index],
            weight=None if self.weight is None else self.weight[index],
            inputs=None if self.inputs is None else self.inputs.iloc[index].reset_index(drop=True),
        )

    def scores_of(self, row_id: NDArray[np.str_]) -> NDArray[np.float64]:
        """Return the scores of rows by their ids; NaN where one is not here, or was not scored."""
        if self.score is None or not len(self):
            return np.full(len(row_id), np.nan)
        place = places_of(row_id, self.row_id)
        return np.where(place >= 0, self.score[place], np.nan)

    def within(self, window: Window) -> Rows:
        """Return the rows whose event time lies in `window`."""
        start, end = moment64(window.start), moment64(window.end)
        return self.take((self.event_time >= start) & (self.event_time < end))

    def as_of(self, moment: datetime) -> Rows:
        """Return what could be known at `moment`: rows arrived by then, labels come by then."""
        limit = moment64(moment)
        known = self.take(self.arrival_time <= limit)
        late = ~(known.label_time <= limit)  # NaT compares false: no label is late too
        label, label_time = known.label.copy(), known.label_time.copy()
        label[late] = UNLABELLED
        label_time[late] = NO_TIME
        true_class = None
        if known.true_class is not None:
            true_class = np.where(late, np.int8(UNLABELLED), known.true_class)
        return replace(known, label=label, label_time=label_time, true_class=true_class)

    @property
    def labelled(self) -> Rows:
        """The rows whose label has come."""
        return self.take(self.label != UNLABELLED)


def moment64(moment: datetime) -> np.datetime64:
    """Return a zoned moment as the `datetime64[us]` in UTC that `Rows` holds.

    Raises
    ------
    InputError
        `moment` has no time zone.
    """
    return np.datetime64(utc(moment).replace(tzinfo=None), "us")


def moment_of(time: np.datetime64) -> datetime:
    """Return a time that `Rows` holds as a zoned moment."""
    moment: datetime = time.astype("datetime64[us]").item()
    return moment.replace(tzinfo=UTC)


def places_of(row_id: NDArray[np.str_], among: NDArray[np.str_]) -> NDArray[np.intp]:
    """Return where each id stands among others, -1 where it does not: (rows,)."""
    if len(among) == 0:
        return np.full(len(row_id), -1, np.intp)
    order = np.argsort(among)
    ids = among[order]
    place = np.minimum(np.searchsorted(ids, row_id), len(ids) - 1)
    return np.where(ids[place] == row_id, order[place], -1)


def dealt_out(rows: Rows, order: NDArray[np.intp]) -> Rows:
    """Return the rows in another order over the same event times, each with its own delays."""
    dealt = rows.take(order)
    later = rows.event_time - dealt.event_time
    return replace(
        dealt,
        event_time=rows.event_time,
        arrival_time=dealt.arrival_time + later,
        label_time=dealt.label_time + later,
    )


T = TypeVar("T", bound=np.generic)


def together(parts: Sequence[Rows]) -> Rows:
    """Return the rows of at least one part, part after part; scores are of one version.

    Amounts or scores that a part does not have, the whole does not have.
    """
    import pandas as pd

    if len(parts) == 1:
        return parts[0]
    return Rows(
        features=pd.concat([part.features for part in parts], ignore_index=True),
        row_id=np.concatenate([part.row_id for part in parts]),
        event_time=np.concatenate([part.event_time for part in parts]),
        arrival_time=np.concatenate([part.arrival_time for part in parts]),
        label=np.concatenate([part.label for part in parts]),
        label_time=np.concatenate([part.label_time for part in parts]),
        amount=_all_or_none([part.amount for part in parts]),
        score=_all_or_none([part.score for part in parts]),
        model_version=parts[0].model_version,
        true_class=_all_or_none([part.true_class for part in parts]),
        probabilities=_all_or_none([part.probabilities for part in parts]),
        weight=_weights(parts),
    )


def _weights(parts: Sequence[Rows]) -> NDArray[np.float64] | None:
    if all(part.weight is None for part in parts):
        return None
    return np.concatenate(
        [np.ones(len(part)) if part.weight is None else part.weight for part in parts]
    )


def _all_or_none(parts: Sequence[NDArray[T] | None]) -> NDArray[T] | None:
    there = [part for part in parts if part is not None]
    return np.concatenate(there) if len(there) == len(parts) else None


def combined(history: Rows, production: Rows) -> Rows:
    """Return both, in order of event time; a row that is in both is taken from production.

    Scores are left out: they come from models of different versions.
    """
    again = np.isin(history.row_id, production.row_id)
    old = history.take(~again)
    if len(old) == 0 or len(production) == 0:
        rows = production if len(old) == 0 else old
    else:
        both = together((old, production))
        rows = both.take(np.argsort(both.event_time, kind="stable"))
    return replace(rows, score=None, model_version=None, probabilities=None)
