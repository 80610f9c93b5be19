"""Gate record: a decision as tags of the challenger's version."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.performance.paired_comparison import Difference
    from monitoring.training.gate import GateDecision


def gate_tags(decision: GateDecision) -> dict[str, str]:
    """Return the rule, what came of it and every number it rests on; what is unknown is absent.

    Costs are of a row, in the use case's currency; differences are the challenger's less the
    champion's, with the ends of their 95% intervals.
    """
    told = {
        "gate.rule": decision.rule.value,
        "gate.outcome": decision.outcome.value,
        "gate.reason": decision.reason,
        "gate.rows": str(decision.rows),
        "gate.positives": str(decision.positives),
    }
    found = decision.compared
    if found is None:
        return told
    told |= {
        "gate.challenger_recall": repr(found.new_recall),
        "gate.champion_recall": repr(found.old_recall),
        **_difference("recall", found.recall),
    }
    if found.cost is not None:
        told |= {
            "gate.challenger_cost": repr(found.new_cost),
            "gate.champion_cost": repr(found.old_cost),
            "gate.priced_rows": str(found.priced),
            **_difference("cost", found.cost),
        }
    return told


def _difference(of: str, found: Difference) -> dict[str, str]:
    bounds = {"": found.value, "_low": found.low, "_high": found.high}
    return {f"gate.{of}_difference{bound}": repr(value) for bound, value in bounds.items()}
