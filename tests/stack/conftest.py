"""The real local stack, started once for the tests of this folder and stopped after them.

Not for the whole run: an idle Airflow takes a tenth of the machine from all other tests.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitoring.stack.down import down
from monitoring.stack.programs import Use, missing
from monitoring.stack.up import up
from tests.fixtures.stack import LocalStack, free_ports, stack_settings
from tests.fixtures.webhook import Webhook

KILLER = Path(__file__).with_name("killer_plugin.py")


@pytest.fixture(scope="package")
def local_stack(tmp_path_factory: pytest.TempPathFactory, webhook: Webhook) -> Iterator[LocalStack]:
    """Return the running local stack; it is stopped after the tests of this folder."""
    lacking = missing(Use.STACK)
    if lacking:
        pytest.skip(f"not installed: {', '.join(program.name for program in lacking)}")
    settings = stack_settings(
        tmp_path_factory.mktemp("stack"),
        webhook_url=webhook.url,
        retry_seconds=1,
        hold_back=0.2,
        # As on a machine without Grafana.
        notifier="alertmanager",
    )
    ports = free_ports()
    plugins = settings.state / "airflow" / "plugins"
    plugins.mkdir(parents=True)
    shutil.copy(KILLER, plugins)
    running = up(settings, ports, progress=lambda _: None)
    try:
        yield LocalStack(settings, ports, running, webhook)
    finally:
        down(settings)
