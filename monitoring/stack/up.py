"""Starting the local stack."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from monitoring.settings import Ports, Settings
from monitoring.stack.components import Component, components, wanted_ports
from monitoring.stack.configuration import configure
from monitoring.stack.credentials import Credentials, credentials_in
from monitoring.stack.down import alone, stop
from monitoring.stack.environment import environments, inside
from monitoring.stack.folders import Folders
from monitoring.stack.leftovers import processes_of
from monitoring.stack.ports import check_free
from monitoring.stack.programs import Use, require
from monitoring.stack.reload import reload
from monitoring.stack.stack_error import StackError
from monitoring.stack.status import STOPPED, ComponentStatus, started_ports, statuses
from monitoring.stack.supervisor import ProcessState, Supervisor
from monitoring.wording import several

Progress = Callable[[Sequence[ComponentStatus]], None]
"""Called with the status of every component, again and again while the stack starts."""

START_SECONDS = 300
"""How long the whole stack may take; about 30 s on two free cores."""

LOOK_EVERY = 0.2
LOG_LINES = 25

GIVEN_UP = 2
"""How often a component may end right after its start before `up` says so and stops."""


class NotHealthyError(StackError):
    """A component did not come up; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class Running:
    """A local stack that runs, every component healthy.

    Attributes
    ----------
    settings
        For whoever uses it: with the addresses of its components and the password for Airflow.
    credentials
        With which a person signs in.
    was_up
        Whether it was running already.
    """

    components: tuple[ComponentStatus, ...]
    settings: Settings
    credentials: Credentials
    was_up: bool


def up(settings: Settings, ports: Ports, *, progress: Progress) -> Running:
    """Start what does not run of the local stack, and return when every component is healthy.

    What ran before goes on, with the rules and boards of the use cases that there are now. Where
    this fails or is interrupted, what it started is stopped again; what ran before runs on.

    Raises
    ------
    ProgramsMissingError
        A program is not installed.
    PortTakenError
        Somebody else listens on a port of the stack.
    NotHealthyError
        A component ended, or is not healthy in time.
    StackError
        It runs on other ports, another `up` or `down` is at work, or Grafana does not take what
        was provisioned.
    """
    require(Use.STACK)
    folders = Folders(settings.state)
    folders.make()
    with alone(folders):
        wanted = components(settings, ports)
        credentials = credentials_in(folders.credentials)
        supervisor = Supervisor(folders)
        was_up = supervisor.is_alive()
        if was_up:
            _check_same_ports(folders, ports)
        else:
            _check_nothing_left(folders)
            check_free(wanted_ports(settings, ports))
        start = _Start(supervisor, folders, wanted, progress, time.monotonic() + START_SECONDS)
        try:
            configure(settings, ports, credentials)
            if not was_up:
                supervisor.start(wanted, environments(settings, ports, credentials))
            healthy = start.run()
            if was_up:
                reload(supervisor, inside(settings, ports, credentials), credentials)
        except BaseException:  # an interrupt too must leave nothing behind; it is raised again
            if was_up:
                start.undo()
            else:
                stop(folders)
            raise
        return Running(healthy, inside(settings, ports, credentials), credentials, was_up)


def _check_same_ports(folders: Folders, ports: Ports) -> None:
    started = started_ports(folders)
    if started != ports:
        msg = (
            f"the stack of {folders.state} is up on other ports ({started!r}): stop it first with "
            "`tocsin down`"
        )
        raise StackError(msg)


def _check_nothing_left(folders: Folders) -> None:
    left = processes_of(folders.state)
    if left:
        msg = (
            f"{several(len(left), 'process', 'processes')} of an earlier stack of {folders.state}, "
            "without a supervisor: stop what still runs with `tocsin down`"
        )
        raise StackError(msg)


@dataclass(frozen=True)
class _Start:
    """One start: the components in their order, until all are healthy or one has failed."""

    supervisor: Supervisor
    folders: Folders
    wanted: Sequence[Component]
    progress: Progress
    until: float
    started: list[str] = field(default_factory=list)
    ended_early: Counter[str] = field(default_factory=Counter)
    seen: dict[str, str] = field(default_factory=dict)

    def undo(self) -> None:
        """Stop what `run` started, the last first."""
        states = self.supervisor.states()
        for name in reversed(self.started):
            if states.get(name, STOPPED).is_up:
                self.supervisor.stop_component(name)

    def run(self) -> tuple[ComponentStatus, ...]:
        for component in self.wanted:
            process = self._process(component)
            if process.is_up or (component.health is None and process.is_done):
                continue
            self.started.append(component.name)
            self.supervisor.start_component(component.name)
            if component.health is None:
                self._wait_for_end(component)
        return self._wait_until_healthy()

    def _wait_for_end(self, component: Component) -> None:
        while (process := self._process(component)).is_up:
            self._look()
            if time.monotonic() > self.until:
                raise self._failed(component.name, "does not end")
            time.sleep(LOOK_EVERY)
        if not process.is_done:
            raise self._failed(component.name, f"ended with {process.exit_status}")

    def _wait_until_healthy(self) -> tuple[ComponentStatus, ...]:
        while True:
            shown = self._look()
            sick = [component for component in shown if not component.healthy]
            if not sick:
                return shown
            if time.monotonic() > self.until:
                raise self._failed(sick[0].name, f"is {sick[0].state}, but not healthy")
            time.sleep(LOOK_EVERY)

    def _look(self) -> tuple[ComponentStatus, ...]:
        shown = statuses(self.supervisor, self.wanted)
        self.progress(shown)
        for component in shown:
            if component.state == "backoff" != self.seen.get(component.name):
                self.ended_early[component.name] += 1
            self.seen[component.name] = component.state
            given_up = self.ended_early[component.name] >= GIVEN_UP
            if given_up or component.state in {"fatal", "exited"}:
                raise self._failed(component.name, "does not stay up")
        return shown

    def _process(self, component: Component) -> ProcessState:
        return self.supervisor.states().get(component.name, STOPPED)

    def _failed(self, name: str, what: str) -> NotHealthyError:
        log = self.folders.log(name)
        text = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
        tail = text.splitlines()[-LOG_LINES:]
        return NotHealthyError("\n".join([f"{name} {what}; the end of {log}:", *tail]))
