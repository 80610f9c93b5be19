"""The real local stack, started once for the tests of this folder and stopped after them.

Not for the whole run: an idle Airflow takes a tenth of the machine from all other tests.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fixtures.stack import LocalStack, running_stack
from tests.fixtures.webhook import Webhook

KILLER = Path(__file__).with_name("killer_plugin.py")


@pytest.fixture(scope="package")
def local_stack(tmp_path_factory: pytest.TempPathFactory, webhook: Webhook) -> Iterator[LocalStack]:
    """Return the running local stack; it is stopped after the tests of this folder."""
    folder = tmp_path_factory.mktemp("stack")
    with running_stack(folder, webhook, KILLER, retry_seconds=1) as stack:
        yield stack
