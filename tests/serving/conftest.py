"""One server of a model for all tests."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from monitoring.pages.site import Site
from monitoring.rows.rows import Rows
from monitoring.serving.api import Api, api_of
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.training.conftest import Job, job


@dataclass(frozen=True)
class Champion:
    """A server whose use case of card fraud has a model, in a state of its own."""

    url: str
    api: Api
    settings: Settings
    job: Job

    @property
    def case(self) -> UseCase:
        """The use case that answers."""
        return self.job.case

    def row(self, place: int = 0, **more: object) -> dict[str, object]:
        """Return a row of the test part as a request holds it."""
        features = self.job.split.test.features.iloc[place].to_dict()
        return {"features": features, **more}

    def log(self) -> str:
        """Log the model once more, and return its run."""
        key, as_of = f"again_{uuid4().hex}", datetime(2026, 2, 1, tzinfo=UTC)
        return self.api.models.registry.log(self.case, self.job.trained, key, as_of)

    def register(self) -> str:
        """Register the model once more, and return its version."""
        return self.api.models.registry.register(self.case, self.log()).number

    def promote(self) -> str:
        """Register the model once more, have it serve, and return its version."""
        registry, number = self.api.models.registry, self.register()
        registry.promote(self.case, registry.version(self.case, number))
        return number


@pytest.fixture(scope="package")
def champion(
    fraud_case: UseCase,
    card_rows: Rows,
    mlflow_tables: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Champion]:
    """Serve a logistic regression of a few payments."""
    state = tmp_path_factory.mktemp("champion")
    shutil.copy(mlflow_tables, state / "mlflow.db")
    where = Settings(state=state)
    api = api_of(where, keys=False)
    port = free_port()
    site = Site(state / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    with running_site(site, api, port=port) as url:
        served = Champion(url, api, where, job(fraud_case, card_rows.take(slice(None, None, 8))))
        served.promote()
        yield served
