"""Tocsin watches deployed tabular classifiers and tells their owners when to act."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from monitoring.comparison.compare import compare
    from monitoring.comparison.summaries import fit, summarise
    from monitoring.scorecards import estimate, scorecard
    from monitoring.summary.files import save
    from monitoring.summary.merge import merge

__all__ = ["compare", "estimate", "fit", "merge", "save", "scorecard", "summarise"]

_DOORS = {
    "compare": "monitoring.comparison.compare",
    "fit": "monitoring.comparison.summaries",
    "summarise": "monitoring.comparison.summaries",
    "save": "monitoring.summary.files",
    "merge": "monitoring.summary.merge",
    "scorecard": "monitoring.scorecards",
    "estimate": "monitoring.scorecards",
}


def __getattr__(name: str) -> Any:
    """Import a door when it is first used: the package itself stays light."""
    if name not in _DOORS:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(_DOORS[name]), name)
