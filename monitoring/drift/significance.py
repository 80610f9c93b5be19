"""Significance: how often chance alone gives a window this unlike its baseline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from monitoring.drift.picked import picked_p_value
from monitoring.drift.proportion import proportion_p_value, unseen_p_value
from monitoring.drift.spread import spread_p_value
from monitoring.drift.table import Table

if TYPE_CHECKING:
    from numpy.typing import NDArray


def table_p_value(table: Table) -> float:
    """Return the p-value of window and baseline being samples of one distribution.

    Missing values, unseen categories and the spread over values are tested apart, each by the
    test that fits it, and the smallest p-value is corrected for having been picked. How many
    tests there are depends on the feature's kind alone, never on the window.
    """
    found = table.found.copy()
    found[-1] += table.unseen
    p_values = [
        proportion_p_value(table.missing, table.rows, table.missing_expected, table.rows_expected),
        spread_p_value(table.expected, found, ordered=table.ordered),
    ]
    if not table.ordered:
        p_values.append(
            unseen_p_value(
                table.unseen,
                table.rows - table.missing,
                share=table.unseen_share,
                shape=table.unseen_shape,
            )
        )
    return picked_p_value(min(p_values), len(p_values))


def benjamini_hochberg(p_values: Sequence[float]) -> NDArray[np.float64]:
    """Return q-values: the false discovery rate at which each p-value would be called.

    Benjamini and Hochberg, "Controlling the false discovery rate", Journal of the Royal
    Statistical Society B 57 (1995).
    """
    p = np.asarray(p_values, np.float64)
    order = np.argsort(p)
    scaled = p[order] * len(p) / np.arange(1, len(p) + 1)
    q = np.empty_like(p)
    q[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return q
