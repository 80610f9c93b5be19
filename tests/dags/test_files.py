"""The DAG files: they parse, they are light, and they hold every step by its name."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from monitoring.use_case_file import use_case_files
from tests.fixtures.tiny import write_tiny

DAGS = Path(__file__).parents[2] / "airflow" / "dags"
HEAVY = ("pandas", "numpy", "sklearn", "mlflow", "evidently", "scipy", "matplotlib", "skops",
         "xgboost", "lightgbm", "pandera", "pyarrow", "duckdb")  # fmt: skip


@pytest.mark.parametrize("file", ["retrain.py", "reporting.py", "use_case_files.py"])
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


def test_a_broken_use_case_is_an_import_error_of_its_own_and_costs_no_other_its_dags(
    tmp_path: Path,
) -> None:
    write_tiny("sound", tmp_path)
    folder = tmp_path / "use_cases"
    broken = (folder / "sound.yml").read_text("utf-8").replace("2026-01-01", "2024-02-30")
    (folder / "late.yml").write_text(broken.replace("name: sound", "name: late"), encoding="utf-8")
    found = bagged(tmp_path)
    cases = {"sound", *use_case_files()}
    assert found["dags"] == sorted(f"{dag}_{c}" for dag in ("reporting", "retrain") for c in cases)
    assert list(found["errors"]) == ["use_case_files.py"]
    error = found["errors"]["use_case_files.py"]
    assert f"late: {folder}/late.yml: 1 error" in error
    assert "day" in error
    assert "2024-02-30" in error


def test_without_its_folder_of_use_cases_no_dag_runs_a_shipped_one_in_place_of_another(
    tmp_path: Path,
) -> None:
    found = bagged(tmp_path)
    assert found["dags"] == []
    assert list(found["errors"]) == ["reporting.py", "retrain.py", "use_case_files.py"]
    for error in found["errors"].values():
        assert f"TOCSIN_USE_CASES={tmp_path}/use_cases can't be read" in error


def bagged(folder: Path) -> dict[str, Any]:
    """Return the DAGs and the import errors that Airflow finds, with `folder`'s use cases."""
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "TOCSIN"))},
        "AIRFLOW_HOME": str(folder / "airflow"),
        "TOCSIN_STATE": str(folder / "state"),
        "TOCSIN_USE_CASES": str(folder / "use_cases"),
    }
    child = subprocess.run(
        [sys.executable, "-c", _BAG, str(DAGS)],
        env=environment, cwd=folder, capture_output=True, text=True, check=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


_BAG = """
import json, sys
from pathlib import Path
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1], bundle_path=Path(sys.argv[1]))
print(json.dumps({"dags": sorted(bag.dags), "errors": dict(sorted(bag.import_errors.items()))}))
"""
