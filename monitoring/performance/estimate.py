"""Estimate: performance of rows whose labels have not come, from calibrated scores.

The idea is CBPE's, confidence-based performance estimation (NannyML): where scores are
probabilities, their sum over the alarms is the number of positives expected among these, and so
on for every cell of the confusion matrix. It follows a change of the rows (covariate shift) as
far as the scores do. It is blind to a change of what the rows mean (concept drift): the scores
then promise what does not come, and nothing but labels can tell.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.bins import check_scores, first_alarmed
from monitoring.performance.calibration import calibration, positives_variance
from monitoring.performance.intervals import UNDEFINED, equivalent_rows, f1_of, wilson
from monitoring.performance.money import can_price
from monitoring.performance.ranking import average_precision, expected_ranked
from monitoring.performance.types import Calibration, CardStatus, Estimate, Ratio
from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs

Floats = NDArray[np.float64]


def estimate(
    window: ScoreSummary,
    validation: ScoreSummary,
    *,
    threshold: float,
    costs: Costs | None,
    min_positives: int = 30,
) -> Estimate:
    """Estimate the figures of a window without looking at its labels.

    Parameters
    ----------
    window
        Score histograms of the rows; labels that have come are not used.
    validation
        Score histograms of labelled rows that the model was not trained on: they tell whether
        its scores are probabilities, and how surely.
    threshold
        Decision threshold, an edge of the bins of both.
    costs
        What mistakes and work cost; no cost without them, or where a miss costs a share of its
        amount and the window has no amounts.
    min_positives
        With fewer positives expected the figures are there, but the status says that they are
        not judged.

    Returns
    -------
    Estimate
        `not calibrated`, without figures, where validation has no labels or proves the scores
        wrong. The intervals are for what the labels will show: they hold the chance that is in
        the labels and the doubt that validation leaves about the scores.

    Raises
    ------
    ValueError
        The threshold is no edge of the bins, or scores outside 0 to 1.
    """
    check_scores(validation)
    known = calibration(validation, first_alarmed(validation, threshold))
    return estimate_from(
        window, known, threshold=threshold, costs=costs, min_positives=min_positives
    )


def estimate_from(
    window: ScoreSummary,
    known: Calibration | None,
    *,
    threshold: float,
    costs: Costs | None,
    min_positives: int = 30,
) -> Estimate:
    """Estimate as `estimate` does, from what a scorecard keeps of its rows' calibration."""
    check_scores(window)
    cells = _cells(window, first_alarmed(window, threshold), known)
    status = _status(cells, known, min_positives)
    if known is None or status in (CardStatus.NO_ROWS, CardStatus.NOT_CALIBRATED):
        return Estimate(
            status=status,
            threshold=threshold,
            rows=cells.rows,
            positives=cells.positives,
            recall=UNDEFINED,
            precision=UNDEFINED,
            f1=UNDEFINED,
            pr_auc=UNDEFINED,
        )
    return Estimate(
        status=status,
        threshold=threshold,
        rows=cells.rows,
        positives=cells.positives,
        recall=_recall(cells),
        precision=_precision(cells),
        f1=_f1(cells),
        pr_auc=_pr_auc(window, cells, known),
        cost=None if costs is None else _cost(window, cells, costs),
    )


@dataclass(frozen=True)
class _Cells:
    """Positives expected above and below the threshold, and the variances of their numbers."""

    rows: int
    alarms: int
    first: int
    detected: float
    missed: float
    detected_variance: float
    missed_variance: float

    @property
    def positives(self) -> float:
        return self.detected + self.missed


def _cells(window: ScoreSummary, first: int, known: Calibration | None) -> _Cells:
    rows, score = window.rows.sum(axis=0), window.score.sum(axis=0)
    chance = positives_variance(rows, score)
    detected, missed = float(score[first:].sum()), float(score[:first].sum())
    above = (known.alarmed_error if known else None) or 0.0
    below = (known.silent_error if known else None) or 0.0
    return _Cells(
        rows=int(rows.sum()),
        alarms=int(rows[first:].sum()),
        first=first,
        detected=detected,
        missed=missed,
        detected_variance=float(chance[first:].sum()) + (detected * above) ** 2,
        missed_variance=float(chance[:first].sum()) + (missed * below) ** 2,
    )


def _status(cells: _Cells, known: Calibration | None, min_positives: int) -> CardStatus:
    if cells.rows == 0:
        return CardStatus.NO_ROWS
    if known is None or not known.holds:
        return CardStatus.NOT_CALIBRATED
    if cells.positives < min_positives:
        return CardStatus.TOO_FEW_POSITIVES
    return CardStatus.JUDGED


def _recall(cells: _Cells) -> Ratio:
    """Return D / (D + M); its variance by the delta method, D and M being independent."""
    total = cells.positives
    if total == 0:
        return UNDEFINED
    value = cells.detected / total
    variance = (
        (1 - value) ** 2 * cells.detected_variance + value**2 * cells.missed_variance
    ) / total**2
    return wilson(value, equivalent_rows(value, variance))


def _precision(cells: _Cells) -> Ratio:
    """Return D / alarms; the alarms are known."""
    if cells.alarms == 0:
        return UNDEFINED
    value = cells.detected / cells.alarms
    return wilson(value, equivalent_rows(value, cells.detected_variance / cells.alarms**2))


def _f1(cells: _Cells) -> Ratio:
    """Return F1 by way of J = D / (alarms + M), as for a scorecard."""
    whole = cells.alarms + cells.missed
    if whole == 0:
        return UNDEFINED
    value = cells.detected / whole
    variance = (cells.detected_variance + value**2 * cells.missed_variance) / whole**2
    share = wilson(value, equivalent_rows(value, variance))
    if share.low is None or share.high is None:
        return UNDEFINED
    return Ratio(f1_of(value), f1_of(share.low), f1_of(share.high))


def _pr_auc(window: ScoreSummary, cells: _Cells, known: Calibration) -> Ratio:
    """Return PR-AUC of the expected histogram, as sure as its positives and validation's let it."""
    value = average_precision(expected_ranked(window))
    negatives = cells.rows - cells.positives
    fewest = min(cells.positives, negatives)
    if value is None or fewest <= 0:
        return Ratio(value)
    return wilson(value, 1 / (1 / fewest + (known.error or 0.0) ** 2))


def _cost(window: ScoreSummary, cells: _Cells, costs: Costs) -> float | None:
    """Return the expected cost; within a bin, amounts are taken as unrelated to scores."""
    if not can_price(window, costs):
        return None
    rows, score = window.rows.sum(axis=0), window.score.sum(axis=0)
    lost = (window.amount.sum(axis=0) * score / np.maximum(rows, 1))[: cells.first].sum()
    return float(
        costs.missed.of_amount * lost
        + costs.missed.fixed * cells.missed
        + costs.review * cells.alarms
        + costs.false_alarm * (cells.alarms - cells.detected)
    )
