"""How much memory the local stack takes."""

from __future__ import annotations

import psutil

from monitoring.settings import Settings
from monitoring.stack.leftovers import processes_of
from monitoring.stack.status import status


def memory_of(settings: Settings) -> dict[str, int]:
    """Return the bytes that each part of the running local stack takes, with all it started.

    Pages that several processes share are counted once, in shares (PSS), where the system
    tells (Linux); else every process's resident set is counted whole.
    """
    parts = {part.pid: part.name for part in status(settings) if part.pid is not None}
    taken: dict[str, int] = {}
    for process in processes_of(settings.state):
        try:
            lineage = [process.pid, *(parent.pid for parent in process.parents())]
            memory = process.memory_full_info()
        except psutil.NoSuchProcess:
            continue
        name = next((parts[pid] for pid in lineage if pid in parts), "supervisor")
        taken[name] = taken.get(name, 0) + getattr(memory, "pss", memory.rss)
    return taken
