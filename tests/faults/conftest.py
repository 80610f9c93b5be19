"""A local stack whose tasks can be held at their beginning, for the tests of servers that fail."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.stack import LocalStack, running_stack
from tests.fixtures.webhook import Webhook

HOLDER = Path(__file__).with_name("holder_plugin.py")


@pytest.fixture(scope="package")
def holding_stack(
    tmp_path_factory: pytest.TempPathFactory, webhook: Webhook
) -> Iterator[LocalStack]:
    """Return the running stack; a task that fails is tried again ten seconds later."""
    folder = tmp_path_factory.mktemp("holding")
    with running_stack(folder, webhook, HOLDER, retry_seconds=10) as stack:
        yield stack
