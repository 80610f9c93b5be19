"""The generated parts of the pages, by the names that stand in their markers."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from monitoring.manual.command_pages import command_pages
from monitoring.manual.generated_pages import Parts
from monitoring.manual.metric_tables import metrics_table, thresholds_table
from monitoring.manual.python_api import errors, functions, results
from monitoring.manual.settings_table import ports_table, secrets_table, settings_table
from monitoring.manual.use_case_fields import use_case_fields
from monitoring.use_case import UseCase


def parts(cases: Sequence[UseCase], root: Any) -> Parts:
    """Return what makes each part.

    Parameters
    ----------
    cases
        Those whose short names and thresholds are shown, in the order of their names.
    root
        The command `tocsin`.
    """
    return {
        "commands": partial(command_pages, root),
        "errors": errors,
        "functions": functions,
        "metrics": partial(metrics_table, cases),
        "ports": ports_table,
        "results": results,
        "secrets": secrets_table,
        "settings": settings_table,
        "thresholds": partial(thresholds_table, cases),
        "use-case": use_case_fields,
    }
