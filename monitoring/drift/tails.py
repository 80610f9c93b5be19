"""Tails: how often chance exceeds a value, for the normal and the chi-square distribution.

Written in numpy, and held to scipy by a test: to import `scipy.special` takes as long as all else
that a verdict on two small files does.
"""

from __future__ import annotations

from math import erfc, gamma, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

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
