"""Start a program with variables from a file: neither a parent nor a process list shows them.

``python launch.py FILE PROGRAM ARGUMENT...``; the file is a JSON object.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path


def launch(file: Path, command: list[str]) -> None:
    """Become `command`, with the variables in `file` beside those of this process."""
    own = json.loads(file.read_text(encoding="utf-8"))
    os.execvpe(command[0], command, {**os.environ, **own})  # noqa: S606  # nosec B606 # no shell is wanted


if __name__ == "__main__":
    launch(Path(sys.argv[1]), sys.argv[2:])
