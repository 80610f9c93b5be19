"""Files: where real data lies, if it is there."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = (ROOT / "data", ROOT.parent / "shared" / "data")


def data_file(name: str) -> Path | None:
    """Return the path of a real file; None, and a word on standard error, where it is not there."""
    for folder in FOLDERS:
        if (folder / name).exists():
            return folder / name
    print(
        f"{name} is neither in data/ nor in ../shared/data: its tables are left out",
        file=sys.stderr,
    )
    return None
