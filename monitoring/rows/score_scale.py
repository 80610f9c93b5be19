"""The scale of a logged score: how what a model gave becomes a score between 0 and 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from monitoring.errors import InputError
from monitoring.use_case_production import ScoreKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

AGREES = 0.999
"""Share of the logged decisions that a threshold has to reproduce to stand for them."""

_HALF = 0.5
_MOST_DIGITS = 15


@dataclass(frozen=True)
class ScoreScale:
    """How logged numbers become scores between 0 and 1, in the same order.

    Attributes
    ----------
    center, spread
        Median and quartile range of the numbers of the reference, where they are any numbers.
    by_decision
        No threshold on the score gives back what was decided: flagged rows lie above 0.5, all
        others below, each in the order of their scores, so that counts at 0.5 are of decisions.
    """

    kind: ScoreKind = ScoreKind.PROBABILITY
    center: float = 0.0
    spread: float = 1.0
    by_decision: bool = False

    def scores(self, given: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return scores in 0 to 1: NaN where there is none, or it is outside its kind."""
        if self.kind is ScoreKind.PROBABILITY:
            return np.where((given >= 0) & (given <= 1), given, np.nan)
        known = np.where(np.isfinite(given), given, np.nan)
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-(known - self.center) / self.spread))

    def decided(
        self, scores: NDArray[np.float64], flagged: NDArray[np.bool_] | None
    ) -> NDArray[np.float64]:
        """Return scores between which and a threshold lies what was decided."""
        if not self.by_decision:
            return scores
        if flagged is None:
            msg = "decisions are what is counted, and the rows have none"
            raise InputError(msg)
        # Below 0.5 strictly: the threshold itself is flagged.
        below = np.minimum(scores / 2, np.nextafter(_HALF, 0))
        return np.where(flagged, _HALF + scores / 2, below)


def fitted_scale(kind: ScoreKind, given: NDArray[np.float64]) -> ScoreScale:
    """Return the scale of numbers of a kind, fitted on those of a reference."""
    if kind is not ScoreKind.NUMBER:
        return ScoreScale(kind)
    known = given[np.isfinite(given)]
    if not known.size:
        return ScoreScale(kind)
    low, middle, high = np.quantile(known, [0.25, 0.5, 0.75]).tolist()
    spread = (high - low) or float(known.max() - known.min()) or 1.0
    return ScoreScale(kind, center=middle, spread=spread)


def implied_threshold(
    scale: ScoreScale, scores: NDArray[np.float64], flagged: NDArray[np.bool_]
) -> tuple[ScoreScale, float, float]:
    """Return the scale and the threshold by which decisions are counted, and how many it repeats.

    It is the threshold that reproduces most decisions, as round as these leave it; where it
    reproduces fewer than `AGREES` of them, the decisions themselves are counted.

    Raises
    ------
    InputError
        All rows are flagged, or none is: nothing says where a threshold lies.
    """
    known = ~np.isnan(scores)
    score, flag = scores[known], flagged[known]
    if not flag.any() or flag.all():
        which = "every row" if flag.size and flag.all() else "no row"
        msg = f"{which} of the reference was flagged: declare `production.threshold`"
        raise InputError(msg)
    order = np.argsort(score)
    score, flag = score[order], flag[order]
    values, first = np.unique(score, return_index=True)
    flagged_before = np.concatenate([[0], np.cumsum(flag)])[first]
    right = (first - flagged_before) + (flag.sum() - flagged_before)
    best = int(np.argmax(right))
    share = float(right[best] / score.size)
    if share < AGREES:
        return replace(scale, by_decision=True), _HALF, share
    below = float(values[best - 1]) if best else 0.0
    return scale, _roundest(below, float(values[best])), share


def _roundest(above: float, up_to: float) -> float:
    """Return the number of fewest decimals in (above, up_to]."""
    for digits in range(1, _MOST_DIGITS):
        near = round(np.floor(up_to * 10**digits) / 10**digits, digits)
        if above < near <= up_to:
            return float(near)
    return up_to
