"""Gate words: a comparison of two models as people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from monitoring.performance.paired_comparison import Comparison
    from monitoring.use_case import UseCase


def told(found: Comparison, case: UseCase) -> str:
    """Say what both models cost and caught, and on what."""
    on = f"{found.rows:,} rows with {found.positives:,} {case.words.positives}"
    return f"{_cost(found, case)}; {_recall(found)}; on {on} that neither learned from"


def _cost(found: Comparison, case: UseCase) -> str:
    if found.cost is None or found.new_cost is None or found.old_cost is None:
        return "cost unknown"
    currency = case.costs.currency
    words = f"{found.new_cost:.4f} {currency} a row against the champion's {found.old_cost:.4f}"
    change, low, high = found.cost.value, found.cost.low, found.cost.high
    if found.old_cost > 0:
        change, low, high = (value / found.old_cost for value in (change, low, high))
        words += f" ({change:+.0%}, 95% between {low:+.0%} and {high:+.0%})"
    else:
        words += f" ({change:+.4f}, 95% between {low:+.4f} and {high:+.4f})"
    unpriced = found.rows - found.priced
    return f"{words}, {unpriced} without an amount left out" if unpriced else words


def _recall(found: Comparison) -> str:
    change, low, high = (
        100 * value for value in (found.recall.value, found.recall.low, found.recall.high)
    )
    return (
        f"recall {found.new_recall:.0%} against {found.old_recall:.0%} "
        f"({change:+.0f} points, 95% between {low:+.0f} and {high:+.0f})"
    )
