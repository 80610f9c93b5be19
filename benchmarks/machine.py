"""What figures were measured on, in one line."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine() -> str:
    """Return processor, cores, load and versions.

    The load is said because it is what makes wall times wrong.
    """
    names = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next(line.split(":", 1)[1].strip() for line in names if line.startswith("model name"))
    libraries = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas", "evidently"))
    return (
        f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"CPython {platform.python_version()}, {libraries}"
    )
