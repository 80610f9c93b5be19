"""What compose mounts from the checkout: whether the users of containers can read it.

``python -m monitoring.stack.mounts`` is the first command of compose's `init`: it ends with 1
where something can't be read without which nothing works, and names its owner and the cure.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA, USE_CASES = "data", "data/use_cases"
PROMETHEUS_YML = "prometheus.yml"


@dataclass(frozen=True)
class Mount:
    """A file or folder of the checkout, and where `init` has it.

    Attributes
    ----------
    outside
        Its path on the host, relative to docker-compose.yml.
    by_anybody
        Whether servers with users of their own read it.
    """

    outside: str
    inside: Path
    by_anybody: bool = False

    def problem(self) -> str | None:
        """Return why it can't be read, who owns it, and the cure; None where it can."""
        try:
            found = self.inside.stat()
        except OSError as error:
            return f"{self.outside} can't be read: {error.strerror}; {_cure(self.outside)}"
        wanted = os.R_OK | (os.X_OK if self.inside.is_dir() else 0)
        readable = os.access(self.inside, wanted)
        if readable and (not self.by_anybody or found.st_mode & stat.S_IROTH):
            return None
        who = "every container" if self.by_anybody else f"user {os.geteuid()} of the containers"
        return (
            f"{self.outside} can't be read by {who}: it belongs to user {found.st_uid} and has "
            f"mode {stat.S_IMODE(found.st_mode):o}; {_cure(self.outside)}"
        )


def _cure(outside: str) -> str:
    return f"on the host: chmod -R a+rX {outside}"


def mounts(data: Path, use_cases: Path, beside: Path) -> tuple[Mount, ...]:
    """Return what has to be readable.

    Parameters
    ----------
    beside
        The folder that holds what else is mounted.
    """
    return (
        Mount(DATA, data),
        Mount(USE_CASES, use_cases),
        Mount(PROMETHEUS_YML, beside / PROMETHEUS_YML, by_anybody=True),
    )


def files_in(data: Path) -> Iterator[Mount]:
    """Yield the files and folders of the data folder: each may cost its own use case."""
    for path in sorted(data.rglob("*")):
        yield Mount(f"{DATA}/{path.relative_to(data)}", path)


def main() -> None:
    """Check, and say what can't be read."""
    data = Path(os.environ.get("TOCSIN_DATA", "/data"))
    use_cases = Path(os.environ.get("TOCSIN_USE_CASES", str(data / "use_cases")))
    needed = mounts(data, use_cases, Path("/mounted"))
    problems = [problem for mount in needed if (problem := mount.problem()) is not None]
    if problems:
        sys.exit("\n".join(problems))
    for mount in files_in(data):
        if (problem := mount.problem()) is not None:
            print(problem, file=sys.stderr)  # noqa: T201 - the log of a container


if __name__ == "__main__":
    main()
