"""Serving skew: rows whose stored values do not give back the score that they were served with.

The model saw other values in service than a retrain would learn from: a feature that is scaled
otherwise where rows are logged, one that turned constant there, one that is known only afterwards.
Or it never saw the row: copies under other ids. What is learned from such rows does not hold in
service.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitoring.rows.rows import POSITIVE
from monitoring.wording import several

if TYPE_CHECKING:
    from datetime import timedelta

    from numpy.typing import NDArray

    from monitoring.rows.rows import Rows

APART, LOG_ODDS_APART = 1e-3, 1e-2
"""Two scores of one row are unlike where they lie further apart than both: as probabilities, so
that scores may be rounded to three digits, and as log-odds, so that numerics may differ."""

MOST, FEWEST = 0.05, 3
"""Share of unlike rows above which a window is skewed, and how many there must be at least."""

NEARLY_ALL, TOO_FEW = 0.95, 0.9
"""Where the median window has at least the first share of its rows decided on, rows that nobody
decided on are left out of windows with less than the second."""

_EXTREME = 1e-9


@dataclass(frozen=True)
class Skew:
    """How many rows were served with other values than are stored.

    Attributes
    ----------
    checked
        Rows whose score was given by a model that can score them again.
    unlike
        Those of them whose stored values give another score.
    left_out
        Rows that a retrain must not learn from: the unlike ones, all of skewed windows, and those
        never served.
    never_served
        Rows that no version decided on, in windows where too many are such.
    """

    checked: int
    unlike: int
    left_out: int
    never_served: int = 0

    @property
    def share(self) -> float | None:
        """Share of unlike rows; None where none was checked."""
        return self.unlike / self.checked if self.checked else None

    @property
    def skewed(self) -> bool:
        """Whether there are too many of them for chance."""
        return bool(_too_many(self.unlike, self.checked))

    @property
    def sentence(self) -> str:
        """Return it as a clause."""
        unlike = (
            f"the stored values of {self.unlike:,} of {several(self.checked, 'served row')} do "
            "not give back the score they were served with"
        )
        if not self.never_served:
            return unlike
        others = f"no version decided on {self.never_served:,}"
        return f"{others}, and {unlike}" if self.unlike else others


NONE_CHECKED = Skew(checked=0, unlike=0, left_out=0)


def unlike_scores(served: NDArray[np.float64], again: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return where a row's stored values give another score than it was served with.

    Parameters
    ----------
    served, again
        (rows,): probabilities of the positive class; NaN where there is none, which is never
        unlike.
    """
    apart = np.abs(served - again)
    log_odds_apart = np.abs(log_odds(served, _EXTREME) - log_odds(again, _EXTREME))
    unlike: NDArray[np.bool_] = (apart > APART) & (log_odds_apart > LOG_ODDS_APART)
    return unlike


def skewed_rows(
    rows: Rows,
    served: NDArray[np.float64],
    again: NDArray[np.float64],
    window: timedelta,
) -> tuple[NDArray[np.bool_], Skew]:
    """Return which rows a retrain must not learn from, and their numbers.

    In a window of which more than `MOST` are unlike, of all rows or of the positive ones, the
    others are left out too: a score that is the same by chance, as of a tree whose split lies
    elsewhere, does not make a broken value right. Where nearly all rows are decided on, in the
    median of the windows with any such row, rows that no version decided on are left out of a
    window with many of them: they are no traffic.

    Parameters
    ----------
    served, again
        (rows,): see `unlike_scores`; a row that no version decided on has no served score.
    window
        Length of the windows, counted from 1970.
    """
    unlike = unlike_scores(served, again)
    compared = ~np.isnan(served) & ~np.isnan(again)
    since = rows.event_time - np.datetime64(0, "us")
    _, place = np.unique(since // np.timedelta64(window), return_inverse=True)
    never_served = _never_served(np.isnan(served), place)
    left_out = unlike | never_served
    for of in (compared, compared & (rows.label == POSITIVE)):
        left_out |= _too_many(np.bincount(place, unlike & of), np.bincount(place, of))[place]
    counts = (int(of.sum()) for of in (compared, unlike, left_out, never_served))
    return left_out, Skew(*counts)


def _too_many(unlike: NDArray[np.int_] | int, checked: NDArray[np.int_] | int) -> NDArray[np.bool_]:
    """Return where there are more unlike rows than chance makes."""
    return np.logical_and(np.greater_equal(unlike, FEWEST), np.greater(unlike, MOST * checked))


def _never_served(unserved: NDArray[np.bool_], place: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return the rows without a decision of windows that have too many of them."""
    share = 1 - np.bincount(place, unserved) / np.maximum(np.bincount(place), 1)
    in_service = share[share > 0]
    if len(in_service) == 0 or np.median(in_service) < NEARLY_ALL:
        return np.zeros(len(unserved), np.bool_)
    return unserved & ((share > 0) & (share < TOO_FEW))[place]


def log_odds(score: NDArray[np.float64], extreme: float) -> NDArray[np.float64]:
    """Return the log-odds of probabilities, each taken to be as far as `extreme` from 0 and 1."""
    inside = np.clip(score, extreme, 1 - extreme)
    odds: NDArray[np.float64] = np.log(inside / (1 - inside))
    return odds
