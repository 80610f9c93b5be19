"""Scorecards, estimates and cost curves of a window's rows, with the costs of its use case."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from monitoring.performance.class_estimate import ClassEstimate, class_estimate
from monitoring.performance.class_scorecard import ClassScorecard, class_scorecard
from monitoring.performance.cost_curve import CostStep, cost_steps
from monitoring.performance.estimate import Estimate, estimate
from monitoring.performance.money import can_price
from monitoring.performance.score_histograms import POSITIVE, MatureScores, with_absent_labels
from monitoring.performance.scorecard import Scorecard, scorecard
from monitoring.rows.rows import Rows
from monitoring.rows.serving_skew import NONE_CHECKED, Skew, unlike_scores
from monitoring.steps.window_verdict import own_scores
from monitoring.summary.build import classes_of as class_counts_of
from monitoring.summary.build import score_summary
from monitoring.summary.types import ScoreSummary
from monitoring.summary.weights import stands_for
from monitoring.training.model import Model
from monitoring.use_case import UseCase

_SCORED_AGAIN = 2_000
"""Rows of a window that are scored again: some models take a millisecond for each."""


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


def scores_of(rows: Rows, model: Model) -> ScoreSummary | None:
    """Return the score histograms of `rows` on the model's bins; None where it scored none."""
    if rows.score is None or len(rows) == 0:
        return None
    return score_summary(rows, model.reference.score_edges)


def skew_of(rows: Rows, model: Model) -> Skew:
    """Score some rows again that the model has scored, by their stored values."""
    if rows.score is None or len(rows) == 0:
        return NONE_CHECKED
    some = rows.take(np.unique(np.linspace(0, len(rows) - 1, _SCORED_AGAIN).astype(np.intp)))
    assert some.score is not None  # noqa: S101  # nosec B101 # the rows are scored
    unlike = unlike_scores(some.score, model.score(some.features))
    return Skew(checked=int((~np.isnan(some.score)).sum()), unlike=int(unlike.sum()), left_out=0)


def estimated_of(
    scores: ScoreSummary | None, model: Model, case: UseCase, mature: Rows
) -> Estimate | None:
    """Estimate the figures of rows without looking at their labels.

    Parameters
    ----------
    mature
        Rows of the newest window that was mature when the estimate is made: where the same model
        scored them, its scores are recalibrated by their labels beside its validation rows'.
    """
    validation = model.reference.validation
    if scores is None or validation is None or validation.scores is None:
        return None
    known = [validation.scores]
    shown = scores_of(own_scores(mature, model), model)
    if shown is not None:
        known.append(_settled(shown, case).scores)
    return estimate(
        scores,
        known,
        threshold=model.threshold,
        costs=case.costs,
        min_positives=case.min_positives,
    )


def classes_of(rows: Rows, model: Model, case: UseCase) -> ClassScorecard | None:
    """Return the figures by class of a mature window; None where its model decides no classes."""
    counts = class_counts_of(rows, model.reference)
    if counts is None:
        return None
    return class_scorecard(counts, costs=case.costs.matrix or None, min_rows=case.min_positives)


def estimated_classes_of(
    rows: Rows, model: Model, case: UseCase, mature: Rows
) -> ClassEstimate | None:
    """Estimate the figures by class of rows, as `estimated_of` does those of the alarm."""
    validation = model.reference.validation
    window = class_counts_of(rows, model.reference)
    if window is None or validation is None or validation.classes is None:
        return None
    shown = class_counts_of(own_scores(mature, model), model.reference)
    known = [validation.classes, *([] if shown is None else [shown])]
    return class_estimate(window, known, costs=case.costs.matrix or None)


def _settled(scores: ScoreSummary, case: UseCase) -> MatureScores:
    return with_absent_labels(scores, case.labels.absent_at_maturity)
