"""The DAG files: they parse, they are light, and they hold every step by its name."""

import subprocess
import sys
from pathlib import Path

from monitoring.use_case_file import use_case_files
from tests.dags.conftest import DAGS, Airflow
from tests.fixtures.tiny import write_tiny

HEAVY = ("pandas", "numpy", "sklearn", "mlflow", "evidently", "scipy", "matplotlib", "skops",
         "xgboost", "lightgbm", "pandera", "pyarrow", "duckdb")  # fmt: skip


def test_dag_files_import_nothing_heavy() -> None:
    """What Airflow itself brings is not ours to answer for: only what the files add counts."""
    files = [str(path) for path in DAGS.glob("*.py")]
    assert len(files) == 4
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, *files, *HEAVY],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert child.stdout.strip() == ""


_CHILD = """
import sys
import airflow.sdk
import airflow.providers.standard.operators.trigger_dagrun
before = set(sys.modules)
import runpy
for file in sys.argv[1:5]:
    runpy.run_path(file)
print(*sorted((set(sys.modules) - before) & set(sys.argv[5:])))
"""


def test_a_broken_use_case_is_an_import_error_of_its_own_and_costs_no_other_its_dags(
    airflow: Airflow, tmp_path: Path
) -> None:
    write_tiny("sound", tmp_path, rows=500)
    folder = tmp_path / "use_cases"
    broken = (folder / "sound.yml").read_text("utf-8").replace("2026-01-01", "2024-02-30")
    (folder / "late.yml").write_text(broken.replace("name: sound", "name: late"), encoding="utf-8")
    found = airflow.found(tmp_path)
    cases = {*use_case_files(), "sound"}
    assert sorted(found["dags"]) == sorted(
        f"{dag}_{c}" for dag in ("reporting", "retrain", "status") for c in cases
    )
    assert list(found["errors"]) == ["use_case_files.py"]
    error = found["errors"]["use_case_files.py"]
    assert f"late: {folder}/late.yml: 1 error" in error
    assert "day" in error
    assert "2024-02-30" in error


def test_without_its_folder_of_use_cases_no_dag_runs_a_shipped_one_in_place_of_another(
    airflow: Airflow, tmp_path: Path
) -> None:
    found = airflow.found(tmp_path)
    assert found["dags"] == {}
    assert list(found["errors"]) == ["reporting.py", "retrain.py", "status.py", "use_case_files.py"]
    for error in found["errors"].values():
        assert f"TOCSIN_USE_CASES={tmp_path}/use_cases can't be read" in error
