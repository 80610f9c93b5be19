"""Fixtures that every room's tests share, and how tests are dealt out to processes.

Servers are real and started once a process, the local stack once a run.
"""

import pytest

pytest_plugins = [
    "tests.fixtures.cards",
    "tests.fixtures.loopback",
    "tests.fixtures.gateway",
    "tests.fixtures.grafana",
    "tests.fixtures.mlflow_server",
    "tests.fixtures.stack",
    "tests.fixtures.postgres",
]

STACK = "local_stack"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, and all of the local stack's, which begin first.

    Those mostly wait, so that the other process has most of the processors meanwhile.
    """
    items.sort(key=lambda item: not _on_stack(item))
    for item in items:
        group = STACK if _on_stack(item) else item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


def _on_stack(item: pytest.Item) -> bool:
    return STACK in getattr(item, "fixturenames", ())
