"""Estimated figures by class of rows whose labels have not come.

As the estimate of a binary model (`monitoring.performance.estimate`): where class probabilities
hold, their sums over the rows decided to be of one class are the rows of each true class expected
among these. What labelled rows show beside the promises corrects them, decided class by decided
class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.class_scorecard import CostMatrix, cost_of
from monitoring.performance.intervals import UNDEFINED, Ratio, equivalent_rows, f1_of, wilson
from monitoring.performance.scorecard import CardStatus
from monitoring.summary.class_counts import merge_classes
from monitoring.summary.types import ClassCounts

Floats = NDArray[np.float64]

_UNKNOWN_SHARE = 0.05
"""Share of the window in classes that no labelled row was decided to be, up to which it is
estimated."""

_SURE = 0.001
"""Probability of so large a miss by chance, below which promises are proved wrong."""

_FEWEST = 5.0
"""Rows expected in a cell, from which its miss is tested."""


@dataclass(frozen=True)
class EstimatedClass:
    """One class against the rest.

    Attributes
    ----------
    rows
        Expected to be of the class.
    decided
        Decided to be.
    """

    name: str
    watched: bool
    rows: float
    decided: int
    recall: Ratio
    precision: Ratio
    f1: Ratio


@dataclass(frozen=True)
class ClassEstimate:
    """The figures by class that class probabilities promise for rows without labels.

    Attributes
    ----------
    cost
        Expected, by the use case's cost matrix; None without one.
    """

    status: CardStatus
    rows: int
    classes: tuple[EstimatedClass, ...]
    macro_f1: float | None = None
    cost: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain values, for JSON."""
        return asdict(self)


def class_estimate(
    window: ClassCounts, known: Sequence[ClassCounts], *, costs: CostMatrix | None = None
) -> ClassEstimate:
    """Estimate the figures by class of a window without looking at its labels.

    Parameters
    ----------
    window
        Its rows, labelled or not; labels that have come are not used.
    known
        Of labelled rows that the model was not trained on, oldest first: its validation rows,
        then windows whose labels have come. They correct what the probabilities promise.

    Returns
    -------
    ClassEstimate
        `not calibrated`, without figures, where nothing known has labels, where much of the
        window was decided to be what no labelled row was, or where the newest labels prove wrong
        what the ones before had corrected.
    """
    decided = window.rows.sum(axis=1)
    rows = int(decided.sum())
    if rows == 0:
        return ClassEstimate(CardStatus.NO_ROWS, 0, ())
    labelled = [part for part in known if part.rows[:, :-1].sum()]
    if not _is_calibrated(decided, labelled):
        return ClassEstimate(CardStatus.NOT_CALIBRATED, rows, ())
    promised, variance = window.probability.sum(axis=0), window.variance.sum(axis=0)
    cells = _Cells.of(promised, variance, decided, merge_classes(labelled))
    classes = tuple(_class(window, cells, place) for place in range(len(window.names)))
    values = [one.f1.value or 0.0 for one in classes if one.rows > 0 or one.decided]
    return ClassEstimate(
        status=CardStatus.JUDGED,
        rows=rows,
        classes=classes,
        macro_f1=float(np.mean(values)),
        cost=None if costs is None else cost_of(cells.expected, window.names, costs),
    )


@dataclass(frozen=True, eq=False)
class _Cells:
    """Rows expected by decided and true class, (classes, classes), and the variance of each.

    Attributes
    ----------
    chance, doubt
        Variance by chance in the labels to come, and by what the known ones leave unsure.
    """

    decided: NDArray[np.int64]
    expected: Floats
    chance: Floats
    doubt: Floats

    @property
    def variance(self) -> Floats:
        return self.chance + self.doubt

    @classmethod
    def of(
        cls, promised: Floats, variance: Floats, decided: NDArray[np.int64], known: ClassCounts
    ) -> _Cells:
        """Correct promises by what labelled rows of the same decided class showed.

        A decided class's shares are those of its labelled rows, smoothed by as many rows of what
        was promised as there are classes.
        """
        size = len(decided)
        shown, told = known.rows[:, :-1].astype(np.float64), known.probability[0]
        rows = shown.sum(axis=1, keepdims=True)
        shares = told / np.maximum(rows, 1)
        smoothed = (shown + size * shares) / (rows + size)
        factor = np.divide(smoothed, shares, out=np.ones_like(shares), where=shares > 0)
        factor[rows[:, 0] == 0] = 1.0
        raw = promised * factor
        whole = raw.sum(axis=1, keepdims=True)
        expected = np.divide(raw * decided[:, None], whole, out=np.zeros_like(raw), where=whole > 0)
        doubt = expected**2 * (1 - smoothed) / np.maximum(smoothed * (rows + size), 1e-9)
        return cls(decided, expected, variance * factor, doubt)


def _is_calibrated(decided: NDArray[np.int64], known: Sequence[ClassCounts]) -> bool:
    """Whether known labels reach the window's decisions, and the newest bear out the others."""
    if not known:
        return False
    rows = merge_classes(known).rows[:, :-1].sum(axis=1)
    if decided[rows == 0].sum() > _UNKNOWN_SHARE * decided.sum():
        return False
    return len(known) == 1 or _bears_out(known[-1], merge_classes(known[:-1]))


def _bears_out(newest: ClassCounts, before: ClassCounts) -> bool:
    """Whether labelled rows are what the ones before would have had expected, within chance."""
    from scipy.stats import chi2

    shown = newest.rows[:, :-1].astype(np.float64)
    told = newest.probability[0]
    rows = newest.rows[:, :-1].sum(axis=1)
    cells = _Cells.of(told, newest.variance[0], rows, before)
    tested = cells.expected >= _FEWEST
    if not tested.any():
        return True
    # Pearson's: by the rows expected, for the cells of one decided class are not independent.
    misses = (shown - cells.expected)[tested] ** 2 / (cells.expected + cells.doubt)[tested]
    freedom = max(int(tested.sum()) - int(tested.any(axis=1).sum()), 1)
    return bool(chi2.sf(misses.sum(), freedom) >= _SURE)


def _class(window: ClassCounts, cells: _Cells, place: int) -> EstimatedClass:
    right = float(cells.expected[place, place])
    lost = float(cells.expected[:, place].sum()) - right
    of_right = float(cells.variance[place, place])
    of_lost = float(cells.variance[:, place].sum()) - of_right
    decided = int(cells.decided[place])
    return EstimatedClass(
        name=window.names[place],
        watched=window.names[place] in window.watched,
        rows=right + lost,
        decided=decided,
        recall=_share(right, lost, of_right, of_lost),
        precision=_of_known(right, of_right, decided),
        f1=_f1(right, lost, of_right, of_lost, decided),
    )


def _share(right: float, lost: float, of_right: float, of_lost: float) -> Ratio:
    """Return right / (right + lost), by the delta method."""
    total = right + lost
    if total <= 0:
        return UNDEFINED
    value = min(right / total, 1.0)
    variance = ((1 - value) ** 2 * of_right + value**2 * of_lost) / total**2
    return wilson(value, equivalent_rows(value, variance))


def _of_known(right: float, of_right: float, decided: int) -> Ratio:
    if decided == 0:
        return UNDEFINED
    value = min(right / decided, 1.0)
    return wilson(value, equivalent_rows(value, of_right / decided**2))


def _f1(right: float, lost: float, of_right: float, of_lost: float, decided: int) -> Ratio:
    """Return F1 by way of J = right / (decided + lost), as for a scorecard."""
    whole = decided + lost
    if whole <= 0:
        return UNDEFINED
    value = min(right / whole, 1.0)
    variance = (of_right + value**2 * of_lost) / whole**2
    share = wilson(value, equivalent_rows(value, variance))
    if share.low is None or share.high is None:
        return UNDEFINED
    return Ratio(f1_of(value), f1_of(share.low), f1_of(share.high))
