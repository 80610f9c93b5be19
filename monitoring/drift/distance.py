"""Distance: how far a window lies from its baseline, and how much of that is chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the Jensen-Shannon divergence of distributions along the last axis, in bits: 0 to 1.

    Its square root is the distance. Lin, "Divergence measures based on the Shannon entropy",
    IEEE Transactions on Information Theory 37 (1991).
    """
    middle = (p + q) / 2
    nats = (_p_log_p(p) + _p_log_p(q)) / 2 - _p_log_p(middle)
    return np.asarray(np.clip(nats.sum(axis=-1) / np.log(2), 0, 1))


def _p_log_p(p: NDArray[np.float64]) -> NDArray[np.float64]:
    return p * np.log(np.where(p > 0, p, 1))


@dataclass(frozen=True)
class Divergence:
    """How far a window lies from its baseline, in bits, and how far chance alone takes it.

    Attributes
    ----------
    value
        Jensen-Shannon divergence found.
    chance, chance_spread
        Mean and standard deviation of it without drift.
    """

    value: float
    chance: float
    chance_spread: float

    @property
    def excess(self) -> float:
        """What is left after chance; below 0 where the window is more alike than chance has it."""
        return self.value - self.chance

    @property
    def effect(self) -> float:
        """The distance less what chance gives, 0 to 1.

        Chance is taken off the divergence, the square of the distance: divergences add up.
        """
        return float(np.sqrt(max(self.excess, 0.0)))


def divergence(table: Table) -> Divergence:
    """Return how far the window of a table lies from its baseline.

    Without drift the divergence of two samples tends to chi-square x (1/rows + 1/reference
    rows) / (8 ln 2), with one degree of freedom less than there are cells.
    """
    if table.rows == 0:
        return Divergence(0.0, 0.0, 0.0)
    # Where unseen categories are to be expected, the reference counts as many rows as other.
    unseen = min(table.unseen_share * float(table.expected.sum()), float(table.expected[-1]))
    expected = np.array([table.missing_expected, *table.expected, unseen])
    expected[-2] -= unseen
    found = np.array([table.missing, *table.found, table.unseen])
    freedom = np.count_nonzero(expected + found) - 1
    unit = (1 / table.rows + 1 / table.rows_expected) / (8 * np.log(2))
    return Divergence(
        value=float(jensen_shannon(expected / expected.sum(), found / found.sum())),
        chance=float(freedom * unit),
        chance_spread=float(np.sqrt(2 * freedom) * unit),
    )
