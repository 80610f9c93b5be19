"""Airflow's scheduler, which has imported before its first task what tasks import.

A task of the LocalExecutor is a fork of the scheduler's, so that it begins with all that the
scheduler has imported: else each imports pandas, scikit-learn, MLflow and the steps anew.

``python -m monitoring.stack.scheduler [OPTION...]`` takes the options of ``airflow scheduler``.
"""

from __future__ import annotations

import runpy
import sys
from importlib import import_module
from pkgutil import walk_packages

from monitoring import steps

_LIBRARIES = ("duckdb", "lightgbm", "mlflow", "pandera", "sklearn", "skops.io", "xgboost")
"""What steps import only where they use it, and nearly every task does."""


def import_what_tasks_use() -> None:
    """Import the modules of all steps, and the libraries."""
    found = (module.name for module in walk_packages(steps.__path__, f"{steps.__name__}."))
    for name in (*found, *_LIBRARIES):
        import_module(name)


def main() -> None:
    """Run the scheduler until it is stopped."""
    import_what_tasks_use()
    sys.argv = ["airflow", "scheduler", *sys.argv[1:]]
    runpy.run_module("airflow", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
