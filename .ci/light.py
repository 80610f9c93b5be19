"""Test the light installation in two environments: the oldest and the newest of all it needs.

Each is made anew, holds nothing of the stack, and runs the tests of comparing tables and of
figures. Prints what is in it, how large it is, and how long its tests took.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
UV = Path(sys.executable).with_name("uv")

TESTS = ("tests/light", "tests/summary", "tests/drift", "tests/performance")
BESIDE_SCIKIT_LEARN = (
    "tests/performance/test_averages.py",
    "tests/performance/test_classes.py",
    "tests/performance/test_public_functions.py",
    "tests/performance/test_real_cards.py",
    "tests/performance/test_scorecard.py",
    "tests/summary/test_score_bins.py",
)
"""Those that hold figures against scikit-learn's, which is not installed here."""


@dataclass(frozen=True)
class Kind:
    """An environment: its name, the Pythons that it may have, and which versions are taken."""

    name: str
    pythons: tuple[str, ...]
    resolution: str


KINDS = (
    Kind("oldest", ("python3.11",), "lowest-direct"),
    Kind("newest", ("python3.13", "python3.12", "python3.11"), "highest"),
)


def main() -> None:
    """Make both environments and run the tests in each; exit with 1 where one fails."""
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for kind in KINDS:
            environment = Path(folder) / kind.name
            python = make(kind, environment)
            print(f"{kind.name}: {versions(python)}; {size(environment):.0f} MB", flush=True)
            began = time.monotonic()
            failed |= run(python) != 0
            print(f"{kind.name}: {time.monotonic() - began:.0f} s", flush=True)
    sys.exit(failed)


def make(kind: Kind, folder: Path) -> Path:
    """Make an environment with the light installation; return its Python."""
    base = next(found for name in kind.pythons if (found := working(name)) is not None)
    subprocess.run([base, "-m", "venv", "--without-pip", folder], check=True)
    python = folder / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--python", python]
    subprocess.run(
        [*install, "--resolution", kind.resolution, "--editable", "."], check=True, cwd=ROOT
    )
    return python


def working(name: str) -> str | None:
    """Return the path of a Python that starts; None where there is none of that name."""
    path = shutil.which(name)
    if (
        path is None
        or subprocess.run([path, "-c", ""], capture_output=True, check=False).returncode != 0
    ):
        return None
    return path


def versions(python: Path) -> str:
    """Return what is installed, in one line."""
    listed = subprocess.run(
        [UV, "pip", "freeze", "--python", python], check=True, capture_output=True, text=True
    ).stdout
    return ", ".join(line.replace("==", " ") for line in listed.splitlines() if "==" in line)


def size(folder: Path) -> float:
    """Return the megabytes of an environment, before the tests' own packages."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return sum(path.stat().st_size for path in files) / 1e6


def run(python: Path) -> int:
    """Run the tests; return the exit code of pytest."""
    group = [UV, "pip", "install", "--quiet", "--python", python, "--group", "light"]
    subprocess.run(group, check=True, cwd=ROOT)
    ignored = [word for path in BESIDE_SCIKIT_LEARN for word in ("--ignore", path)]
    # Without `conftest.py`: its fixtures are of the stack.
    command = [python, "-B", "-m", "pytest", "--noconftest", "-p", "no:cacheprovider", "-q"]
    chosen = ["-n", "2", "-m", "not real and not spark", *ignored, *TESTS]
    return subprocess.run([*command, *chosen], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    main()
