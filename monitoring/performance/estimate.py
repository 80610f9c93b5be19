"""Estimated performance of rows whose labels have not come, from calibrated scores.

The method is CBPE, confidence-based performance estimation (NannyML): where scores are
probabilities, their sum over the flagged rows is the number of positives expected among these,
and so on for every cell of the confusion matrix. It follows covariate shift as far as the scores
do. It is blind to concept drift: the scores then promise positives that do not come, until labels
come and recalibrate them. Measured in docs/explanation/estimate.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from monitoring.performance.intervals import (
    UNDEFINED,
    Amount,
    Ratio,
    equivalent_rows,
    f1_of,
    roc_auc_ratio,
    skewed,
    wilson,
)
from monitoring.performance.label_shift import ScoreChange, for_window
from monitoring.performance.money import EVERY_LABEL, can_price, losses
from monitoring.performance.ranking import average_precision, expected_ranked, roc_auc
from monitoring.performance.recalibration import Recalibration, positives_variance
from monitoring.performance.score_calibration import Calibration, calibration
from monitoring.performance.score_histograms import check_scores, first_flagged
from monitoring.performance.scorecard import CardStatus, Figure, html_of, text_of
from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs
from monitoring.wording import count, money, several

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """The same figures for rows whose labels have not come, from calibrated scores.

    It rests on the calibration still holding: concept drift is invisible to it.

    Attributes
    ----------
    status
        Whether the figures may be judged, and if not, why.
    threshold
        Decision threshold: a row is an alarm where score >= threshold.
    rows, positives
        Rows scored; the positives expected among them.
    recall, precision, f1, pr_auc, false_alarm_rate, roc_auc
        As expected, each with `value`, `low` and `high`: the 95% interval of what labels will show.
    cost
        Expected cost of the window; None without costs, or where it can't be priced.
    change
        How its score histogram differs from that of the labelled rows. Prior drift is taken into
        account; where it is another change, the intervals are wider.

    Examples
    --------
    >>> from monitoring import estimate, scorecard
    >>> labels = ([1] + [0] * 9) * 100 + ([1] * 9 + [0]) * 100
    >>> known = scorecard(labels, [0.1] * 1000 + [0.9] * 1000, threshold=0.5)
    >>> expected = estimate([0.1] * 500 + [0.9] * 500, threshold=0.5, calibrated_on=known)
    >>> expected.recall.text(), expected.precision.text()
    ('90% (87% to 93%)', '90% (86% to 93%)')
    """

    status: CardStatus
    threshold: float
    rows: int
    positives: float
    recall: Ratio
    precision: Ratio
    f1: Ratio
    pr_auc: Ratio
    false_alarm_rate: Ratio = UNDEFINED
    roc_auc: Ratio = UNDEFINED
    cost: Amount | None = None
    change: ScoreChange = ScoreChange.NONE

    @property
    def sentence(self) -> str:
        """The estimate in one sentence."""
        expected = f"{self.positives:,.1f} positives expected among {several(self.rows, 'row')}"
        if self.status is not CardStatus.JUDGED:
            return f"Estimate not judged, {self.status}: {expected}"
        figures = f"recall {self.recall.text()}, precision {self.precision.text()}"
        return f"Estimated {figures}: {expected}"

    def __str__(self) -> str:
        return text_of(self.sentence, estimate_figures(self))

    def __repr__(self) -> str:
        return f"<Estimate {self.sentence}>"

    def _repr_html_(self) -> str:
        return html_of(self.sentence, estimate_figures(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain values, for JSON."""
        return estimate_record(self)


def estimate(
    window: ScoreSummary,
    known: Sequence[ScoreSummary],
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
    known
        Score histograms of labelled rows that the model was not trained on, oldest first: its
        validation rows, then windows whose labels have come. They calibrate its scores as
        probabilities, and say how surely.
    threshold
        Decision threshold, an edge of the bins of all.
    costs
        What mistakes and work cost; no cost without them, or where a miss costs a share of its
        amount and no amount is known.
    min_positives
        With fewer positives expected the figures are given, but the status is `too few
        positives`.

    Returns
    -------
    Estimate
        `not calibrated`, without figures, where nothing known has labels or even the
        recalibrated scores are proved wrong. The intervals are for what the labels will show:
        they cover chance in the labels and the uncertainty that the known ones leave about the
        scores, but not what may have changed since.

    Raises
    ------
    InputError
        The threshold is not an edge of the bins, or scores outside 0 to 1.
    """
    for scores in known:
        check_scores(scores)
    return estimate_from(
        window,
        calibration(known, first_flagged(window, threshold)),
        threshold=threshold,
        costs=costs,
        min_positives=min_positives,
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
    first = first_flagged(window, threshold)
    scores = None if known is None else for_window(window, known)
    if scores is None:
        cells = _cells(window, first, None)
    else:
        cells = _cells(window, first, scores.mending, scores.dispersion)
    made = Estimate(
        status=_status(cells, known, min_positives),
        threshold=threshold,
        rows=int(cells.rows.sum()),
        positives=cells.positives,
        recall=UNDEFINED,
        precision=UNDEFINED,
        f1=UNDEFINED,
        pr_auc=UNDEFINED,
    )
    if scores is None or made.status in (CardStatus.NO_ROWS, CardStatus.NOT_CALIBRATED):
        return made
    figures = _figures(window, cells, costs)
    if scores.otherwise is not None:
        others = _figures(window, _cells(window, first, scores.otherwise), costs)
        figures = {name: _reaching(one, others[name]) for name, one in figures.items()}
    return replace(made, change=scores.change, **figures)


def _figures(window: ScoreSummary, cells: _Cells, costs: Costs | None) -> dict[str, Any]:
    """Return the figures by their names in an `Estimate`."""
    return {
        "recall": _recall(cells),
        "precision": _precision(cells),
        "f1": _f1(cells),
        "pr_auc": _pr_auc(window, cells),
        "false_alarm_rate": _false_alarm_rate(cells),
        "roc_auc": _roc_auc(window, cells),
        "cost": None if costs is None else _cost(window, cells, costs),
    }


def _reaching(one: Any, other: Any) -> Any:
    """Return a figure whose interval holds that of another too."""
    if one is None or other is None or one.low is None or other.low is None:
        return one
    return replace(one, low=min(one.low, other.low), high=max(one.high, other.high))


@dataclass(frozen=True, eq=False)
class _Cells:
    """Rows and expected positives by bin, and how unsure their sums are.

    Attributes
    ----------
    first
        The lowest bin whose rows are flagged.
    chance
        Variance of each bin's positives were the scores true probabilities, times the dispersion.
    slopes, doubt
        How fast each bin's positives move with the coefficients of the recalibration,
        (bins, coefficients); the covariance of these.
    """

    first: int
    rows: NDArray[np.int64]
    expected: Floats
    chance: Floats
    slopes: Floats
    doubt: Floats

    @property
    def flagged(self) -> int:
        return int(self.rows[self.first :].sum())

    @property
    def detected(self) -> float:
        return float(self.expected[self.first :].sum())

    @property
    def missed(self) -> float:
        return float(self.expected[: self.first].sum())

    @property
    def positives(self) -> float:
        return float(self.expected.sum())

    def variance(self, weights: Floats) -> float:
        """Return the variance of the positives' sum, each bin's weighed by a factor of its own."""
        slope = weights @ self.slopes
        return float(weights**2 @ self.chance + slope @ self.doubt @ slope)

    def weights(self, flagged: float, others: float) -> Floats:
        """Return one factor for all bins of flagged rows, another for the others."""
        weights = np.full(len(self.rows), float(others))
        weights[self.first :] = flagged
        return weights


def _cells(
    window: ScoreSummary, first: int, mending: Recalibration | None, dispersion: float = 1.0
) -> _Cells:
    rows, score = window.rows.sum(axis=0), window.score.sum(axis=0)
    mean = score / np.maximum(rows, 1)
    if mending is None:
        expected, slopes, doubt = score, np.zeros((len(rows), 1)), np.zeros((1, 1))
    else:
        expected = rows * mending.recalibrated(mean)
        slopes = rows[:, None] * mending.slopes(mean)
        doubt = np.array(mending.covariance)
    chance = dispersion * positives_variance(rows, expected)
    return _Cells(first, rows, expected, chance, slopes, doubt)


def _status(cells: _Cells, known: Calibration | None, min_positives: int) -> CardStatus:
    if not cells.rows.any():
        return CardStatus.NO_ROWS
    if known is None or not known.holds:
        return CardStatus.NOT_CALIBRATED
    if cells.positives < min_positives:
        return CardStatus.TOO_FEW_POSITIVES
    return CardStatus.JUDGED


def _recall(cells: _Cells) -> Ratio:
    """Return D / (D + M), D detected and M missed; variances here are by the delta method."""
    total = cells.positives
    if total == 0:
        return UNDEFINED
    value = cells.detected / total
    variance = cells.variance(cells.weights(1 - value, -value)) / total**2
    return wilson(value, equivalent_rows(value, variance))


def _precision(cells: _Cells) -> Ratio:
    """Return D / flagged; the flagged rows are known."""
    if cells.flagged == 0:
        return UNDEFINED
    value = cells.detected / cells.flagged
    variance = cells.variance(cells.weights(1, 0)) / cells.flagged**2
    return wilson(value, equivalent_rows(value, variance))


def _false_alarm_rate(cells: _Cells) -> Ratio:
    """Return F / N, F false alarms and N negatives: both are what positives leave of the rows."""
    negatives = float(cells.rows.sum()) - cells.positives
    if negatives <= 0:
        return UNDEFINED
    value = min(max((cells.flagged - cells.detected) / negatives, 0.0), 1.0)
    variance = cells.variance(cells.weights(value - 1, value)) / negatives**2
    return wilson(value, equivalent_rows(value, variance))


def _f1(cells: _Cells) -> Ratio:
    """Return F1 by way of J = D / (flagged + M), as for a scorecard."""
    whole = cells.flagged + cells.missed
    if whole == 0:
        return UNDEFINED
    value = cells.detected / whole
    variance = cells.variance(cells.weights(1, -value)) / whole**2
    share = wilson(value, equivalent_rows(value, variance))
    if share.low is None or share.high is None:
        return UNDEFINED
    return Ratio(f1_of(value), f1_of(share.low), f1_of(share.high))


def _pr_auc(window: ScoreSummary, cells: _Cells) -> Ratio:
    """Return PR-AUC of the expected histogram, as sure as positives and recalibration allow."""
    value = average_precision(expected_ranked(window, cells.expected))
    negatives = float(cells.rows.sum()) - cells.positives
    fewest = min(cells.positives, negatives)
    if value is None or fewest <= 0:
        return Ratio(value)
    slope = cells.slopes.sum(axis=0)
    doubt = float(slope @ cells.doubt @ slope) / cells.positives**2
    return wilson(value, 1 / (1 / fewest + doubt))


def _roc_auc(window: ScoreSummary, cells: _Cells) -> Ratio:
    """Return the ROC-AUC of the expected histogram.

    Of A = sum of positives times negatives below, over P N, the slope by a bin's positives is
    (negatives below it less positives above it) / (P N) - A / P + A / N.
    """
    order = expected_ranked(window, cells.expected)
    value = roc_auc(order)
    if value is None:
        return UNDEFINED
    p, n = order.positives[::-1], order.negatives[::-1]
    positives, negatives = float(p.sum()), float(n.sum())
    below, above = np.cumsum(n) - n / 2, positives - np.cumsum(p) + p / 2
    slopes = (below - above) / (positives * negatives) - value / positives + value / negatives
    return roc_auc_ratio(value, cells.variance(slopes), positives, negatives)


def _cost(window: ScoreSummary, cells: _Cells, costs: Costs) -> Amount | None:
    """Return the expected cost; within a bin, amounts are taken as unrelated to scores.

    Reviews are certain. The rest is a sum of few and unequal losses, hence the skewed interval.
    """
    if not can_price(window, costs, EVERY_LABEL):
        return None
    loss = losses(window, costs.missed, EVERY_LABEL)
    each = loss.total / np.maximum(cells.rows, 1)
    reviews = costs.review * cells.flagged
    unflagged = slice(None, cells.first)
    weights = cells.weights(-costs.false_alarm, 0)
    weights[unflagged] = each[unflagged]
    value = float(weights @ cells.expected) + costs.false_alarm * cells.flagged
    # Chance: not the mean loss of a bin is lost, but single ones, large and small.
    share = cells.expected[unflagged] / np.maximum(cells.rows[unflagged], 1)
    chance = float((share * (1 - share)) @ loss.squared[unflagged])
    chance += costs.false_alarm**2 * float(cells.chance[cells.first :].sum())
    slope = weights @ cells.slopes
    low, high = skewed(value, chance + float(slope @ cells.doubt @ slope))
    return Amount(reviews + value, reviews + low, reviews + high)


def estimate_figures(estimate: Estimate) -> list[Figure]:
    """Return every figure of the estimate."""
    figures = [
        ("threshold", f"{estimate.threshold:g}"),
        ("rows", count(estimate.rows)),
        ("change of the scores", estimate.change.value),
        ("positives expected", f"{estimate.positives:,.1f}"),
        ("recall", estimate.recall.text(digits=1)),
        ("precision", estimate.precision.text(digits=1)),
        ("F1", estimate.f1.text(digits=1)),
        ("PR-AUC", estimate.pr_auc.text(digits=1)),
        ("ROC-AUC", estimate.roc_auc.text(digits=1)),
        ("false alarm rate", estimate.false_alarm_rate.text(digits=1)),
    ]
    cost = estimate.cost
    if cost is not None:
        figures.append(("cost", f"{money(cost.value)} ({money(cost.low)} to {money(cost.high)})"))
    return figures


def estimate_record(estimate: Estimate) -> dict[str, Any]:
    """Return the whole estimate; a ratio is a dict of value, low and high."""
    return {**asdict(estimate), "status": estimate.status.value}
