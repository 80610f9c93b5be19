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

COSTLY = ("local_stack", "watched")
"""Fixtures that take long to set up: one process alone has the tests of each."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep a file's tests in one process, and all of a costly fixture's; the stack's begin first.

    Those mostly wait, so that the other process has most of the processors meanwhile.
    """
    items.sort(key=lambda item: _costly(item) != COSTLY[0])
    for item in items:
        group = _costly(item) or item.nodeid.partition("::")[0]
        item.add_marker(pytest.mark.xdist_group(group))


def _costly(item: pytest.Item) -> str | None:
    used = getattr(item, "fixturenames", ())
    return next((fixture for fixture in COSTLY if fixture in used), None)
