"""How far a window lies from its baseline, and how often chance alone takes it that far.

The effect is the Jensen-Shannon distance less what chance gives. The p-value of a feature joins
exact tests of one share of rows with a test of the distribution over the values, with
Sidak's correction for the smallest of several; Benjamini-Hochberg joins features.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import erfc, gamma, lgamma, sqrt
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.baseline import ContingencyTable

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
        Observed Jensen-Shannon divergence.
    chance, chance_spread
        Mean and standard deviation of it without drift.
    """

    value: float
    chance: float
    chance_spread: float

    @property
    def excess(self) -> float:
        """What chance does not explain; below 0 where the window is nearer than chance expects."""
        return self.value - self.chance

    @property
    def effect(self) -> float:
        """The distance less what chance gives, 0 to 1.

        Chance is taken off the divergence, the square of the distance: divergences add up.
        """
        return float(np.sqrt(max(self.excess, 0.0)))


def divergence(table: ContingencyTable) -> Divergence:
    """Return how far the window of a table lies from its baseline.

    Without drift the divergence of two samples tends to chi-square x (1/rows + 1/reference
    rows) / (8 ln 2), with one degree of freedom less than there are cells.
    """
    if table.rows == 0:
        return Divergence(0.0, 0.0, 0.0)
    # Where unseen categories are to be expected, the reference counts as many rows as other.
    unseen = min(table.unseen_share * float(table.expected.sum()), float(table.expected[-1]))
    expected = np.array([table.missing_expected, *table.expected, unseen, table.rare_expected])
    expected[-3] -= unseen
    observed = np.array([table.missing, *table.observed, table.unseen, table.rare or 0])
    freedom = np.count_nonzero(expected + observed) - 1
    unit = (1 / table.rows + 1 / table.rows_expected) / (8 * np.log(2))
    return Divergence(
        value=float(jensen_shannon(expected / expected.sum(), observed / observed.sum())),
        chance=float(freedom * unit),
        chance_spread=float(np.sqrt(2 * freedom) * unit),
    )


def table_p_value(table: ContingencyTable) -> float:
    """Return the p-value of window and baseline being samples of one distribution.

    Missing values, unseen categories, rare values and the spread over the others are tested
    apart, each by the test that fits it, and the smallest p-value gets Sidak's correction. How
    many tests there are depends on the reference alone, never on the window.
    """
    observed = table.observed.copy()
    observed[-1] += table.unseen
    p_values = [
        proportion_p_value(table.missing, table.rows, table.missing_expected, table.rows_expected),
        distribution_p_value(table.expected, observed, ordered=table.ordered),
    ]
    if table.rare is not None:
        known = table.rows - table.missing
        expected = table.rows_expected - table.missing_expected
        p_values.append(proportion_p_value(table.rare, known, table.rare_expected, expected))
    if not table.ordered:
        p_values.append(
            unseen_p_value(
                table.unseen,
                table.rows - table.missing,
                share=table.unseen_share,
                shape=table.unseen_shape,
            )
        )
    return sidak_p_value(min(p_values), len(p_values))


def benjamini_hochberg(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return q-values: the false discovery rate at which each p-value would be significant.

    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal
    Statistical Society B 57 (1995).
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return q


EXACT_ROWS = 5000
"""Rows up to which tails are summed term by term."""


RARE = 0.05
"""Share below which, with more rows, the count is taken as Poisson of a gamma mean."""


def proportion_p_value(observed: int, rows: int, expected: float, reference: float) -> float:
    """Return the two-sided p-value of `observed` of `rows` where the reference had `expected`.

    Twice the smaller tail of Fisher's exact test, written as a beta-binomial so that the
    reference's rows need not be whole numbers.
    """
    if 2 * expected > reference:
        observed, expected = rows - observed, reference - expected
    above = _tail_from(observed, rows, expected + 1, reference - expected)
    if expected <= 0:
        below = 1.0
    elif rows <= EXACT_ROWS:
        # Of the other rows, from above: a difference from 1 would lose all digits below 1e-16.
        below = _tail_from(rows - observed, rows, reference - expected + 1, expected)
    else:
        below = 1 - _tail_from(observed + 1, rows, expected, reference - expected + 1)
    return float(np.clip(2 * min(above, below), 0, 1))


def unseen_p_value(observed: int, rows: int, *, share: float, shape: float) -> float:
    """Return the p-value of `observed` or more rows of categories that the reference lacks.

    Parameters
    ----------
    share, shape
        Mean and first parameter of the Beta distribution of their share without drift.
    """
    return _tail_from(observed, rows, shape, shape / share - shape) if observed else 1.0


def _tail_from(observed: int, rows: int, a: float, b: float) -> float:
    """Return the probability of `observed` or more of `rows`, their share being Beta(a, b)."""
    if observed <= 0:
        return 1.0
    if observed > rows:
        return 0.0
    if rows <= EXACT_ROWS:
        # The first term, and each next one by its ratio to the one before.
        k = np.arange(observed, rows)
        steps = np.log((rows - k) / (k + 1) * (k + a) / (rows - k - 1 + b))
        ways = lgamma(rows + 1) - lgamma(observed + 1) - lgamma(rows - observed + 1)
        first = ways + _log_beta(observed + a, rows - observed + b) - _log_beta(a, b)
        return float(np.exp(first + np.cumsum(np.concatenate([[0.0], steps]))).sum())
    share = a / (a + b)
    if share < RARE:
        from scipy.special import betainc

        return float(betainc(observed, a, rows / (b + rows)))
    variance = rows * share * (1 - share) * (a + b + rows) / (a + b + 1)
    return float(normal_tail((observed - 0.5 - rows * share) / np.sqrt(variance)))


def _log_beta(a: float, b: float) -> float:
    return lgamma(a) + lgamma(b) - lgamma(a + b)


SMALL = 25.0
"""Rows expected in the emptiest cell below which the null is simulated, not assumed."""


SIMULATIONS = ((2_000, 20), (20_000, 10))
"""Windows to simulate, and how many of them at least as extreme make their number the p-value.

The second number of windows is simulated only where the first was too few."""


INTERESTING = 0.05
"""P-values above this are not refined."""


def distribution_p_value(
    expected: NDArray[np.float64], observed: NDArray[np.int64], *, ordered: bool
) -> float:
    """Return the p-value of `observed` and `expected` being samples of one distribution.

    Chi-square sees any change and none of them well; so where the cells have an order, it is
    joined by a test of location and one of scale: the first two orthogonal polynomials of the
    reference's ranks, after Neyman's smooth test (Skandinavisk Aktuarietidskrift 20, 1937). The
    smallest of the three p-values counts, with Sidak's correction: by formula where
    counts are large, by simulation where they are small.

    Parameters
    ----------
    expected, observed
        Rows of the reference and of the window by cell, in the order of the values; every cell
        holds some of the reference's.
    """
    rows = int(observed.sum())
    if len(expected) < 2 or rows == 0:
        return 1.0
    smallest = float(_smallest(expected, observed[None, :], ordered=ordered)[0])
    p_value = sidak_p_value(smallest, _tests(len(expected), ordered))
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
    expected: NDArray[np.float64], observed: NDArray[np.int64], *, ordered: bool
) -> NDArray[np.float64]:
    """Return the smallest p-value of each window, (windows, cells), valid for large counts."""
    rows, reference = observed.sum(axis=1, keepdims=True), expected.sum()
    pooled = (observed + expected) / (rows + reference)
    chi_square = (observed - rows * pooled) ** 2 / (rows * pooled)
    chi_square += (expected - reference * pooled) ** 2 / (reference * pooled)
    smallest = chi_square_tail(chi_square.sum(axis=1), len(expected) - 1)
    if _tests(len(expected), ordered) > 1:
        moments = (observed / rows) @ _polynomials(expected / reference)
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


def sidak_p_value(smallest: float, tests: int) -> float:
    """Return the p-value of the smallest of `tests` p-values, by Sidak's correction.

    Sidak, "Rectangular confidence regions", Journal of the American Statistical Association 62
    (1967): exact for independent tests, on the safe side for those here.
    """
    if smallest >= 1:
        return 1.0
    return -math.expm1(tests * math.log1p(-smallest))


# Tails are written in numpy, and held to scipy by a test: to import `scipy.special` takes as long
# as all else that a verdict on two small files does.
_erfc = np.frompyfunc(erfc, 1, 1)


def normal_tail(z: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability that a standard normal value exceeds each of `z`."""
    return np.asarray(_erfc(np.asarray(z) / sqrt(2)), np.float64) / 2


def chi_square_tail(value: NDArray[np.float64], freedom: int) -> NDArray[np.float64]:
    """Return the probability that chi-square exceeds each of `value`.

    With whole degrees of freedom it is a sum of as many terms as half of them: Abramowitz and
    Stegun, "Handbook of Mathematical Functions" (1964), 26.4.4 and 26.4.5.

    Parameters
    ----------
    freedom
        Degrees of freedom, at least 1.
    """
    half = np.asarray(value, np.float64) / 2
    odd = freedom % 2
    tail = np.asarray(_erfc(np.sqrt(half)), np.float64) if odd else np.zeros_like(half)
    power = odd / 2
    term = np.exp(-half) * half**power / gamma(power + 1)
    for _ in range(freedom // 2):
        tail = tail + term
        power += 1
        term = term * half / power
    return tail
