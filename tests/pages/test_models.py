"""Links to a model lead to where people open MLflow, and say so where that is not known."""

from pathlib import Path

import pytest
import requests

from monitoring.pages.site import Site, site_of
from monitoring.serving.api import api_of
from monitoring.settings import Settings
from monitoring.signals.links import Addresses
from tests.fixtures.loopback import free_port
from tests.fixtures.serving import running_site
from tests.pages.conftest import Served


def asked(url: str, path: str) -> requests.Response:
    return requests.get(url + path, timeout=10, allow_redirects=False)


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/models/fraud", "http://mlflow.test/#/models/fraud"),
        ("/models/fraud/12", "http://mlflow.test/#/models/fraud/versions/12"),
    ],
)
def test_a_model_is_found_in_mlflow(served: Served, path: str, there: str) -> None:
    answer = asked(served.url, path)
    assert (answer.status_code, answer.headers["location"]) == (307, there)


def test_there_is_no_model_of_a_use_case_that_is_not_there(served: Served) -> None:
    answer = asked(served.url, "/models/nobody/1")
    assert answer.status_code == 404
    assert "No use case" in answer.json()["detail"]


@pytest.mark.parametrize("version", ["0", "newest", "1/2", "%2e%2e"])
def test_a_version_is_a_number(served: Served, version: str) -> None:
    assert asked(served.url, f"/models/fraud/{version}").status_code in {404, 422}


def test_where_nobody_can_open_mlflow_the_page_says_what_to_set(tmp_path: Path) -> None:
    port = free_port()
    site = Site(tmp_path / "reports", None, Addresses(f"http://127.0.0.1:{port}"))
    api = api_of(Settings(state=tmp_path), keys=False)
    with running_site(site, api, port=port) as url:
        answer = asked(url, "/models/fraud/1")
    assert answer.status_code == 404
    assert "TOCSIN_PUBLIC_MLFLOW_URL" in answer.json()["detail"]


def test_it_leads_to_the_address_for_people_and_not_to_the_one_inside() -> None:
    site = site_of(
        Settings(mlflow_url="http://inside:5000", public_mlflow_url="http://mlflow.test")
    )
    assert site.mlflow == "http://mlflow.test"
