"""Tocsin watches deployed tabular classifiers and notifies their owners when to act.

What is listed in `__all__` is the public API, described in docs/reference/python-api.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from monitoring.errors import missing_part

if TYPE_CHECKING:
    from monitoring.comparison.compare import compare, fit, summarise
    from monitoring.drift.detection import VerdictError
    from monitoring.drift.verdict import Verdict
    from monitoring.errors import InputError, InputTypeError, TocsinError
    from monitoring.performance.estimate import Estimate
    from monitoring.performance.scorecard import Scorecard
    from monitoring.scorecards import estimate, scorecard
    from monitoring.store.database_failure import StoreError
    from monitoring.store.production_store import open_store
    from monitoring.summary.as_json import FormatError
    from monitoring.summary.files import load, save
    from monitoring.summary.merge import MergeError, merge
    from monitoring.summary.profile import FitError
    from monitoring.summary.table import TableError
    from monitoring.summary.types import Reference, Summary

    __version__: str

_MODULES = {
    "compare": "comparison.compare",
    "fit": "comparison.compare",
    "summarise": "comparison.compare",
    "merge": "summary.merge",
    "save": "summary.files",
    "load": "summary.files",
    "scorecard": "scorecards",
    "estimate": "scorecards",
    "open_store": "store.production_store",
    "Verdict": "drift.verdict",
    "Scorecard": "performance.scorecard",
    "Estimate": "performance.estimate",
    "Reference": "summary.types",
    "Summary": "summary.types",
    "TocsinError": "errors",
    "InputError": "errors",
    "InputTypeError": "errors",
    "FitError": "summary.profile",
    "FormatError": "summary.as_json",
    "MergeError": "summary.merge",
    "StoreError": "store.database",
    "TableError": "summary.table",
    "VerdictError": "drift.detection",
}

__all__ = [
    "Estimate",
    "FitError",
    "FormatError",
    "InputError",
    "InputTypeError",
    "MergeError",
    "Reference",
    "Scorecard",
    "StoreError",
    "Summary",
    "TableError",
    "TocsinError",
    "Verdict",
    "VerdictError",
    "__version__",
    "compare",
    "estimate",
    "fit",
    "load",
    "merge",
    "open_store",
    "save",
    "scorecard",
    "summarise",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used: the package itself stays light."""
    value: Any
    if name == "__version__":
        from importlib.metadata import version

        value = version("tocsin")
    elif name in _MODULES:
        try:
            value = getattr(import_module(f"monitoring.{_MODULES[name]}"), name)
        except ModuleNotFoundError as error:
            raise missing_part(error) from error
    else:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
