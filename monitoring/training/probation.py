"""Probation: whether its own time proves a new champion dearer than the version before it."""

from __future__ import annotations

from dataclasses import dataclass
from math import log, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.performance.paired_comparison import RowOutcomes

ERROR = 0.05
"""Share of champions no dearer than the version before that are taken back all the same, however
often one looks."""

CUT = 0.9
"""Quantile at which differences of rows are cut: one large amount proves nothing by itself, and
hides nothing that the others prove."""

TIGHTEST = 4000
"""Rows at which the bound is the tightest: those of the first days are to decide."""


@dataclass(frozen=True)
class Proof:
    """What the rows that both versions decided on say of the new champion.

    Attributes
    ----------
    rows, positives
        Labelled rows whose cost is known under both.
    new_cost, old_cost
        Mean cost per row, in the use case's currency.
    at_least
        What the new one costs more per row, at least: a bound that holds at every look together.
    """

    rows: int
    positives: int
    new_cost: float
    old_cost: float
    at_least: float

    @property
    def worse(self) -> bool:
        """Whether the new champion is proved dearer than the version before it."""
        return self.at_least > 0


def proof(
    new: RowOutcomes,
    old: RowOutcomes,
    positive: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
) -> Proof | None:
    """Compare both versions on rows of the new one's own time; None where none can be priced.

    The bound is an asymptotic confidence sequence for the mean of the rows' differences
    (Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas, 2021, the one-sided form), the largest of them
    cut: it may be looked at each day, and stopped at, without more false proofs than `ERROR`.

    Parameters
    ----------
    new, old
        Of the same rows, in the same order.
    positive
        (rows,).
    weight
        (rows,): rows that each stands for, where blocking hides the truth of some; 1 if unset.
    """
    priced = ~np.isnan(new.cost) & ~np.isnan(old.cost)
    rows = int(priced.sum())
    if rows == 0:
        return None
    stands_for = np.ones(rows) if weight is None else weight[priced]
    scale = stands_for / stands_for.mean()
    more = _cut((new.cost[priced] - old.cost[priced]) * scale)
    return Proof(
        rows=rows,
        positives=int(positive[priced].sum()),
        new_cost=float((new.cost[priced] * scale).mean()),
        old_cost=float((old.cost[priced] * scale).mean()),
        at_least=float(more.mean() - more.std() * _reach(rows)),
    )


def _cut(differences: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return differences cut at the `CUT` quantile of the size of those that are not 0."""
    sizes = np.abs(differences[differences != 0])
    if len(sizes) == 0:
        return differences
    most = float(np.quantile(sizes, CUT))
    return np.clip(differences, -most, most)


def _reach(rows: int) -> float:
    """Return the standard deviations from a mean to the bound below it, after so many rows."""
    tail = -2 * log(2 * ERROR)
    variance = (tail + log(tail + 1)) / TIGHTEST
    spread = rows * variance + 1
    return sqrt(2 * spread / (rows**2 * variance) * log(1 + sqrt(spread) / (2 * ERROR)))
