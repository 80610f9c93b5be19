"""Pointing a command at the servers of a running local stack."""

from __future__ import annotations

import os

from monitoring.settings import Settings, settings
from monitoring.stack.credentials import credentials_in
from monitoring.stack.environment import as_variables, inside
from monitoring.stack.folders import Folders
from monitoring.stack.status import started_ports
from monitoring.stack.supervisor import Supervisor


def attach() -> None:
    """Point this process's settings at the local stack if it is up.

    What the environment names itself stays: a command may use other servers on purpose.
    """
    mine = settings()
    folders = Folders(mine.state)
    ports = started_ports(folders)
    if ports is None or not Supervisor(folders).is_alive():
        return
    theirs = inside(mine, ports, credentials_in(folders.credentials))
    for name, value in as_variables(_only_where_unset(mine, theirs)).items():
        os.environ[name] = value
    settings.cache_clear()


def _only_where_unset(mine: Settings, theirs: Settings) -> Settings:
    own = {field: getattr(mine, field) for field in mine.model_fields_set}
    return theirs.model_copy(update=own)
