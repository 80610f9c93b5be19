"""Fixtures that every room's tests share, and how tests are dealt out to processes.

Servers are real and started once a process; those that take long to start, once a run.
"""

import os

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1")
"""Processes share the processors already: threads would mostly spin while they wait for others.

Read when numpy and the like are first imported, so before the fixtures below. Not OMP_THREAD_LIMIT:
scikit-learn 1.9's searches for neighbours return memory that nothing was written to under it."""

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

DAGS = ("tests/dags/",)
STACK = (
    "tests/stack/test_alert_delivered.py",
    "tests/stack/test_killed.py",
    "tests/stack/test_local_stack.py",
    "tests/stack/test_run_status.py",
)
WATCHED = ("tests/signals/servers/",)
MLFLOW = (
    "tests/training/test_registry.py",
    "tests/training/test_mlflow_server.py",
    "tests/steps/test_rollback.py",
    "tests/faults/test_network.py",
)
HOLDING = ("tests/faults/test_servers.py", "tests/faults/test_alerts_go_on.py")
SHARED = {
    "tocsin_folder": DAGS,
    "local_stack": STACK,
    "servers": WATCHED,
    "mlflow_server": MLFLOW,
    "holding_stack": HOLDING,
}
"""Files whose tests share servers that take long to start, by the fixture that says so.

Those that take longest come first. Other files of their folders are none of them: while they run,
the servers would take their part of the processors for nothing."""


class Together(LoadScopeScheduling):
    """Gives the tests of one file to one process, and those that share servers."""

    def _split_scope(self, nodeid: str) -> str:
        shared = next((s for s, files in SHARED.items() if nodeid.startswith(files)), None)
        return shared or nodeid.partition("::")[0]


def pytest_configure() -> None:
    """Forget the settings of whoever runs the tests: ports and addresses of a stack in use."""
    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        if name != GRAFANA_HOME:
            del os.environ[name]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadScopeScheduling:
    """Deal tests out by files and servers."""
    return Together(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest: it may not come last."""
    for item in items:
        for shared in set(SHARED) & set(getattr(item, "fixturenames", ())):
            if not item.nodeid.startswith(SHARED[shared]):
                msg = f"{item.nodeid} shares {shared}: name its file in tests/conftest.py"
                raise pytest.UsageError(msg)
    for longest in (WATCHED, STACK, DAGS):
        items.sort(key=lambda item, first=longest: not item.nodeid.startswith(first))
