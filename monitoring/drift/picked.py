"""Picked: what the smallest of several p-values is worth."""

from __future__ import annotations

import math


def picked_p_value(smallest: float, tests: int) -> float:
    """Return the p-value of the smallest of `tests` p-values, corrected for having been picked.

    Sidak, "Rectangular confidence regions", Journal of the American Statistical Association 62
    (1967): exact for independent tests, on the safe side for those here.
    """
    if smallest >= 1:
        return 1.0
    return -math.expm1(tests * math.log1p(-smallest))
