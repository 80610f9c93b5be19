"""Code version: which Tocsin trained a model."""

from __future__ import annotations

import shutil
import subprocess
from importlib.metadata import version
from pathlib import Path

_HERE = Path(__file__)


def code_version() -> str:
    """Return the installed version, and the git commit where the code lies in a checkout.

    A commit that ends in ``-dirty`` had changes that were not committed.
    """
    commit = _commit()
    return version("tocsin") if commit is None else f"{version('tocsin')}+{commit}"


def _commit() -> str | None:
    git = shutil.which("git")
    if git is None or not _answer(git, "ls-files", "--error-unmatch", _HERE.name):
        return None
    return _answer(git, "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*")


def _answer(git: str, *words: str) -> str | None:
    """Return what git says of this folder; None where it is no checkout."""
    said = subprocess.run(  # noqa: S603 - git's own path, and words of this file
        [git, "-C", str(_HERE.parent), *words], capture_output=True, text=True, check=False
    )
    return said.stdout.strip() or None if said.returncode == 0 else None
