"""Ports of the local stack: whether they are free, and who holds them if not."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from typing import Any

import psutil

from monitoring.stack.stack_error import StackError

LOOPBACK = "127.0.0.1"


class PortTakenError(StackError):
    """A port that the local stack wants is taken; the message names who holds it."""


def check_free(ports: Mapping[str, int]) -> None:
    """Check that nobody listens on any of `ports` (by component), and that no two are alike.

    Raises
    ------
    PortTakenError
        Naming every port that is taken, its owner, and the variable that chooses another.
    """
    problems = []
    components: dict[int, str] = {}
    for component, port in ports.items():
        if port in components:
            problems.append(f"port {port} is wanted by both {components[port]} and {component}")
        elif not _is_free(port):
            problems.append(f"port {port}, wanted by {component}, is taken by {owner_of(port)}")
        components.setdefault(port, component)
    if problems:
        cure = "stop the owner, or set another port with TOCSIN_PORT_<COMPONENT>"
        raise PortTakenError("\n".join([*problems, cure]))


def owner_of(port: int) -> str:
    """Return who listens on `port`, in words."""
    for connection in _connections():
        listens = connection.status == psutil.CONN_LISTEN
        if listens and connection.laddr and connection.laddr.port == port and connection.pid:
            try:
                process = psutil.Process(connection.pid)
                command = " ".join(process.cmdline())
                return f"{process.name()} (pid {process.pid}): {command:.120}"
            except psutil.NoSuchProcess:
                continue
    return "a process of another user"


def _connections() -> list[Any]:
    try:
        return psutil.net_connections(kind="tcp")
    except psutil.AccessDenied:  # macOS shows connections to root only
        return []


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Without it, connections that a stopped server left in TIME_WAIT would look like an owner.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
