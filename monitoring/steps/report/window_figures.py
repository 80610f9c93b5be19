"""Scorecards, estimates and cost curves of a window's scores, with the costs of its use case."""

from __future__ import annotations

from datetime import timedelta

from monitoring.performance.class_estimate import ClassEstimate, class_estimate
from monitoring.performance.class_scorecard import ClassScorecard, class_scorecard
from monitoring.performance.cost_curve import CostStep, cost_steps
from monitoring.performance.estimate import Estimate, estimate
from monitoring.performance.money import can_price
from monitoring.performance.score_histograms import POSITIVE, MatureScores, with_absent_labels
from monitoring.performance.scorecard import Scorecard, scorecard
from monitoring.summary.types import ClassCounts, ScoreSummary
from monitoring.summary.weights import stands_for
from monitoring.training.model import Model
from monitoring.use_case import UseCase


def realised_of(
    scores: ScoreSummary | None, scorer: Model | None, case: UseCase, length: timedelta
) -> Scorecard | None:
    """Return the scorecard of a mature window by the model that scored it; None if no model did."""
    if scores is None or scorer is None:
        return None
    return scorecard(
        _settled(scores, case),
        threshold=scorer.threshold,
        costs=case.costs,
        days=length / timedelta(days=1),
        min_positives=case.min_positives,
    )


def cost_steps_of(
    scores: ScoreSummary | None, scorer: Model | None, case: UseCase
) -> tuple[CostStep, ...]:
    """Return the cost of a mature window at other thresholds; empty where it can't be priced."""
    if scores is None or scorer is None:
        return ()
    settled = stands_for(_settled(scores, case).scores)
    if not can_price(settled, case.costs, (POSITIVE,)):
        return ()
    return cost_steps(settled, threshold=scorer.threshold, costs=case.costs)


def estimated_of(
    scores: ScoreSummary | None, model: Model, case: UseCase, shown: ScoreSummary | None
) -> Estimate | None:
    """Estimate the figures of rows without looking at their labels.

    Parameters
    ----------
    shown
        The model's scores of the newest window that was mature when the estimate is made: by their
        labels its scores are recalibrated beside those of its validation rows.
    """
    validation = model.reference.validation
    if scores is None or validation is None or validation.scores is None:
        return None
    known = [validation.scores]
    if shown is not None:
        known.append(_settled(shown, case).scores)
    return estimate(
        scores,
        known,
        threshold=model.threshold,
        costs=case.costs,
        min_positives=case.min_positives,
    )


def classes_of(counts: ClassCounts | None, case: UseCase) -> ClassScorecard | None:
    """Return the figures by class of a mature window; None where its model decides no classes."""
    if counts is None:
        return None
    return class_scorecard(counts, costs=case.costs.matrix or None, min_rows=case.min_positives)


def estimated_classes_of(
    window: ClassCounts | None, model: Model, case: UseCase, shown: ClassCounts | None
) -> ClassEstimate | None:
    """Estimate the figures by class of rows, as `estimated_of` does those of the alarm."""
    validation = model.reference.validation
    if window is None or validation is None or validation.classes is None:
        return None
    known = [validation.classes, *([] if shown is None else [shown])]
    return class_estimate(window, known, costs=case.costs.matrix or None)


def _settled(scores: ScoreSummary, case: UseCase) -> MatureScores:
    return with_absent_labels(scores, case.labels.absent_at_maturity)
