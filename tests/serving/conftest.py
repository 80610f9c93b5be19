"""One server for all tests, on reports of one use case; the other ones have none yet."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from monitoring.reports.entry import ReportKind
from monitoring.reports.pages import write_index
from monitoring.rows.rows import Rows
from monitoring.serving.api import Api, api_of
from monitoring.serving.site import Site
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.reports.test_index import END, entry
from tests.training.conftest import Job, job

HIDDEN = "not for anyone"


@dataclass(frozen=True)
class Served:
    """A running server, and the folders it reads reports and use cases from."""

    url: str
    reports: Path
    use_cases: Path


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory, fraud_case: UseCase) -> Iterator[Served]:
    """The server; beside its reports lies a file that is none of them."""
    folder = tmp_path_factory.mktemp("served")
    reports = folder / "reports"
    for kind in (ReportKind.QUALITY, ReportKind.DRIFT):
        made = entry(kind, end=END)
        made.write(reports / "fraud")
        (reports / "fraud" / made.html).write_text(f"<p>report of {kind}</p>", encoding="utf-8")
    write_index(reports, fraud_case)
    (folder / "secret.txt").write_text(HIDDEN, encoding="utf-8")
    (reports / "fraud" / "outside.html").symlink_to(folder / "secret.txt")
    (reports / "fraud" / ".drift.html.part").write_text(HIDDEN, encoding="utf-8")
    wrong = folder / "use_cases"
    wrong.mkdir()
    (wrong / "wrong.yml").write_text("name: Wrong <b>", encoding="utf-8")
    taken = (SHIPPED / "fraud.yml").read_text("utf-8").replace("name: fraud", "name: tocsin", 1)
    (wrong / "tocsin.yml").write_text(taken, encoding="utf-8")
    port = free_port()
    addresses = Addresses(f"http://127.0.0.1:{port}/")
    site = Site(
        reports, wrong, addresses, prometheus="http://prom.test", mlflow="http://mlflow.test/"
    )
    api = api_of(Settings(state=folder / "state"), keys=False)
    with running_site(site, api, port=port) as url:
        yield Served(url, reports, wrong)


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
