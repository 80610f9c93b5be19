"""What is said where a library of the stack is missing: its name, and what to install."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

import monitoring
from monitoring.errors import TocsinError

pytestmark = pytest.mark.skipif(
    find_spec("sqlalchemy") is not None, reason="the stack is installed: see `make test-light`"
)

ADVICE = "pip install 'tocsin[stack]'"


def tocsin(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "monitoring.cli", *arguments]
    root = str(Path(monitoring.__file__).parents[1])
    return subprocess.run(
        command,
        cwd=folder,
        env={"PYTHONPATH": root, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "call",
    [
        ("up",),
        ("demo",),
        ("serve",),
        ("status",),
        ("retrain", "fraud"),
        ("report", "fraud"),
        ("replay", "fraud"),
        ("ingest", "fraud", "rows.csv"),
        ("generate", "--out", "out"),
        ("init", "out"),
        ("use-case", "list"),
    ],
    ids=lambda call: call[0],
)
def test_a_command_of_the_stack_names_what_is_missing(
    call: tuple[str, ...], tmp_path: Path
) -> None:
    done = tocsin(*call, folder=tmp_path)
    assert done.returncode == 2, done.stderr
    assert ADVICE in done.stderr
    assert "Traceback" not in done.stderr


def test_the_function_of_a_missing_part_names_it() -> None:
    with pytest.raises(TocsinError, match=r"sqlalchemy is not installed.*tocsin\[stack\]"):
        _ = monitoring.open_store
    with pytest.raises(ImportError):
        _ = monitoring.StoreError


def test_tables_are_compared_by_command(tmp_path: Path) -> None:
    for name, shift in (("before", 0), ("same", 0), ("moved", 40)):
        pd.DataFrame({"x": [row % 50 + shift for row in range(2000)]}).to_csv(
            tmp_path / f"{name}.csv", index=False
        )
    same = tocsin("drift", "before.csv", "same.csv", "--fail-above", "0.3", folder=tmp_path)
    assert (same.returncode, same.stderr) == (0, "")
    moved = tocsin("drift", "before.csv", "moved.csv", "--fail-above", "0.3", folder=tmp_path)
    assert moved.returncode == 1
    missing = tocsin("drift", "before.csv", "nowhere.csv", folder=tmp_path)
    assert missing.returncode == 2
    assert "nowhere.csv" in missing.stderr


def test_the_names_of_the_public_functions_are_listed_without_importing_them() -> None:
    assert "open_store" in dir(monitoring)
    assert "compare" in dir(monitoring)
