"""The DAG files: they parse, they are light, and they hold every step by its name."""

import subprocess
import sys
from pathlib import Path

import pytest

DAGS = Path(__file__).parents[2] / "airflow" / "dags"
HEAVY = ("pandas", "numpy", "sklearn", "mlflow", "evidently", "scipy", "matplotlib", "skops",
         "xgboost", "lightgbm", "pandera", "pyarrow", "duckdb")  # fmt: skip


@pytest.mark.parametrize("file", ["retrain.py", "reporting.py"])
def test_a_dag_file_imports_nothing_heavy(file: str) -> None:
    """What Airflow itself brings is not ours to answer for: only what the file adds counts."""
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, str(DAGS / file), *HEAVY],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert child.stdout.strip() == ""


_CHILD = """
import sys
import airflow.sdk
import airflow.providers.standard.operators.trigger_dagrun
before = set(sys.modules)
import runpy
runpy.run_path(sys.argv[1])
print(*sorted((set(sys.modules) - before) & set(sys.argv[2:])))
"""
