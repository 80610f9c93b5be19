"""How the parts of the local stack are."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from monitoring.settings import Ports, Settings
from monitoring.stack.folders import Folders
from monitoring.stack.parts import Part, parts
from monitoring.stack.supervisor import ProcessState, Supervisor

STOPPED = ProcessState("STOPPED", None, 0)


@dataclass(frozen=True)
class PartStatus:
    """How one part is.

    Attributes
    ----------
    state
        Of its process: stopped, starting, running, backoff, stopping, exited or fatal.
    healthy
        Whether it said so itself just now.
    """

    name: str
    state: str
    url: str | None
    healthy: bool
    pid: int | None


def status(settings: Settings) -> tuple[PartStatus, ...]:
    """Return how every part of the local stack under `settings.state` is."""
    folders = Folders(settings.state)
    return statuses(Supervisor(folders), parts(settings, started_ports(folders) or Ports()))


def started_ports(folders: Folders) -> Ports | None:
    """Return the ports on which the stack was started last; None if it never was."""
    if not folders.ports.exists():
        return None
    return Ports.model_validate_json(folders.ports.read_text(encoding="utf-8"))


def statuses(supervisor: Supervisor, wanted: Sequence[Part]) -> tuple[PartStatus, ...]:
    """Return how `wanted` are; a part that ends by itself is left out."""
    states = supervisor.states()
    staying = [part for part in wanted if part.health is not None]
    with ThreadPoolExecutor(len(staying)) as pool:
        found = pool.map(lambda part: _status(part, states.get(part.name, STOPPED)), staying)
        return tuple(found)


def _status(part: Part, process: ProcessState) -> PartStatus:
    # A server of somebody else on the same port would answer as well.
    healthy = process.pid is not None and part.health is not None and part.health.is_well()
    return PartStatus(part.name, process.state.lower(), part.url, healthy, process.pid)
