"""Fixtures that every room's tests share, and how tests are dealt out to processes.

Servers are real and started once a process; those that take long to start, once a run.
"""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

pytest_plugins = [
    "tests.fixtures.cards",
    "tests.fixtures.loopback",
    "tests.fixtures.gateway",
    "tests.fixtures.grafana",
    "tests.fixtures.mlflow_server",
    "tests.fixtures.mailbox",
    "tests.fixtures.webhook",
    "tests.fixtures.postgres",
    "tests.fixtures.s3",
    "tests.fixtures.spark",
]

GRAFANA_HOME = "TOCSIN_GRAFANA_HOME"
"""The one setting of the shell that tests heed: where Grafana is."""

SERVERS = ("tests/stack/", "tests/signals/servers/", "tests/dags/")
"""Folders whose tests share servers that take long to start."""

MLFLOW = (
    "tests/training/test_registry.py",
    "tests/training/test_mlflow_server.py",
    "tests/steps/test_rollback.py",
)
"""Files whose tests share an MLflow server: to start one takes half a minute of a processor."""


class Together(LoadScopeScheduling):
    """Gives the tests of one file to one process, and those that share servers."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        if path in MLFLOW:
            return MLFLOW[0]
        return next((folder for folder in SERVERS if path.startswith(folder)), path)


def pytest_configure() -> None:
    """Forget the settings of whoever runs the tests: ports and addresses of a stack in use."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        if name != GRAFANA_HOME:
            del os.environ[name]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Deal tests out by files and servers."""
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the tests on servers.

    Those mostly wait, so that the other process has most of the processors meanwhile.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(SERVERS))
