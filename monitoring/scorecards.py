"""Public functions on arrays: a scorecard of labelled rows, an estimate of unlabelled ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from monitoring.errors import InputError, InputTypeError
from monitoring.field_types import wrong_fields
from monitoring.performance.arrays import (
    amounts_of,
    check_same_rows,
    labels_of,
    reviews_of,
    scores_of,
    threshold_of,
)
from monitoring.performance.estimate import Estimate, estimate_from
from monitoring.performance.score_calibration import Calibration, calibration
from monitoring.performance.score_histograms import first_flagged
from monitoring.performance.scorecard import Scorecard, scorecard_within
from monitoring.rows.rows import POSITIVE, UNLABELLED
from monitoring.summary.build import score_histograms
from monitoring.summary.score_bins import score_row_edges
from monitoring.summary.types import Summary
from monitoring.use_case import Costs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray


def scorecard(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    threshold: float,
    amounts: ArrayLike | None = None,
    costs: Costs | Mapping[str, object] | None = None,
    capacity: float | None = None,
    label_seen: ArrayLike | None = None,
    min_positives: int = 30,
) -> Scorecard:
    """Measure a model on labelled rows: what it caught and missed, in counts and in money.

    Parameters
    ----------
    labels
        (rows,): 1 for positive, 0 for negative.
    scores
        (rows,): probability of the positive class, 0 to 1.
    threshold
        Decision threshold: a row is an alarm where score >= threshold.
    amounts
        (rows,): money at stake; no money in the card where a miss is priced by it and it is not
        given.
    costs
        What mistakes and work cost, as under `costs` in a use case's file: `{"missed":
        {"of_amount": 1}, "false_alarm": 5, "review": 2}`; no money in the card without them.
    capacity
        Reviews that the team can make in these rows.
    label_seen
        (rows,): True where the label has come; `labels` is not looked at elsewhere.
    min_positives
        With fewer positives the card's status is `too few positives`.

    Raises
    ------
    InputError
        No rows, arrays of different lengths, pandas Series of which not all have the same index in
        the same order (what has none is matched by place), a score that is missing or outside 0
        to 1, a label that is neither 0 nor 1, a positive with a negative amount, costs below 0, a
        threshold or a capacity that is not a number. A positive whose amount is missing is taken
        to be the mean of the others, and counted in `money.unpriced`.

    Examples
    --------
    >>> from monitoring import scorecard
    >>> card = scorecard([0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], threshold=0.5)
    >>> card.detected, card.missed, card.false_alarms
    (1, 1, 1)
    >>> card.status.value
    'too few positives'

    In money: a missed positive loses its amount, a false alarm costs 5, a review 2.

    >>> costs = {"missed": {"of_amount": 1}, "false_alarm": 5, "review": 2}
    >>> labels, scores, amounts = [0, 0, 1, 1], [0.1, 0.6, 0.4, 0.9], [20, 30, 100, 500]
    >>> card = scorecard(labels, scores, threshold=0.5, amounts=amounts, costs=costs)
    >>> card.money.caught, card.money.missed, card.money.net_saving
    (500.0, 100.0, 491.0)
    """
    check_same_rows(labels=labels, scores=scores, amounts=amounts, label_seen=label_seen)
    threshold, reviews = threshold_of(threshold), reviews_of(capacity)
    score = scores_of(scores)
    label = _label(labels, label_seen, len(score))
    amount = None if amounts is None else amounts_of(amounts, priced=label == POSITIVE)
    return scorecard_within(
        score_histograms(score, label, amount, score_row_edges(score, threshold)),
        threshold=threshold,
        costs=_costs(costs),
        reviews=reviews,
        min_positives=min_positives,
    )


def estimate(
    scores: ArrayLike,
    *,
    threshold: float,
    calibrated_on: Scorecard | Summary,
    amounts: ArrayLike | None = None,
    costs: Costs | Mapping[str, object] | None = None,
    min_positives: int = 30,
) -> Estimate:
    """Estimate what a model will have done on rows whose labels have not come (label delay).

    The estimate is confidence-based (CBPE), and blind to concept drift.

    Parameters
    ----------
    scores
        (rows,): probability of the positive class, 0 to 1.
    threshold
        Decision threshold, the one of `calibrated_on`.
    calibrated_on
        The scorecard, or the summary, of labelled rows that the model was not trained on.
    amounts, costs
        For the expected cost; as in `scorecard`.
    min_positives
        With fewer positives expected the estimate's status is `too few positives`.

    Raises
    ------
    InputError
        As `scorecard` does; or `calibrated_on` is of another threshold, or has no scores.
    InputTypeError
        `calibrated_on` is neither a scorecard nor a summary.

    Examples
    --------
    Of the labelled rows, one in ten scored 0.1 was positive, and nine in ten scored 0.9.

    >>> from monitoring import estimate, scorecard
    >>> labels = ([1] + [0] * 9) * 100 + ([1] * 9 + [0]) * 100
    >>> known = scorecard(labels, [0.1] * 1000 + [0.9] * 1000, threshold=0.5)
    >>> expected = estimate([0.1] * 500 + [0.9] * 100, threshold=0.5, calibrated_on=known)
    >>> round(expected.positives), round(expected.recall.value, 2)
    (140, 0.64)
    """
    check_same_rows(scores=scores, amounts=amounts)
    threshold = threshold_of(threshold)
    score = scores_of(scores)
    amount = None
    if amounts is not None:
        amount = amounts_of(amounts, priced=np.ones(len(score), dtype=bool))
    unknown = np.full(len(score), UNLABELLED, dtype=np.int8)
    return estimate_from(
        score_histograms(score, unknown, amount, score_row_edges(score, threshold)),
        _calibration(calibrated_on, threshold),
        threshold=threshold,
        costs=_costs(costs),
        min_positives=min_positives,
    )


def _costs(costs: Costs | Mapping[str, object] | None) -> Costs | None:
    try:
        return None if costs is None else Costs.model_validate(costs)
    except ValidationError as error:
        lines = wrong_fields(error, "costs")
        msg = "\n  ".join(["costs: invalid, see `costs` in a use-case file", *lines])
        raise InputError(msg) from error


def _calibration(known: object, threshold: float) -> Calibration | None:
    if isinstance(known, Scorecard):
        if known.threshold != threshold:
            msg = (
                f"threshold {threshold!r} is not that of the scorecard, {known.threshold!r}: make "
                "the scorecard of the labelled rows at the threshold to estimate at"
            )
            raise InputError(msg)
        return known.calibration
    if not isinstance(known, Summary):
        msg = (
            f"calibrated_on: {type(known).__name__} does not show how scores are calibrated; "
            "give the scorecard, or the summary, of labelled rows that the model was not trained on"
        )
        raise InputTypeError(msg)
    if known.scores is None:
        msg = "calibrated_on: this summary has no scores; summarise rows that the model scored"
        raise InputError(msg)
    return calibration((known.scores,), first_flagged(known.scores, threshold))


def _label(labels: ArrayLike, label_seen: ArrayLike | None, rows: int) -> NDArray[np.int8]:
    seen = None if label_seen is None else labels_of(label_seen, rows, "label_seen")
    label = labels_of(labels, rows, seen=seen).astype(np.int8)
    if seen is not None:
        label[~seen] = UNLABELLED
    return label
