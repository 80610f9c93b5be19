"""Tocsin watches deployed tabular classifiers and tells their owners when to act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitoring.comparison.compare import compare
    from monitoring.scorecards import estimate, scorecard

__all__ = ["compare", "estimate", "scorecard"]


def __getattr__(name: str) -> Any:
    """Import a door when it is first used: the package itself stays light."""
    if name == "compare":
        from monitoring.comparison.compare import compare

        return compare
    if name in ("scorecard", "estimate"):
        from monitoring import scorecards

        return getattr(scorecards, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
