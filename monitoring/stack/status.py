"""The status and memory use of the local stack's components."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import psutil

from monitoring.saved_record import read_record
from monitoring.settings import Ports, Settings
from monitoring.stack.components import Component, components
from monitoring.stack.folders import Folders
from monitoring.stack.leftovers import processes_of
from monitoring.stack.supervisor import ProcessState, Supervisor

STOPPED = ProcessState("STOPPED", None, 0)


@dataclass(frozen=True)
class ComponentStatus:
    """The status of one component.

    Attributes
    ----------
    state
        Of its process: stopped, starting, running, backoff, stopping, exited or fatal.
    healthy
        Whether its health check has just passed.
    """

    name: str
    state: str
    url: str | None
    healthy: bool
    pid: int | None


def status(settings: Settings) -> tuple[ComponentStatus, ...]:
    """Return the status of every component of the local stack under `settings.state`."""
    folders = Folders(settings.state)
    return statuses(Supervisor(folders), components(settings, started_ports(folders) or Ports()))


def started_ports(folders: Folders) -> Ports | None:
    """Return the ports on which the stack was started last; None if it never was."""
    if not folders.ports.exists():
        return None
    return read_record(folders.ports, Ports, "remove it, and start with `tocsin up`")


def statuses(supervisor: Supervisor, wanted: Sequence[Component]) -> tuple[ComponentStatus, ...]:
    """Return the status of `wanted`; a component that ends by itself is left out."""
    states = supervisor.states()
    staying = [component for component in wanted if component.health is not None]
    with ThreadPoolExecutor(len(staying)) as pool:
        asked = pool.map(
            lambda component: _status(component, states.get(component.name, STOPPED)), staying
        )
        return tuple(asked)


def _status(component: Component, process: ProcessState) -> ComponentStatus:
    # A server of somebody else on the same port would answer as well.
    healthy = (
        process.pid is not None and component.health is not None and component.health.is_well()
    )
    return ComponentStatus(
        component.name, process.state.lower(), component.url, healthy, process.pid
    )


def memory_of(settings: Settings) -> dict[str, int]:
    """Return the bytes that each component of the running local stack takes, with all it started.

    Pages that several processes share are counted once, in shares (PSS), where the system
    reports it (Linux); else every process's resident set is counted whole.
    """
    components = {
        component.pid: component.name for component in status(settings) if component.pid is not None
    }
    taken: dict[str, int] = {}
    for process in processes_of(settings.state):
        try:
            lineage = [process.pid, *(parent.pid for parent in process.parents())]
            memory = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        name = next((components[pid] for pid in lineage if pid in components), "supervisor")
        taken[name] = taken.get(name, 0) + getattr(memory, "pss", memory.rss)
    return taken
