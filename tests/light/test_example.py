"""The example of comparing tables runs, in the light installation too."""

import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "compare_tables.py"


def test_the_example_prints_drift_performance_and_an_estimate(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLE],
        cwd=tmp_path,
        env={"PYTHONPATH": str(EXAMPLE.parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.count("2 of 3 features drifted (67%), above the limit of 30%") == 2
    assert "Recall 39%" in done.stdout
    assert "Estimated recall" in done.stdout
    assert list(tmp_path.iterdir()) == []
