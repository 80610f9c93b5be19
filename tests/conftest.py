"""Fixtures that every room's tests share; servers are real and started once a run."""

pytest_plugins = [
    "tests.fixtures.cards",
    "tests.fixtures.loopback",
    "tests.fixtures.gateway",
    "tests.fixtures.mlflow_server",
    "tests.fixtures.stack",
    "tests.fixtures.postgres",
]
