"""Programs that PyPI does not offer: which are missing, and how to install them."""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from monitoring.stack.stack_error import StackError

POSTGRESQL = Path("/usr/lib/postgresql")
"""Where Debian keeps the server's programs, a folder for each version; not on PATH."""

SYSTEMD = Path("/run/systemd/system")
"""Exists where systemd runs the machine."""


class Use(StrEnum):
    """What a program is needed for."""

    STACK = "the local stack"
    TRAINING = "training"
    TESTS = "the tests"


@dataclass(frozen=True)
class Program:
    """A program or shared library, and the Debian package that holds it.

    Attributes
    ----------
    service
        The systemd unit that the package starts of its own accord, which would take the very
        port that the local stack wants.
    """

    name: str
    package: str
    use: Use
    service: str | None = None

    def is_there(self) -> bool:
        """Whether this machine has it."""
        if ".so" in self.name:
            try:
                ctypes.CDLL(self.name)
            except OSError:
                return False
            return True
        return shutil.which(self.name) is not None or any(POSTGRESQL.glob(f"*/bin/{self.name}"))


PROGRAMS = (
    Program("prometheus", "prometheus", Use.STACK, "prometheus"),
    Program("promtool", "prometheus", Use.STACK),
    Program(
        "prometheus-pushgateway", "prometheus-pushgateway", Use.STACK, "prometheus-pushgateway"
    ),
    Program(
        "prometheus-alertmanager", "prometheus-alertmanager", Use.STACK, "prometheus-alertmanager"
    ),
    Program("libgomp.so.1", "libgomp1", Use.TRAINING),
    Program("initdb", "postgresql", Use.TESTS, "postgresql"),
)


class ProgramsMissingError(StackError):
    """Programs are missing and could not be installed."""


def missing(*uses: Use) -> tuple[Program, ...]:
    """Return the programs that this machine lacks, of the given uses or of all."""
    return tuple(
        program
        for program in PROGRAMS
        if (not uses or program.use in uses) and not program.is_there()
    )


def require(*uses: Use) -> None:
    """Raise `ProgramsMissingError`, saying what to install, unless everything is there."""
    lacking = missing(*uses)
    if lacking:
        raise ProgramsMissingError(_advice(lacking))


def install_missing() -> tuple[Program, ...]:
    """Install what is missing with apt-get, and return it; at once if nothing is.

    Raises
    ------
    ProgramsMissingError
        Not root, no apt-get here, or apt-get failed.
    """
    lacking = missing()
    if not lacking:
        return ()
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise ProgramsMissingError(_advice(lacking))
    _run(apt, "update", "-q")
    _run(apt, "install", "-q", "--yes", "--no-install-recommends", *_packages(lacking))
    _keep_services_off(lacking)
    require()
    return lacking


def _packages(programs: tuple[Program, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(program.package for program in programs))


def _advice(lacking: tuple[Program, ...]) -> str:
    lines = [f"{program.name} is missing; {program.use} needs it" for program in lacking]
    packages = " ".join(_packages(lacking))
    return "\n".join(
        [
            *lines,
            "on Debian or Ubuntu: sudo apt-get install --no-install-recommends " + packages,
            "elsewhere: install the same programs and put them on PATH",
        ]
    )


def _keep_services_off(programs: tuple[Program, ...]) -> None:
    """Stop what the new packages started: the local stack runs its own, on the same ports."""
    services = [program.service for program in programs if program.service]
    systemctl = shutil.which("systemctl")
    if services and systemctl is not None and SYSTEMD.exists():
        _run(systemctl, "disable", "--now", *services)


def _run(*command: str) -> None:
    done = subprocess.run(  # noqa: S603  # nosec B603 # package names from the table above
        command,
        env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        umask=0o022,  # what is installed is for every user
    )
    if done.returncode != 0:
        msg = f"{' '.join(command)} failed ({done.returncode}):\n{done.stdout[-2000:]}"
        raise ProgramsMissingError(msg)


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
