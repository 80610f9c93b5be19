"""Proportion: exact tests of one share of rows, such as that of missing values."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, betaln, gammaln, ndtr

EXACT_ROWS = 5000
"""Rows up to which tails are summed term by term."""

RARE = 0.05
"""Share below which, with more rows, the count is taken as Poisson of a gamma mean."""


def proportion_p_value(found: int, rows: int, expected: float, reference: float) -> float:
    """Return the two-sided p-value of `found` of `rows` where the reference had `expected`.

    Twice the smaller tail of Fisher's exact test, written as a beta-binomial so that the
    reference's rows need not be whole numbers.
    """
    if 2 * expected > reference:
        found, expected = rows - found, reference - expected
    above = _tail_from(found, rows, expected + 1, reference - expected)
    below = (
        1.0
        if expected <= 0
        else 1 - _tail_from(found + 1, rows, expected, reference - expected + 1)
    )
    return float(np.clip(2 * min(above, below), 0, 1))


def unseen_p_value(found: int, rows: int, *, share: float, shape: float) -> float:
    """Return the p-value of `found` or more rows of categories that the reference lacks.

    Parameters
    ----------
    share, shape
        Mean and first parameter of the Beta distribution of their share without drift.
    """
    return _tail_from(found, rows, shape, shape / share - shape) if found else 1.0


def _tail_from(found: int, rows: int, a: float, b: float) -> float:
    """Return the probability of `found` or more of `rows`, their share being Beta(a, b)."""
    if found <= 0:
        return 1.0
    if found > rows:
        return 0.0
    if rows <= EXACT_ROWS:
        k = np.arange(found, rows + 1)
        ways = gammaln(rows + 1) - gammaln(k + 1) - gammaln(rows - k + 1)
        return float(np.exp(ways + betaln(k + a, rows - k + b) - betaln(a, b)).sum())
    share = a / (a + b)
    if share < RARE:
        return float(betainc(found, a, rows / (b + rows)))
    variance = rows * share * (1 - share) * (a + b + rows) / (a + b + 1)
    return float(ndtr(-(found - 0.5 - rows * share) / np.sqrt(variance)))
