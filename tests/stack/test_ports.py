"""Ports are checked before anything starts."""

import os
import socket

import pytest

from monitoring.stack.ports import PortTakenError, check_free, owner_of
from tests.fixtures.loopback import free_port


def test_a_taken_port_is_an_error_that_names_part_port_owner_and_cure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(PortTakenError) as raised:
            check_free({"mlflow": port, "airflow": free_port()})
    message = str(raised.value)
    assert f"port {port}, wanted by mlflow" in message
    assert f"pid {os.getpid()}" in message
    assert "TOCSIN_PORT_" in message
    assert "airflow" not in message


def test_a_server_on_every_interface_takes_the_loopback_port_too() -> None:
    with socket.create_server(("", 0)) as server, pytest.raises(PortTakenError):
        check_free({"mlflow": server.getsockname()[1]})


def test_free_ports_pass() -> None:
    check_free({"mlflow": free_port(), "airflow": free_port()})


def test_two_parts_that_want_one_port_are_told_apart() -> None:
    port = free_port()
    with pytest.raises(PortTakenError, match="both mlflow and airflow"):
        check_free({"mlflow": port, "airflow": port})


def test_the_owner_is_named_by_its_command() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        owner = owner_of(server.getsockname()[1])
    assert "pytest" in owner


def test_a_port_just_closed_is_free_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            server.accept()[0].close()
    check_free({"mlflow": port})
