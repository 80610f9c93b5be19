"""Significance: how often chance alone gives a window this unlike its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import xlogy
from scipy.stats import betabinom, chi2, nbinom, norm

from monitoring.drift.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT_ROWS = 5000
"""Rows up to which tails of proportions are summed term by term."""


def table_p_value(table: Table, *, once: int = 0, twice: int = 0) -> float:
    """Return the p-value of window and baseline being samples of one distribution.

    Missing values, unseen categories and the spread over values are tested apart, each by the
    test that fits it, and the smallest p-value is corrected for having been picked (Sidak).

    Parameters
    ----------
    once, twice
        Categories of the reference that it holds just once, just twice.
    """
    p_values = []
    if table.missing_expected + table.missing > 0:
        p_values.append(
            proportion_p_value(
                table.missing, table.rows, table.missing_expected, table.rows_expected
            )
        )
    present = table.rows - table.missing
    known = table.rows_expected - table.missing_expected
    if table.unseen > 0:
        p_values.append(unseen_p_value(table.unseen, present, known, once=once, twice=twice))
    if len(table.expected) > 1 and table.found.sum():
        p_values.append(spread_p_value(table.expected, table.found))
    if not p_values:
        return 1.0
    return float(-np.expm1(len(p_values) * np.log1p(-min(*p_values, 1.0))))


def spread_p_value(expected: NDArray[np.float64], found: NDArray[np.int64]) -> float:
    """Return the p-value of the likelihood-ratio (G) test of two samples over the same cells."""
    both = expected + found
    rows, reference = found.sum(), expected.sum()
    log_ratio = (xlogy(found, found) + xlogy(expected, expected) - xlogy(both, both)).sum() - (
        xlogy(rows, rows) + xlogy(reference, reference) - xlogy(rows + reference, rows + reference)
    )
    return float(chi2.sf(2 * log_ratio, len(expected) - 1))


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


def unseen_p_value(found: int, rows: int, reference: float, *, once: int, twice: int) -> float:
    """Return the p-value of `found` or more rows of categories that the reference lacks.

    The share of unseen categories to expect is Good and Turing's, once / reference, and its
    variance (once + 2 twice) / reference^2; one is added to `once`, so that a reference without
    rare categories still leaves room for one. Good, "The population frequencies of species",
    Biometrika 40 (1953).
    """
    a = (once + 1) ** 2 / (once + 2 * twice + 1)
    share = (once + 1) / (reference + 1)
    return _tail_from(found, rows, a, a / share - a)


def benjamini_hochberg(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return q-values: the false discovery rate at which each p-value would be called.

    Benjamini and Hochberg, "Controlling the false discovery rate", JRSS B 57 (1995).
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return q


def _tail_from(found: int, rows: int, a: float, b: float) -> float:
    """Return the probability of `found` or more of `rows`, their share being Beta(a, b)."""
    if found <= 0:
        return 1.0
    if found > rows:
        return 0.0
    if rows <= EXACT_ROWS:
        return float(betabinom.pmf(np.arange(found, rows + 1), rows, a, b).sum())
    share = a / (a + b)
    if share < 0.05:  # rare among many: Poisson with a gamma-distributed mean
        return float(nbinom.sf(found - 1, a, b / (b + rows)))
    variance = rows * share * (1 - share) * (a + b + rows) / (a + b + 1)
    return float(norm.sf((found - 0.5 - rows * share) / np.sqrt(variance)))
