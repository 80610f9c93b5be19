"""Scorecard and Estimate: what a model did, and what it probably did."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from monitoring.performance.page import html_of
from monitoring.performance.recalibration import Recalibration
from monitoring.performance.record import estimate_record, scorecard_record
from monitoring.performance.words import (
    estimate_figures,
    estimate_headline,
    scorecard_figures,
    scorecard_headline,
    text_of,
)


class CardStatus(StrEnum):
    """Whether the figures may be judged, and if not, why."""

    JUDGED = "judged"
    TOO_FEW_POSITIVES = "too few positives"
    NO_POSITIVES = "no positives"
    NO_LABELS = "no labels"
    NO_ROWS = "no rows"
    NOT_MATURE = "not mature"
    NOT_CALIBRATED = "not calibrated"


@dataclass(frozen=True)
class Ratio:
    """A ratio with its 95% interval; all None where it is not defined.

    From 0 to 1, but for a return on cost, which has no upper end.
    """

    value: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Amount:
    """Money with its 95% interval, in the use case's currency."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Money:
    """Money of a window, in the use case's currency.

    Attributes
    ----------
    caught, missed
        Loss prevented by detected positives; loss of missed ones.
    reviews, false_alarms
        Cost of reviewing every alarm; cost of alarming negatives, on top of their review.
    without_model
        Loss if nothing had been alarmed.
    return_on_cost
        Loss prevented for each unit spent on alarms; not defined where nothing was spent.
    unpriced
        Positives whose amount is missing: each is taken to be the mean of the others.
    """

    caught: float
    missed: float
    reviews: float
    false_alarms: float
    without_model: float
    return_on_cost: Ratio = Ratio(None)
    unpriced: int = 0

    @property
    def cost(self) -> float:
        """Everything the window cost with the model in place."""
        return self.missed + self.reviews + self.false_alarms

    @property
    def net_saving(self) -> float:
        """Cost without the model less cost with it."""
        return self.without_model - self.cost


@dataclass(frozen=True)
class Calibration:
    """How near scores were to the probabilities they claim to be, on rows whose labels came.

    Attributes
    ----------
    expected, positives
        Positives that the scores promised, in the newest labelled rows; positives that came.
    mending
        What makes probabilities of the scores, as far as labels tell.
    p_value
        Of the test that the mended scores are probabilities.
    misplaced
        Share of positives that lie where these don't say, beyond what chance explains.
    """

    expected: float
    positives: int
    mending: Recalibration
    p_value: float
    misplaced: float

    @property
    def holds(self) -> bool:
        """False where even the mended scores are proved wrong, and wrong enough to matter."""
        return self.p_value >= 0.01 or self.misplaced <= 0.1


@dataclass(frozen=True)
class Scorecard:
    """Performance and money at the decision threshold, over rows whose label is known.

    Attributes
    ----------
    rows, labelled, positives
        Rows scored; those with a label; those of them positive.
    coverage
        labelled / rows, before absent labels were given a meaning.
    detected, missed, false_alarms
        True positives, false negatives, false positives at `threshold`.
    false_alarm_rate
        False alarms among negatives.
    precision_at_capacity, recall_at_capacity
        Over the highest scores that the team can review; None without a capacity.
    macro_f1, weighted_f1
        For comparison with other tools only.
    calibration
        What an estimate can rest on; None without labels.
    """

    status: CardStatus
    threshold: float
    rows: int
    labelled: int
    positives: int
    coverage: float | None
    detected: int
    missed: int
    false_alarms: int
    recall: Ratio
    precision: Ratio
    f1: Ratio
    false_alarm_rate: Ratio
    pr_auc: Ratio
    roc_auc: Ratio
    precision_at_capacity: Ratio | None = None
    recall_at_capacity: Ratio | None = None
    money: Money | None = None
    macro_f1: float | None = None
    weighted_f1: float | None = None
    calibration: Calibration | None = None

    @property
    def alarms(self) -> int:
        """Rows alarmed, among the labelled."""
        return self.detected + self.false_alarms

    @property
    def negatives(self) -> int:
        """Labelled rows that are not positive."""
        return self.labelled - self.positives

    def __str__(self) -> str:
        return text_of(scorecard_headline(self), scorecard_figures(self))

    def __repr__(self) -> str:
        return f"<Scorecard {scorecard_headline(self)}>"

    def _repr_html_(self) -> str:
        return html_of(scorecard_headline(self), scorecard_figures(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the card as plain values, for JSON."""
        return scorecard_record(self)


@dataclass(frozen=True)
class Estimate:
    """The same figures for rows whose labels have not come, from calibrated scores.

    It rests on the calibration still holding: concept drift is invisible to it.

    Attributes
    ----------
    positives
        Positives expected among `rows`.
    cost
        Expected cost of the window; None without costs, or where it can't be priced.
    """

    status: CardStatus
    threshold: float
    rows: int
    positives: float
    recall: Ratio
    precision: Ratio
    f1: Ratio
    pr_auc: Ratio
    cost: Amount | None = None

    def __str__(self) -> str:
        return text_of(estimate_headline(self), estimate_figures(self))

    def __repr__(self) -> str:
        return f"<Estimate {estimate_headline(self)}>"

    def _repr_html_(self) -> str:
        return html_of(estimate_headline(self), estimate_figures(self))

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain values, for JSON."""
        return estimate_record(self)
