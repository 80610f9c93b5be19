"""Scorecard: performance and money of a window, from its score histograms."""

from __future__ import annotations

from monitoring.performance.bins import check_scores, first_alarmed
from monitoring.performance.calibration import calibration
from monitoring.performance.capacity import at_capacity
from monitoring.performance.intervals import (
    f1_ratio,
    pr_auc_ratio,
    proportion,
    roc_auc_ratio,
)
from monitoring.performance.labels import NEGATIVE, POSITIVE, MatureScores, with_absent_labels
from monitoring.performance.money import money_at, review_limit
from monitoring.performance.ranking import average_precision, ranked, roc_auc, roc_auc_variance
from monitoring.performance.types import CardStatus, Ratio, Scorecard
from monitoring.summary.types import ScoreSummary
from monitoring.use_case import Costs


def scorecard(
    scores: ScoreSummary | MatureScores,
    *,
    threshold: float,
    costs: Costs | None,
    days: float,
    min_positives: int,
) -> Scorecard:
    """Return performance and money over the labelled rows of a window.

    Parameters
    ----------
    scores
        Score histograms, with the labels as they came or as `with_absent_labels` left them.
    threshold
        Decision threshold: a row is an alarm where score >= threshold. An edge of the bins.
    costs
        What mistakes and work cost; no money and no capacity without them. No money either where
        a miss costs a share of its amount and the summary has no amounts.
    days
        Length of the window: the team reviews `costs.reviews_per_day` times as many rows in it.
    min_positives
        With fewer positives the figures are there, but the status says that they are not judged.

    Raises
    ------
    ValueError
        The threshold is no edge of the bins, `days` is not above 0, scores outside 0 to 1,
        positives with amounts below 0.
    """
    return scorecard_within(
        scores,
        threshold=threshold,
        costs=costs,
        reviews=None if costs is None else _reviews(costs, days),
        min_positives=min_positives,
    )


def scorecard_within(
    scores: ScoreSummary | MatureScores,
    *,
    threshold: float,
    costs: Costs | None,
    reviews: float | None,
    min_positives: int,
) -> Scorecard:
    """Return the scorecard of a window in which the team can make so many `reviews`.

    As `scorecard`, which knows the reviews from the window's days. None for no limit.
    """
    mature = scores if isinstance(scores, MatureScores) else with_absent_labels(scores, "unknown")
    window = mature.scores
    check_scores(window)
    first = first_alarmed(window, threshold)
    silent, alarmed = window.rows[:, :first].sum(axis=1), window.rows[:, first:].sum(axis=1)
    missed, detected = int(silent[POSITIVE]), int(alarmed[POSITIVE])
    quiet, false_alarms = int(silent[NEGATIVE]), int(alarmed[NEGATIVE])
    positives, negatives = detected + missed, quiet + false_alarms
    labelled, rows = positives + negatives, int(window.rows.sum())
    capacity = None if reviews is None or labelled == 0 else at_capacity(window, reviews)
    pr_auc, roc = _ranking_ratios(window, positives, negatives)
    macro, weighted = _averaged_f1(detected, missed, false_alarms, quiet)
    return Scorecard(
        status=_status(rows, labelled, positives, min_positives),
        threshold=threshold,
        rows=rows,
        labelled=labelled,
        positives=positives,
        coverage=mature.labels_come / rows if rows else None,
        detected=detected,
        missed=missed,
        false_alarms=false_alarms,
        recall=proportion(detected, positives),
        precision=proportion(detected, detected + false_alarms),
        f1=f1_ratio(detected, missed, false_alarms),
        false_alarm_rate=proportion(false_alarms, negatives),
        pr_auc=pr_auc,
        roc_auc=roc,
        precision_at_capacity=None if capacity is None else capacity.precision,
        recall_at_capacity=None if capacity is None else capacity.recall,
        money=None if costs is None or labelled == 0 else money_at(window, first, costs),
        macro_f1=macro,
        weighted_f1=weighted,
        calibration=calibration((window,), first),
    )


def _reviews(costs: Costs, days: float) -> float | None:
    limit = review_limit(costs, days)
    return None if costs.reviews_per_day is None else limit


def _status(rows: int, labelled: int, positives: int, min_positives: int) -> CardStatus:
    if rows == 0:
        return CardStatus.NO_ROWS
    if labelled == 0:
        return CardStatus.NO_LABELS
    if positives == 0:
        return CardStatus.NO_POSITIVES
    return CardStatus.TOO_FEW_POSITIVES if positives < min_positives else CardStatus.JUDGED


def _ranking_ratios(window: ScoreSummary, positives: int, negatives: int) -> tuple[Ratio, Ratio]:
    order = ranked(window)
    area = roc_auc(order)
    variance = 0.0 if area is None else roc_auc_variance(order)
    return (
        pr_auc_ratio(average_precision(order), positives, negatives),
        roc_auc_ratio(area, variance, positives, negatives),
    )


def _averaged_f1(
    detected: int, missed: int, false_alarms: int, quiet: int
) -> tuple[float | None, float | None]:
    """Return macro and weighted F1 over the classes that occur, as truth or as decision."""
    both = [
        (detected + missed, detected, missed + false_alarms),
        (quiet + false_alarms, quiet, missed + false_alarms),
    ]
    f1 = [(rows, 2 * right / (2 * right + wrong)) for rows, right, wrong in both if right + wrong]
    if not f1:
        return None, None
    labelled = sum(rows for rows, _ in f1)
    return sum(v for _, v in f1) / len(f1), sum(rows * v for rows, v in f1) / labelled
