"""The gate: the rule by which a challenger becomes champion, and how its decisions are recorded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from monitoring.performance.paired_comparison import (
    Comparison,
    Difference,
    RowOutcomes,
    compared,
    row_outcomes,
)
from monitoring.performance.scorecard import CardStatus
from monitoring.rows.rows import POSITIVE, UNLABELLED, moment64, places_of
from monitoring.training.split import days_of
from monitoring.training.versions import GATE_REASON
from monitoring.wording import several

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from monitoring.rows.rows import Rows
    from monitoring.training.model import Model
    from monitoring.use_case import UseCase


class Rule(StrEnum):
    """The rule that a challenger has to pass."""

    FLOOR = "recall floor"
    """For the first champion: its test recall."""

    CHEAPER = "cheaper"
    """It is as sure as the use case asks that it costs less than the champion."""


class Outcome(StrEnum):
    """The gate's decision on a challenger."""

    PROMOTED = "promoted"
    LOST = "lost"
    UNDECIDED = "undecided"
    """Too few rows that neither model has seen."""


@dataclass(frozen=True)
class GateDecision:
    """Whether the challenger takes over, why, and the figures behind it.

    Attributes
    ----------
    rows, positives
        Labelled rows that the decision rests on.
    compared
        Both models on them; None for the first champion, and where there are too few.
    drift_asked
        Whether drift asked for the retrain.
    """

    rule: Rule
    outcome: Outcome
    reason: str
    rows: int
    positives: int
    compared: Comparison | None = None
    drift_asked: bool = False

    @property
    def promote(self) -> bool:
        """Whether the challenger is to serve."""
        return self.outcome is Outcome.PROMOTED

    @property
    def waiting(self) -> bool:
        """Whether drift asked for the retrain, and too few labels have come to decide."""
        return self.drift_asked and self.outcome is Outcome.UNDECIDED


def gate(
    challenger: Model,
    champion: Model | None,
    rows: Rows,
    case: UseCase,
    *,
    drift_asked: bool,
    hold: str | None = None,
) -> GateDecision:
    """Decide whether a challenger takes over.

    The first one must not be proved worse than `retrain.recall_floor` on its test rows. A later
    one is compared with the champion by a paired bootstrap, on the newest labelled rows that
    neither had learned from when it scored them: the challenger's prequential scores, and the
    champion's, which of rows that it learned from since are prequential too.

    - cost: the challenger costs less in `retrain.sure` of the resamples;
    - recall: it is not lower by more than `retrain.recall_not_worse_by`.

    With fewer than `min_positives` positives, `drift.min_rows` rows, or rows of one moment only,
    nothing is decided and the champion stays.

    Parameters
    ----------
    rows
        The labelled rows of this retrain, in order of event time.
    drift_asked
        Whether drift asked for the retrain; else new rows, or a person.
    hold
        Why nothing is promoted until a person has looked; None where nothing is held.
    """
    if champion is None:
        return _first(challenger, case)
    pair = _paired(rows, challenger, champion, case)
    lacking = _lacking(pair.rows, case)
    positive = pair.rows.label == POSITIVE
    counts = (len(pair.rows), int(positive.sum()))
    if lacking:
        reason = f"only {lacking} that neither model has seen: the champion stays"
        return GateDecision(
            Rule.CHEAPER, Outcome.UNDECIDED, reason, *counts, drift_asked=drift_asked
        )
    comparison = compared(pair.challenger, pair.champion, positive, pair.rows.weight)
    failed = _failed(comparison, case) or hold
    outcome = Outcome.LOST if failed else Outcome.PROMOTED
    reason = f"{failed or 'likely to cost less'}: {_comparison_text(comparison, case)}"
    return GateDecision(Rule.CHEAPER, outcome, reason, *counts, comparison, drift_asked)


def _first(challenger: Model, case: UseCase) -> GateDecision:
    card, floor = challenger.test, case.retrain.recall_floor
    judgeable = card.status is CardStatus.JUDGED
    # With few positives, the interval shows whether the floor can still be met.
    recall = card.recall.value if judgeable else card.recall.high
    words = f"recall {card.recall.value or 0:.0%} of {card.positives} {case.words.positives}"
    if recall is not None and recall < floor:
        outcome = Outcome.LOST
        reason = f"no champion yet, but test {words} is below the floor of {floor:.0%}"
    else:
        outcome = Outcome.PROMOTED
        unheld = "" if judgeable else f" ({card.status}: not tested against the floor)"
        reason = f"the first champion, with test {words}{unheld}"
    return GateDecision(Rule.FLOOR, outcome, reason, card.labelled, card.positives)


def _failed(comparison: Comparison, case: UseCase) -> str | None:
    """Return what the challenger failed; None if it takes over."""
    if comparison.cost is None or comparison.old_cost is None:
        return "positives without amounts can't be priced, so the champion stays"
    sure, allowed = case.retrain.sure, case.retrain.recall_not_worse_by
    if comparison.cost.below < sure:
        return (
            f"not sure to cost less ({comparison.cost.below:.0%} of the {sure:.0%} that are wanted)"
        )
    if comparison.recall.value < -allowed:
        return f"recall would fall by more than {100 * allowed:g} points"
    return None


def _lacking(unseen: Rows, case: UseCase) -> str:
    """Return what there is too little of; empty if there is enough."""
    wants = []
    positives = int((unseen.label == POSITIVE).sum())
    if len(unseen) < case.drift.min_rows:
        wants.append(f"{len(unseen):,} of the {case.drift.min_rows} rows")
    if positives < case.min_positives:
        wants.append(f"{positives} of the {case.min_positives} {case.words.positives}")
    if wants:
        return f"{' and '.join(wants)} that a decision needs"
    return "rows of one moment" if days_of(unseen) == 0 else ""


@dataclass(frozen=True, eq=False)
class _Paired:
    """Labelled rows, and what each model came to on them before it had learned from them."""

    rows: Rows
    challenger: RowOutcomes
    champion: RowOutcomes


def _paired(rows: Rows, challenger: Model, champion: Model, case: UseCase) -> _Paired:
    """Return the rows that both models decided on unseen; blocked ones have others for them."""
    mine, theirs = (_held_out_places(model, rows) for model in (challenger, champion))
    live = rows.event_time > moment64(champion.trained_as_of)
    usable = (mine >= 0) & (live | (theirs >= 0)) & (rows.label != UNLABELLED)
    if rows.weight is not None:
        usable &= rows.weight > 0
    both, live = rows.take(usable), live[usable]
    new_score, new_alarm = _held_out(challenger, mine[usable])
    score, alarm = _held_out(champion, theirs[usable])
    score[live] = champion.score(both.features[live])
    alarm[live] = score[live] >= champion.threshold
    return _Paired(
        both,
        decided_outcomes(both, new_score, new_alarm, case),
        decided_outcomes(both, score, alarm, case),
    )


def _held_out_places(model: Model, rows: Rows) -> NDArray[np.intp]:
    """Return where a model's prequential scores of rows are; -1 where it has none."""
    if model.held_out is None:
        return np.full(len(rows), -1, np.intp)
    return places_of(rows.row_id, model.held_out.row_id)


def _held_out(
    model: Model, places: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return prequential scores and alarms by their places; of those it has none of, any."""
    if model.held_out is None or len(model.held_out.row_id) == 0:
        return np.zeros(len(places)), np.zeros(len(places), np.bool_)
    return model.held_out.score[places], model.held_out.alarm[places]


def outcomes_of(model: Model, rows: Rows, case: UseCase) -> RowOutcomes:
    """Return what each labelled row would have cost with a model in service."""
    score = model.score(rows.features)
    return decided_outcomes(rows, score, score >= model.threshold, case)


def decided_outcomes(
    rows: Rows, score: NDArray[np.float64], alarm: NDArray[np.bool_], case: UseCase
) -> RowOutcomes:
    """Return what each labelled row came to by scores of it, and the decisions on them."""
    return row_outcomes(
        score,
        alarm,
        rows.label,
        amounts=rows.amount,
        event_times=rows.event_time,
        costs=case.costs,
    )


def gate_tags(decision: GateDecision) -> dict[str, str]:
    """Return rule, outcome and every number of a decision as tags of the version.

    What is unknown is absent. Costs are per row, in the use case's currency; differences are the
    challenger's less the champion's, with the ends of their 95% intervals.
    """
    tags = {
        "gate.rule": decision.rule.value,
        "gate.outcome": decision.outcome.value,
        GATE_REASON: decision.reason,
        "gate.rows": str(decision.rows),
        "gate.positives": str(decision.positives),
    }
    comparison = decision.compared
    if comparison is None:
        return tags
    tags |= {
        "gate.challenger_recall": repr(comparison.new_recall),
        "gate.champion_recall": repr(comparison.old_recall),
        **_difference_tags("recall", comparison.recall),
    }
    if comparison.cost is not None:
        tags |= {
            "gate.challenger_cost": repr(comparison.new_cost),
            "gate.champion_cost": repr(comparison.old_cost),
            "gate.priced_rows": str(comparison.priced),
            "gate.sure": repr(comparison.cost.below),
            **_difference_tags("cost", comparison.cost),
        }
    return tags


def _difference_tags(of: str, difference: Difference) -> dict[str, str]:
    bounds = {"": difference.value, "_low": difference.low, "_high": difference.high}
    return {f"gate.{of}_difference{bound}": repr(value) for bound, value in bounds.items()}


def _comparison_text(comparison: Comparison, case: UseCase) -> str:
    """Return both models' cost and recall as one clause, and the rows they are of."""
    found = several(comparison.positives, case.words.positive, case.words.positives)
    on = f"{several(comparison.rows, 'row')} with {found}"
    figures = f"{_cost_text(comparison, case)}; {_recall_text(comparison)}"
    return f"{figures}; on {on} that neither has learned from"


def _cost_text(comparison: Comparison, case: UseCase) -> str:
    if comparison.cost is None or comparison.new_cost is None or comparison.old_cost is None:
        return "cost unknown"
    currency = case.costs.currency
    words = (
        f"{comparison.new_cost:.4f} {currency} per row "
        f"against the champion's {comparison.old_cost:.4f}"
    )
    change, low, high = comparison.cost.value, comparison.cost.low, comparison.cost.high
    if comparison.old_cost > 0:
        change, low, high = (value / comparison.old_cost for value in (change, low, high))
        words += f" ({change:+.0%}, 95% between {low:+.0%} and {high:+.0%})"
    else:
        words += f" ({change:+.4f}, 95% between {low:+.4f} and {high:+.4f})"
    unpriced = comparison.rows - comparison.priced
    return f"{words}, {unpriced} without an amount left out" if unpriced else words


def _recall_text(comparison: Comparison) -> str:
    change, low, high = (
        100 * value
        for value in (comparison.recall.value, comparison.recall.low, comparison.recall.high)
    )
    return (
        f"recall {comparison.new_recall:.0%} against {comparison.old_recall:.0%} "
        f"({change:+.0f} points, 95% between {low:+.0f} and {high:+.0f})"
    )
