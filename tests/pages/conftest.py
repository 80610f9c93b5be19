"""One server for all tests, on reports of one use case; the other ones have none yet."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from monitoring.pages.site import Site
from monitoring.reports.entry import ReportKind
from monitoring.reports.pages import write_index
from monitoring.serving.api import api_of
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.reports.test_index import END, entry

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
