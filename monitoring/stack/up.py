"""Starting the local stack."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from monitoring.settings import Ports, Settings
from monitoring.stack.configuration import configure
from monitoring.stack.credentials import Credentials, credentials_in
from monitoring.stack.down import alone, stop
from monitoring.stack.environment import environment, inside
from monitoring.stack.errors import StackError
from monitoring.stack.folders import Folders
from monitoring.stack.leftovers import processes_of
from monitoring.stack.parts import Part, parts, wanted_ports
from monitoring.stack.ports import check_free
from monitoring.stack.programs import Use, require
from monitoring.stack.status import PartStatus, started_ports, statuses
from monitoring.stack.supervisor import Supervisor

Progress = Callable[[Sequence[PartStatus]], None]
"""Is told how every part is, again and again while the stack starts."""

START_SECONDS = 300
"""How long the whole stack may take; about 30 s on two free cores."""

LOG_LINES = 25


class NotHealthyError(StackError):
    """A part did not come up; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class Running:
    """A local stack that runs, every part healthy.

    Attributes
    ----------
    settings
        For whoever uses it: with the addresses of its parts and the password for Airflow.
    credentials
        With which a person signs in.
    was_up
        Whether it ran before it was asked for.
    """

    parts: tuple[PartStatus, ...]
    settings: Settings
    credentials: Credentials
    was_up: bool


def up(settings: Settings, ports: Ports, *, progress: Progress) -> Running:
    """Start what does not run of the local stack, and return when every part is healthy.

    What a start that failed or was interrupted has begun is stopped again.

    Raises
    ------
    ProgramsMissingError
        A program is not installed.
    PortTakenError
        Somebody else listens on a port of the stack.
    NotHealthyError
        A part ended, or is not healthy in time.
    StackError
        It runs on other ports, or another `up` or `down` is at work.
    """
    require(Use.STACK)
    folders = Folders(settings.state)
    folders.make()
    with alone(folders):
        wanted = parts(settings, ports)
        credentials = credentials_in(folders.credentials)
        supervisor = Supervisor(folders)
        was_up = supervisor.is_alive()
        if was_up:
            _check_same_ports(folders, ports)
        else:
            _check_nothing_left(folders)
            check_free(wanted_ports(settings, ports))
        try:
            if not was_up:
                configure(settings, ports, credentials)
                supervisor.start(wanted, environment(settings, ports, credentials))
            found = _start(supervisor, folders, wanted, progress)
        except BaseException:  # an interrupt too must leave nothing behind; it is raised again
            stop(folders)
            raise
        return Running(found, inside(settings, ports, credentials), credentials, was_up)


def _check_same_ports(folders: Folders, ports: Ports) -> None:
    started = started_ports(folders)
    if started != ports:
        msg = f"the stack of {folders.state} is up on other ports ({started!r}): first take it down"
        raise StackError(msg)


def _check_nothing_left(folders: Folders) -> None:
    left = processes_of(folders.state)
    if left:
        msg = (
            f"{len(left)} processes of an earlier stack of {folders.state} still run without "
            "their supervisor: end them with `tocsin down`"
        )
        raise StackError(msg)


def _start(
    supervisor: Supervisor, folders: Folders, wanted: Sequence[Part], progress: Progress
) -> tuple[PartStatus, ...]:
    until = time.monotonic() + START_SECONDS
    for part in wanted:
        process = supervisor.states()[part.name]
        if process.is_up or (part.health is None and process.is_done):
            continue
        supervisor.start_part(part.name)
        if part.health is None:
            _wait_for_end(supervisor, folders, part, wanted, progress, until)
    return _wait_until_healthy(supervisor, folders, wanted, progress, until)


def _wait_for_end(
    supervisor: Supervisor,
    folders: Folders,
    part: Part,
    wanted: Sequence[Part],
    progress: Progress,
    until: float,
) -> None:
    while (process := supervisor.states()[part.name]).is_up:
        progress(statuses(supervisor, wanted))
        if time.monotonic() > until:
            raise NotHealthyError(_told(folders, part.name, "does not end"))
        time.sleep(0.2)
    if not process.is_done:
        raise NotHealthyError(_told(folders, part.name, f"ended with {process.exit_status}"))


def _wait_until_healthy(
    supervisor: Supervisor,
    folders: Folders,
    wanted: Sequence[Part],
    progress: Progress,
    until: float,
) -> tuple[PartStatus, ...]:
    while True:
        found = statuses(supervisor, wanted)
        progress(found)
        sick = next((part for part in found if not part.healthy), None)
        if sick is None:
            return found
        given_up = next((part for part in found if part.state in {"fatal", "exited"}), None)
        if given_up is not None:
            raise NotHealthyError(_told(folders, given_up.name, "does not stay up"))
        if time.monotonic() > until:
            raise NotHealthyError(_told(folders, sick.name, f"is {sick.state}, but not healthy"))
        time.sleep(0.2)


def _told(folders: Folders, name: str, what: str) -> str:
    log = folders.log(name)
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    return "\n".join([f"{name} {what}; the end of {log}:", *lines[-LOG_LINES:]])
