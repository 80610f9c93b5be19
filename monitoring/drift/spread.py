"""Spread: whether a window's known values lie as the reference's do, at any number of rows."""

from __future__ import annotations

import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.picked import picked_p_value
from monitoring.drift.tails import chi_square_tail, normal_tail

if TYPE_CHECKING:
    from numpy.typing import NDArray

SMALL = 25.0
"""Rows expected in the emptiest cell below which the null is simulated, not assumed."""

SIMULATIONS = ((2_000, 20), (20_000, 10))
"""Windows to simulate, and how many of them at least as extreme make their number the p-value.

The second number of windows is simulated only where the first was too few."""

INTERESTING = 0.05
"""P-values above this are not refined."""


def spread_p_value(
    expected: NDArray[np.float64], found: NDArray[np.int64], *, ordered: bool
) -> float:
    """Return the p-value of `found` and `expected` being samples of one distribution.

    Chi-square sees any change and none of them well; so where the cells have an order, it is
    joined by a test of location and one of scale: the first two orthogonal polynomials of the
    reference's ranks, after Neyman's smooth test (Skandinavisk Aktuarietidskrift 20, 1937). The
    smallest of the three p-values counts, corrected for having been picked: by formula where
    counts are large, by simulation where they are small.

    Parameters
    ----------
    expected, found
        Rows of the reference and of the window by cell, in the order of the values; every cell
        holds some of the reference's.
    """
    rows = int(found.sum())
    if len(expected) < 2 or rows == 0:
        return 1.0
    smallest = float(_smallest(expected, found[None, :], ordered=ordered)[0])
    p_value = picked_p_value(smallest, _tests(len(expected), ordered))
    emptiest = expected.min() * min(1.0, rows / expected.sum())
    if emptiest >= SMALL or p_value > INTERESTING:
        return p_value
    key = tuple(np.round(expected, 3).tolist())
    for windows, resolved in SIMULATIONS:
        null = _simulated(key, rows, ordered, windows)
        beyond = int(np.searchsorted(null, smallest, "right"))
        if beyond >= resolved:
            return (beyond + 1) / (windows + 1)
    # Beyond what was simulated, the assumed tail, brought to the simulated one where it ends.
    return float(smallest / null[resolved - 1] * (resolved + 1) / (windows + 1))


def _tests(cells: int, ordered: bool) -> int:
    """Return how many tests there are: with two cells they are all the same one."""
    return 3 if ordered and cells > 2 else 1


def _smallest(
    expected: NDArray[np.float64], found: NDArray[np.int64], *, ordered: bool
) -> NDArray[np.float64]:
    """Return the smallest p-value of each row of `found` (windows, cells), as for large counts."""
    rows, reference = found.sum(axis=1, keepdims=True), expected.sum()
    pooled = (found + expected) / (rows + reference)
    chi_square = (found - rows * pooled) ** 2 / (rows * pooled)
    chi_square += (expected - reference * pooled) ** 2 / (reference * pooled)
    smallest = chi_square_tail(chi_square.sum(axis=1), len(expected) - 1)
    if _tests(len(expected), ordered) > 1:
        moments = (found / rows) @ _polynomials(expected / reference)
        z = np.abs(moments) / np.sqrt(1 / rows + 1 / reference)
        smallest = np.minimum(smallest, 2 * normal_tail(z.max(axis=1)))
    return smallest


def _polynomials(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the polynomials of degree 1 and 2 in the ranks of cells, (cells, 2).

    Their mean is 0 and their variance 1 under `shares`, and they are uncorrelated.
    """
    ranks = np.cumsum(shares) - shares / 2
    root = np.sqrt(shares)[:, None]
    orthogonal, _ = np.linalg.qr(np.vander(2 * ranks - 1, 3, increasing=True) * root)
    return np.asarray(orthogonal / root)[:, 1:]


@lru_cache(maxsize=512)
def _simulated(
    expected: tuple[float, ...], rows: int, ordered: bool, count: int
) -> NDArray[np.float64]:
    """Return the smallest p-values of `count` windows without drift, ascending.

    Intervals between quantiles of a reference hold shares that are Dirichlet-distributed about
    their own: so are windows drawn here. The seed is taken from the arguments, so that the same
    window always gets the same verdict.
    """
    counts = np.array(expected)
    rng = np.random.default_rng([rows, zlib.crc32(counts.tobytes()), int(ordered)])
    windows = rng.multinomial(rows, rng.dirichlet(counts, count))
    return np.sort(_smallest(counts, windows, ordered=ordered))
