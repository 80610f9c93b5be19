"""Where Grafana is, if it is installed: no package registry offers it everywhere."""

from __future__ import annotations

import shutil
from pathlib import Path


def grafana_server(home: Path | None) -> tuple[str, ...] | None:
    """Return the command that starts Grafana, None where there is none.

    Parameters
    ----------
    home
        Folder with Grafana's ``bin`` and ``public``; PATH is looked through if it is None.
    """
    path = None if home is None else str(home / "bin")
    for name, arguments in (("grafana", ("server",)), ("grafana-server", ())):
        program = shutil.which(name, path=path)
        if program is not None:
            where = () if home is None else (f"--homepath={home}",)
            return (program, *arguments, *where)
    return None
