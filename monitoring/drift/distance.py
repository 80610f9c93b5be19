"""Distance: how far a window lies from its baseline, less what chance alone gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy
from scipy.stats import chi2

from monitoring.drift.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHANCE = 0.999
"""Windows without drift of which the corrected distance is 0."""


def jensen_shannon(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    """Return the Jensen-Shannon divergence of two distributions, in bits: 0 to 1.

    Its square root is the distance. Lin, "Divergence measures based on the Shannon entropy",
    IEEE Transactions on Information Theory 37 (1991).
    """
    middle = (p + q) / 2
    nats = (xlogy(p, p) + xlogy(q, q)) / 2 - xlogy(middle, middle)
    return float(np.clip(nats.sum() / np.log(2), 0, 1))


def effect(table: Table) -> float:
    """Return the distance of window and baseline less what chance gives, 0 to 1.

    Divergences add up where distances don't, so chance is taken off the divergence: of windows
    without drift one in a thousand has more than 0. For tables as filled as these the divergence
    of two samples of one distribution is chi-square / (8 ln 2) x (1/rows + 1/reference rows).
    """
    if table.rows == 0:
        return 0.0
    expected = np.array([table.missing_expected, *table.expected, 0.0])
    found = np.array([table.missing, *table.found, table.unseen])
    divergence = jensen_shannon(expected / expected.sum(), found / found.sum())
    cells = np.count_nonzero(expected + found)
    noise = 1 / table.rows + 1 / table.rows_expected
    chance = float(chi2.ppf(CHANCE, max(cells - 1, 1))) * noise / (8 * np.log(2))
    return float(np.sqrt(max(divergence - chance, 0.0)))
