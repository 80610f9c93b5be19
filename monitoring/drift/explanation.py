"""Explanations: which shares of a feature's values moved, as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import value_order
from monitoring.drift.statistics import jensen_shannon
from monitoring.summary.types import FeatureBins, FeatureKind, FeatureSummary
from monitoring.wording import shortened

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.drift.baseline import Baseline


SECOND = 0.5
"""A second move is named where it is worth at least this part of the first."""


LETTERS = 40
"""Letters of a category's name that are shown."""


@dataclass(frozen=True)
class Move:
    """A share of rows that is another in the window than in the reference."""

    what: str
    before: float
    now: float

    @property
    def size(self) -> float:
        """How far this share alone sets window and reference apart, in bits."""
        return float(_divergences(np.array(self.before), np.array(self.now)))

    def __str__(self) -> str:
        digits = next((d for d in range(4) if f"{self.before:.{d}%}" != f"{self.now:.{d}%}"), 0)
        return f"{self.what}{self.before:.{digits}%} -> {self.now:.{digits}%}"


def reason(bins: FeatureBins, baseline: Baseline, window: FeatureSummary) -> str:
    """Say which one or two shares moved most; empty where the window holds no rows.

    The share of missing values is one of all rows, any other one of the values that are there.
    """
    rows = int(window.counts.sum())
    if rows == 0:
        return ""
    before, now = baseline.shares, window.counts / rows
    moves = [Move("missing ", float(before[0]), float(now[0]))]
    if before[0] < 1 and now[0] < 1:
        before, now = before / (1 - before[0]), now / (1 - now[0])
        if bins.kind is FeatureKind.NUMERIC:
            moves.append(_range_moved(bins, before, now))
        else:
            moves += _categories_moved(bins, before, now, window)
    moves.sort(key=lambda move: move.size, reverse=True)
    shown = [move for move in moves[:2] if 0 < move.size >= SECOND * moves[0].size]
    return "; ".join([*map(str, shown), *_outliers(window)])


def missing_moved(baseline: Baseline, window: FeatureSummary) -> str:
    """Say how the share of missing values moved; empty where it is the same."""
    rows = int(window.counts.sum())
    now = float(window.counts[0]) / rows if rows else 0.0
    move = Move("missing ", float(baseline.shares[0]), now)
    return str(move) if rows and move.size > 0 else ""


def _divergences(before: NDArray[np.float64], now: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each share, before and now, sets window and reference apart, in bits."""
    return jensen_shannon(np.stack([before, 1 - before], -1), np.stack([now, 1 - now], -1))


def _range_moved(bins: FeatureBins, before: NDArray[np.float64], now: NDArray[np.float64]) -> Move:
    """Return the one range of values whose share sets window and reference apart most."""
    order = value_order(bins)
    up_to = np.zeros((2, len(order) + 1))
    up_to[:, 1:] = np.cumsum([before[order], now[order]], axis=1)
    first, last = np.triu_indices(len(order) + 1, 1)
    shares = np.clip(up_to[:, last] - up_to[:, first], 0, 1)
    sizes = _divergences(*shares) - 1e-9 * (last - first)  # of equals, the shortest range
    if len(order) > 1:
        sizes[last - first == len(order)] = -1  # all values there are: that can't move
    most = int(np.argmax(sizes))
    members = [int(index) for index in order[first[most] : last[most]]]
    return Move(_range_words(bins, members), float(shares[0, most]), float(shares[1, most]))


def _range_words(bins: FeatureBins, members: list[int]) -> str:
    """Name the range that the neighbouring bins `members` make."""
    heavy = len(bins.heavy)
    if not bins.edges and not heavy:
        return "any value: "
    if len(members) == 1 and members[0] <= heavy:
        return f"{bins.spelled(bins.heavy[members[0] - 1])}: "
    low, high = _limits(bins, members[0])[0], _limits(bins, members[-1])[1]
    if low == -np.inf:
        up_to = "<=" if members[-1] <= heavy or high not in bins.heavy else "<"
        return f"{up_to} {bins.spelled(high)}: "
    above = ">=" if members[0] <= heavy else ">"
    if high == np.inf:
        return f"{above} {bins.spelled(low)}: "
    return f"{bins.spelled(low)} to {bins.spelled(high)}: "


def _limits(bins: FeatureBins, index: int) -> tuple[float, float]:
    """Return where the bin at `index` begins and ends."""
    heavy = len(bins.heavy)
    if index <= heavy:
        return bins.heavy[index - 1], bins.heavy[index - 1]
    ends = (-np.inf, *bins.edges, np.inf)
    return ends[index - heavy - 1], ends[index - heavy]


def _categories_moved(
    bins: FeatureBins,
    before: NDArray[np.float64],
    now: NDArray[np.float64],
    window: FeatureSummary,
) -> list[Move]:
    names = [*(f"{_quoted(name)}: " for name in bins.categories), "rare categories: "]
    moves = [
        Move(name, float(before[index]), float(now[index]))
        for index, name in enumerate(names, start=1)
    ]
    if now[-1] > 0:
        moves.append(Move(_unseen_words(window), float(before[-1]), float(now[-1])))
    return moves


def _unseen_words(window: FeatureSummary) -> str:
    most = sorted(window.unseen, key=lambda name: (-window.unseen[name], name))
    if len(most) == 1:
        return f"new category {_quoted(most[0])}: "
    more = ", ..." if len(most) > 3 else ""
    named = ", ".join(map(_quoted, most[:3]))
    return f"new categories {named}{more}: "


def _quoted(name: str) -> str:
    return f'"{shortened(name, LETTERS)}"'


def _outliers(window: FeatureSummary) -> list[str]:
    outside = window.below + window.above
    if not outside:
        return []
    side = "outside" if window.below and window.above else "below" if window.below else "above"
    values = "value" if outside == 1 else "values"
    return [f"{outside} {values} far {side} the reference's range"]
