"""The watcher of docker compose: boards and rules follow the use-case files while servers run.

``python -m monitoring.stack.watcher GENERATED TOLD`` looks at the use-case files every few seconds.
Once one has changed, it generates all files anew into the folder GENERATED, as compose's `init`
does, and has Prometheus and Grafana read what has changed for them, whoever wrote it. The file TOLD
is touched whenever both have been told all there is.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from monitoring.settings import settings
from monitoring.stack.reload import reload_grafana, reload_prometheus
from monitoring.stack.stack_error import StackError

_log = logging.getLogger(__name__)

EVERY_SECONDS = 5

GRAFANA = "http://grafana:3000"
"""Where compose's Grafana is asked, as its services know it."""

_GENERATE_SECONDS = 300

Fingerprint = tuple[tuple[str, int, int], ...]


@dataclass
class Reader:
    """A server that reads generated files, and what it has read.

    Attributes
    ----------
    folders
        Where its files lie.
    reload
        Has it read them again; raises `StackError` where it does not.
    """

    name: str
    folders: tuple[Path, ...]
    reload: Callable[[], None]
    read: Fingerprint | None = None
    trouble: str = ""

    def tell(self) -> bool:
        """Have it read its files where they have changed, and return whether it has."""
        now = fingerprint(*self.folders)
        if now == self.read:
            return True
        try:
            self.reload()
        except StackError as error:
            if str(error) != self.trouble:  # once, however often it is tried
                _log.warning("%s", error)
            self.trouble = str(error)
            return False
        _log.info("%s has read its files again", self.name)
        self.read, self.trouble = now, ""
        return True


@dataclass
class Watcher:
    """What is looked at, and whom a change is told."""

    use_cases: Path
    generate: Callable[[], None]
    readers: tuple[Reader, ...]
    generated_from: Fingerprint | None = None

    def look(self) -> bool:
        """Do what has to be done now; return whether every server has read what there is."""
        now = fingerprint(self.use_cases)
        if now != self.generated_from:
            self.generate()
            self.generated_from = now
        told = [reader.tell() for reader in self.readers]  # each, whatever the others do
        return all(told)


def fingerprint(*folders: Path) -> Fingerprint:
    """Return what tells whether a file in the folders has changed: names, times and sizes."""
    return tuple(sorted(entry for folder in folders for entry in _entries(folder)))


def _entries(folder: Path) -> Iterator[tuple[str, int, int]]:
    for path in folder.rglob("*"):
        try:
            found = path.stat()
        except OSError:  # it has just gone, or may not be read
            continue
        yield str(path), found.st_mtime_ns, found.st_size


def generate(out: Path) -> None:
    """Write the generated files, in a process of its own, and log what it says.

    What is wrong with a use case is said there; its files stay as they were.
    """
    command = [sys.executable, "-m", "monitoring.cli", "generate", "--out", str(out)]
    try:
        done = subprocess.run(  # noqa: S603  # nosec B603 # our own command
            command, capture_output=True, text=True, timeout=_GENERATE_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        _log.warning("generating took more than %s s: nothing was changed", _GENERATE_SECONDS)
        return
    changed = done.stdout.split()
    _log.info("generated anew: %s of the files have changed", len(changed))
    if done.returncode != 0:
        _log.warning("%s", done.stderr.strip()[-2000:])


def of_compose(generated: Path) -> Watcher:
    """Return the watcher of compose's services, as the environment describes them."""
    known = settings()
    password = SecretStr(os.environ["GRAFANA_PASSWORD"])
    grafana, prometheus = generated / "grafana", generated / "grafana" / "prometheus"
    if known.use_cases is None:
        msg = "TOCSIN_USE_CASES names no folder: there is nothing to watch"
        raise StackError(msg)
    return Watcher(
        known.use_cases,
        lambda: generate(generated),
        (
            Reader(
                "Prometheus",
                (prometheus / "rules", prometheus / "targets"),
                lambda: reload_prometheus(known.prometheus_url),
            ),
            Reader(
                "Grafana",
                (grafana / "dashboards", grafana / "provisioning"),
                lambda: reload_grafana(GRAFANA, password),
            ),
        ),
    )


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    watcher, told = of_compose(Path(sys.argv[1])), Path(sys.argv[2])
    while True:
        if watcher.look():
            told.touch()
        time.sleep(EVERY_SECONDS)
