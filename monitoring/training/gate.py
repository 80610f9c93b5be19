"""The gate: the rule by which a challenger becomes champion, and how its decisions are recorded."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from monitoring.performance.paired_comparison import (
    Comparison,
    Difference,
    RowOutcomes,
    compared,
    row_outcomes,
)
from monitoring.performance.scorecard import CardStatus
from monitoring.rows.rows import POSITIVE, moment64
from monitoring.training.split import days_of, split_at_random

if TYPE_CHECKING:
    from monitoring.rows.rows import Rows
    from monitoring.training.model import Model
    from monitoring.use_case import UseCase


class Rule(StrEnum):
    """The rule that a challenger has to pass."""

    FLOOR = "recall floor"
    """For the first champion: its test recall."""

    SUPERIOR = "superior"
    """It is shown to cost less than the champion."""

    NOT_INFERIOR = "not inferior"
    """It is shown to cost no more than the use case's margin above the champion."""


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
    """

    rule: Rule
    outcome: Outcome
    reason: str
    rows: int
    positives: int
    compared: Comparison | None = None

    @property
    def promote(self) -> bool:
        """Whether the challenger is to serve."""
        return self.outcome is Outcome.PROMOTED

    @property
    def waiting(self) -> bool:
        """Whether drift asked for the retrain, and too few labels have come to decide."""
        return self.rule is Rule.NOT_INFERIOR and self.outcome is Outcome.UNDECIDED


def gate(
    challenger: Model, champion: Model | None, rows: Rows, case: UseCase, *, drift_asked: bool
) -> GateDecision:
    """Decide whether a challenger takes over.

    The first one must not be proved worse than `retrain.recall_floor` on its test rows. A later
    one is compared with the champion on the newest labelled rows that neither was trained or
    tuned on, by the 95% intervals of a paired bootstrap:

    - cost: all of the interval lies below 0 (superior) or, where drift asked for the retrain,
      no higher than `retrain.not_inferior_within` of the champion's cost (not inferior);
    - recall: none of the interval lies lower than `retrain.recall_not_worse_by` below 0.

    With fewer than `min_positives` positives, `drift.min_rows` rows, or rows of one moment only,
    nothing is decided and the champion stays.

    Parameters
    ----------
    rows
        The labelled rows of this retrain, in order of event time.
    drift_asked
        Whether drift asked for the retrain; else new rows, or a person.
    """
    if champion is None:
        return _first(challenger, case)
    rule = Rule.NOT_INFERIOR if drift_asked else Rule.SUPERIOR
    unseen = _unseen(rows, challenger, champion, case)
    positives = int((unseen.label == POSITIVE).sum())
    lacking = _lacking(unseen, positives, case)
    if lacking:
        reason = f"only {lacking} that neither model has seen: the champion stays"
        return GateDecision(rule, Outcome.UNDECIDED, reason, len(unseen), positives)
    comparison = compared(
        outcomes_of(challenger, unseen, case),
        outcomes_of(champion, unseen, case),
        unseen.label == POSITIVE,
        unseen.weight,
    )
    failed = _failed(rule, comparison, case)
    outcome = Outcome.LOST if failed else Outcome.PROMOTED
    reason = f"{failed or rule.value}: {_comparison_text(comparison, case)}"
    return GateDecision(rule, outcome, reason, len(unseen), positives, comparison)


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


def _failed(rule: Rule, comparison: Comparison, case: UseCase) -> str | None:
    """Return what the challenger failed; None if it takes over."""
    if comparison.cost is None or comparison.old_cost is None:
        return "positives without amounts can't be priced, so the champion stays"
    allowed = case.retrain.recall_not_worse_by
    margin = case.retrain.not_inferior_within
    if rule is Rule.SUPERIOR and comparison.cost.high >= 0:
        return "not shown to be superior"
    if rule is Rule.NOT_INFERIOR and comparison.cost.high > margin * comparison.old_cost:
        return f"not shown to cost within {margin:.0%} of the champion"
    if comparison.recall.low < -allowed:
        return f"not shown to keep recall within {100 * allowed:g} points"
    return None


def _lacking(unseen: Rows, positives: int, case: UseCase) -> str:
    """Return what there is too little of; empty if there is enough."""
    wants = []
    if len(unseen) < case.drift.min_rows:
        wants.append(f"{len(unseen):,} of the {case.drift.min_rows} rows")
    if positives < case.min_positives:
        wants.append(f"{positives} of the {case.min_positives} {case.words.positives}")
    if wants:
        return f"{' and '.join(wants)} that a decision needs"
    return "rows of one moment" if days_of(unseen) == 0 else ""


def _unseen(rows: Rows, challenger: Model, champion: Model, case: UseCase) -> Rows:
    """Return the labelled rows that neither has learned from; blocked ones have others for them.

    By a split at random the challenger has left out its test part; what of that is newer than
    the champion is new to both.
    """
    if case.split.by == "random":
        mine = split_at_random(rows, case.split).test
        unseen = mine.take(mine.event_time > moment64(champion.trained_as_of)).labelled
    else:
        newest_seen = moment64(max(challenger.trained_as_of, champion.trained_as_of))
        unseen = rows.take(rows.event_time > newest_seen).labelled
    return unseen if unseen.weight is None else unseen.take(unseen.weight > 0)


def outcomes_of(model: Model, rows: Rows, case: UseCase) -> RowOutcomes:
    """Return what each labelled row would have cost with a model in service."""
    return row_outcomes(
        model.score(rows.features),
        rows.label,
        threshold=model.threshold,
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
        "gate.reason": decision.reason,
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
            **_difference_tags("cost", comparison.cost),
        }
    return tags


def _difference_tags(of: str, difference: Difference) -> dict[str, str]:
    bounds = {"": difference.value, "_low": difference.low, "_high": difference.high}
    return {f"gate.{of}_difference{bound}": repr(value) for bound, value in bounds.items()}


def _comparison_text(comparison: Comparison, case: UseCase) -> str:
    """Return both models' cost and recall as one clause, and the rows they are of."""
    on = f"{comparison.rows:,} rows with {comparison.positives:,} {case.words.positives}"
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
