"""Some of the local stack's components, for as long as something is measured."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Set
from contextlib import ExitStack, contextmanager

from monitoring.settings import Ports, Settings
from monitoring.stack.components import components
from monitoring.stack.configuration import configure
from monitoring.stack.credentials import Credentials
from monitoring.stack.environment import environments
from monitoring.stack.folders import Folders


@contextmanager
def running_parts(where: Settings, ports: Ports, wanted: Set[str]) -> Iterator[None]:
    """Run those of the local stack's components that are wanted, as it runs them, on its own files.

    Raises
    ------
    RuntimeError
        A component ended before it was healthy.
    """
    credentials, folders = Credentials(), Folders(where.state)
    folders.make()
    configure(where, ports, credentials)
    variables = environments(where, ports, credentials)
    with ExitStack() as started:
        for component in components(where, ports):
            if component.name not in wanted or component.health is None:
                continue
            log = started.enter_context((where.state / f"{component.name}.log").open("wb"))
            process = subprocess.Popen(  # nosec B603 # a component's own command
                component.command,
                cwd=component.folder,
                env=variables.of(component.name),
                stdout=log,
                stderr=log,
            )
            started.enter_context(process)
            started.callback(process.terminate)
            while not component.health.is_well():
                if process.poll() is not None:
                    msg = f"{component.name} ended with {process.returncode}: {log.name}"
                    raise RuntimeError(msg)
                time.sleep(0.2)
        yield
