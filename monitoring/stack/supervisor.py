"""The supervisor: one supervisord that starts, restarts and stops the components."""

from __future__ import annotations

import http.client
import json
import shlex
import subprocess
import sys
import time
import xmlrpc.client  # nosec B411 # a supervisor of our own, on a socket of our own
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from supervisor.xmlrpc import SupervisorTransport

from monitoring.private import write_private
from monitoring.stack import launch
from monitoring.stack.components import Component
from monitoring.stack.environment import Environments
from monitoring.stack.folders import Folders
from monitoring.stack.stack_error import StackError

START_SECONDS = 10
"""A component that ends sooner than this has not started, and is tried again a little later."""

TRIES = 1_000_000
"""How often it is tried again, a second later each time: a full disk may be free in an hour, and
nobody has to start again what could not run meanwhile. `up` gives up after the second."""

STOP_SECONDS = 10
"""How long a component may take to stop before it is killed."""


@dataclass(frozen=True)
class ProcessState:
    """What the supervisor knows of a component's process.

    Attributes
    ----------
    state
        In the supervisor's words: STOPPED, STARTING, RUNNING, BACKOFF, STOPPING, EXITED, FATAL.
    pid
        None where no process runs.
    exit_status
        Of the process before, where one has ended.
    """

    state: str
    pid: int | None
    exit_status: int

    @property
    def is_up(self) -> bool:
        """Whether it runs, or is about to."""
        return self.state in {"RUNNING", "STARTING", "BACKOFF"}

    @property
    def is_done(self) -> bool:
        """Whether it has ended as it should."""
        return self.state == "EXITED" and self.exit_status == 0


class Supervisor:
    """The supervisor of one local stack, alive or not."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._configuration = folders.control / "supervisord.conf"
        self._log = folders.control / "supervisord.log"

    def start(self, components: Sequence[Component], environments: Environments) -> None:
        """Start the supervisor itself; the components wait for `start_component`.

        Raises
        ------
        StackError
            It did not come up; the message ends with its log.
        """
        for component in components:
            own = environments.own.get(component.name, {})
            write_private(self._folders.environment(component.name), json.dumps(own))
        write_private(self._configuration, _configuration(self._folders, self._log, components))
        program = Path(sys.executable).parent / "supervisord"
        done = subprocess.run(  # noqa: S603  # nosec B603 # our own program and file
            [str(program), "--configuration", str(self._configuration)],
            env=dict(environments.shared),
            cwd=self._folders.control,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        until = time.monotonic() + STOP_SECONDS
        while done.returncode == 0 and time.monotonic() < until:
            if self.is_alive():
                return
            time.sleep(0.05)
        log = self._log.read_text(encoding="utf-8") if self._log.exists() else ""
        msg = f"supervisord did not start:\n{done.stdout}{log[-2000:]}"
        raise StackError(msg)

    def is_alive(self) -> bool:
        """Whether it answers."""
        try:
            self._call("getPID")
        except (OSError, http.client.HTTPException):
            return False
        return True

    def start_component(self, name: str) -> None:
        """Start a component that does not run; return at once."""
        self._call("startProcess", name, False)

    def stop_component(self, name: str) -> None:
        """Stop a component that runs; return when it has ended."""
        self._call("stopProcess", name)

    def signal_component(self, name: str, signal: str) -> None:
        """Send a signal to the process of a component that runs."""
        self._call("signalProcess", name, signal)

    def states(self) -> dict[str, ProcessState]:
        """Return the state of every component's process by its name; none if it is not alive."""
        try:
            processes = self._call("getAllProcessInfo")
        except (OSError, http.client.HTTPException):
            return {}
        assert isinstance(processes, list)  # noqa: S101  # nosec B101 # the supervisor's own interface says so
        return {
            entry["name"]: ProcessState(
                entry["statename"], entry["pid"] or None, entry["exitstatus"]
            )
            for entry in processes
        }

    def stop(self, first: str) -> None:
        """Stop the component `first`, then all others at once, then the supervisor, if it is alive.

        Raises
        ------
        StackError
            The supervisor does not end.
        """
        before = self.states().get(first)
        try:
            pid = self._call("getPID")
            if before is not None and before.is_up:
                self.stop_component(first)
            self._call("stopAllProcesses")
            self._call("shutdown")
        except (OSError, http.client.HTTPException):
            return
        try:
            psutil.Process(int(str(pid))).wait(timeout=STOP_SECONDS)
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired as error:
            msg = f"supervisord (pid {pid}) does not stop"
            raise StackError(msg) from error

    def _call(self, method: str, *arguments: str | bool) -> object:
        transport = SupervisorTransport(serverurl=f"unix://{self._folders.socket}")
        with xmlrpc.client.ServerProxy("http://localhost", transport=transport) as server:
            return getattr(server.supervisor, method)(*arguments)


def _configuration(folders: Folders, log: Path, components: Sequence[Component]) -> str:
    control = folders.control
    head = f"""\
[unix_http_server]
file = {_literal(folders.socket)}
chmod = 0600

[supervisord]
directory = {_literal(control)}
pidfile = {_literal(control / "supervisord.pid")}
logfile = {_literal(log)}
logfile_maxbytes = 1MB
logfile_backups = 1
childlogdir = {_literal(folders.logs)}
umask = 077

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    return "\n".join([head, *(_program(folders, component) for component in components)])


def _program(folders: Folders, component: Component) -> str:
    stays = component.health is not None
    # Signals go to the whole process group: what a component started must stop with it.
    return f"""\
[program:{component.name}]
command = {_literal(shlex.join(_launched(folders, component)))}
directory = {_literal(component.folder)}
autostart = false
autorestart = {"true" if stays else "false"}
startsecs = {START_SECONDS if stays else 0}
startretries = {TRIES}
stopsignal = INT
stopasgroup = true
killasgroup = true
stopwaitsecs = {STOP_SECONDS}
redirect_stderr = true
stdout_logfile = {_literal(folders.log(component.name))}
stdout_logfile_maxbytes = 10MB
stdout_logfile_backups = 1
"""


def _launched(folders: Folders, component: Component) -> tuple[str, ...]:
    """Return the command that starts a component with the variables of its own."""
    environment = folders.environment(component.name)
    return (sys.executable, "-I", launch.__file__, str(environment), *component.command)


def _literal(value: str | Path) -> str:
    """Return `value` as supervisord reads it unchanged.

    Raises
    ------
    StackError
        It holds what would begin a comment there.
    """
    text = str(value)
    if " ;" in text or " #" in text or "\n" in text:
        msg = f"{text!r}: the supervisor can't read a path with ' ;', ' #' or a line break in it"
        raise StackError(msg)
    return text.replace("%", "%%")
