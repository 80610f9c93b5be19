"""Proportion: exact tests of one share of rows, such as that of missing values."""

from __future__ import annotations

from math import lgamma

import numpy as np

from monitoring.drift.tails import normal_tail

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
        # The first term, and each next one by its ratio to the one before.
        k = np.arange(found, rows)
        steps = np.log((rows - k) / (k + 1) * (k + a) / (rows - k - 1 + b))
        ways = lgamma(rows + 1) - lgamma(found + 1) - lgamma(rows - found + 1)
        first = ways + _log_beta(found + a, rows - found + b) - _log_beta(a, b)
        return float(np.exp(first + np.cumsum(np.concatenate([[0.0], steps]))).sum())
    share = a / (a + b)
    if share < RARE:
        from scipy.special import betainc

        return float(betainc(found, a, rows / (b + rows)))
    variance = rows * share * (1 - share) * (a + b + rows) / (a + b + 1)
    return float(normal_tail((found - 0.5 - rows * share) / np.sqrt(variance)))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)
