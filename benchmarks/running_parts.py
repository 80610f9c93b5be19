"""Some of the local stack's parts, for as long as something is measured."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager

from monitoring.settings import Ports, Settings
from monitoring.stack.configuration import configure
from monitoring.stack.credentials import Credentials
from monitoring.stack.environment import environment
from monitoring.stack.folders import Folders
from monitoring.stack.parts import parts


@contextmanager
def running_parts(where: Settings, ports: Ports, wanted: Set[str]) -> Iterator[None]:
    """Run those of the local stack's parts that are wanted, as it runs them, on its own files.

    Raises
    ------
    RuntimeError
        A part ended before it was healthy.
    """
    credentials, folders = Credentials(), Folders(where.state)
    folders.make()
    configure(where, ports, credentials)
    variables = environment(where, ports, credentials)
    with ExitStack() as started:
        for part in parts(where, ports):
            if part.name not in wanted or part.health is None:
                continue
            log = started.enter_context((where.state / f"{part.name}.log").open("wb"))
            process = started.enter_context(
                subprocess.Popen(
                    part.command, cwd=part.folder, env=variables, stdout=log, stderr=log
                )
            )
            started.callback(process.terminate)
            while not part.health.is_well():
                if process.poll() is not None:
                    msg = f"{part.name} ended with {process.returncode}: {log.name}"
                    raise RuntimeError(msg)
                time.sleep(0.2)
        yield
