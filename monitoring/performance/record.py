"""Record: scorecards and estimates as plain values, for JSON and for tables."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitoring.performance.types import Estimate, Money, Scorecard


def scorecard_record(card: Scorecard) -> dict[str, Any]:
    """Return the whole card; a ratio is a dict of value, low and high."""
    return {
        **asdict(card),
        "status": card.status.value,
        "alarms": card.alarms,
        "negatives": card.negatives,
        "money": None if card.money is None else money_record(card.money),
    }


def money_record(money: Money) -> dict[str, Any]:
    """Return the money, its sums included."""
    return {
        **asdict(money),
        "cost": money.cost,
        "net_saving": money.net_saving,
    }


def estimate_record(estimate: Estimate) -> dict[str, Any]:
    """Return the whole estimate; a ratio is a dict of value, low and high."""
    return {**asdict(estimate), "status": estimate.status.value}
