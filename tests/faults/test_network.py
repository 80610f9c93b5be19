"""The network between two parts cut in the middle of a step that uses it, and mended later."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import requests

from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.steps import begin, in_process
from monitoring.steps.places import model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.use_case import UseCase
from tests.fixtures.cut_network import Network, network_to
from tests.fixtures.tiny import write_tiny

pytestmark = pytest.mark.faults

NAME = "unreached"
END = datetime(2026, 2, 1, tzinfo=UTC)

TO_MLFLOW, TO_PUSHGATEWAY = 15.0, 2.0
"""Seconds for which the network is cut: longer than a server takes to start again."""


@pytest.fixture(scope="module")
def networks(
    mlflow_server: str, pushgateway: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Network]]:
    """Networks to an MLflow server and a Pushgateway, between which and a use case they lie."""
    folder = tmp_path_factory.mktemp("unreached")
    case = write_tiny(NAME, folder, quick=True)
    with (
        network_to(mlflow_server) as mlflow,
        network_to(pushgateway) as gateway,
        pytest.MonkeyPatch.context() as patch,
    ):
        for name, value in {
            "STATE": folder / "state",
            "HOLD_BACK": 0.2,
            "DATA": folder / "data",
            "USE_CASES": folder / "use_cases",
            "MLFLOW_URL": mlflow.url,
            "PUSHGATEWAY_URL": gateway.url,
        }.items():
            patch.setenv(f"TOCSIN_{name}", str(value))
        settings.cache_clear()
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, NAME, as_of=END - timedelta(days=3)))
        replay(case, Wanted(END))
        yield {"mlflow": mlflow, "pushgateway": gateway}
    settings.cache_clear()


@contextmanager
def cut_in(network: Network, step: str, size: int, seconds: float) -> Iterator[None]:
    """Cut a network within a step, once that has sent and received some bytes."""

    class Cut(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.getMessage().endswith(f": {step}"):
                network.cut_after(size, seconds)

    handler = Cut()
    in_process.log.addHandler(handler)
    before, level = network.refused, in_process.log.level
    in_process.log.setLevel(logging.INFO)
    try:
        yield
    finally:
        in_process.log.removeHandler(handler)
        in_process.log.setLevel(level)
    assert network.refused > before, f"{step} did not try again while the network was cut"


def versions() -> set[str]:
    client = model_registry()._client()
    return {str(v.version) for v in client.search_model_versions(f"name = '{NAME}'")}


def case_of() -> UseCase:
    return begin.by_hand(Pipeline.REPORT, NAME, as_of=END).declared


@pytest.mark.parametrize(
    ("step", "size"), [("logistic_regression.log_model", 20_000), ("promote", 5_000)]
)
def test_a_retrain_cut_off_from_mlflow_says_so_and_run_again_makes_its_one_version(
    networks: dict[str, Network], step: str, size: int
) -> None:
    """By a command, which tries no step again: under Airflow, `test_servers.py` sees it retried."""
    mlflow, as_of = networks["mlflow"], END + timedelta(minutes=1 if step == "promote" else 2)
    before = versions()
    with cut_in(mlflow, step, size, TO_MLFLOW), pytest.raises(Exception, match=mlflow.url):
        retrain(as_of)
    mlflow.mended.wait(60)
    assert versions() == before
    retrain(as_of)
    assert len(versions() - before) == 1
    check_rows(as_of)


def test_a_retrain_cut_off_from_the_pushgateway_ends_well_and_its_success_is_there(
    networks: dict[str, Network],
) -> None:
    as_of, before = END + timedelta(minutes=3), versions()
    with cut_in(networks["pushgateway"], "publish_metrics", 300, TO_PUSHGATEWAY):
        retrain(as_of)
    assert len(versions() - before) == 1
    check_rows(as_of)
    check_pushed(networks, "retrain")


def test_a_report_cut_off_from_mlflow_says_so_and_run_again_makes_its_pages(
    networks: dict[str, Network],
) -> None:
    mlflow, as_of = networks["mlflow"], END + timedelta(minutes=4)
    with (
        cut_in(mlflow, "measure", 20_000, TO_MLFLOW),
        pytest.raises(Exception, match=mlflow.url),
    ):
        report(as_of)
    mlflow.mended.wait(60)
    report(as_of)
    assert len(pages(as_of)) == 3


def test_a_report_cut_off_from_the_pushgateway_ends_well_and_its_success_is_there(
    networks: dict[str, Network],
) -> None:
    as_of = END + timedelta(minutes=5)
    with cut_in(networks["pushgateway"], "publish_metrics", 300, TO_PUSHGATEWAY):
        report(as_of)
    assert len(pages(as_of)) == 3
    check_pushed(networks, "report")


def retrain(as_of: datetime) -> None:
    in_process.retrain(begin.by_hand(Pipeline.RETRAIN, NAME, as_of=as_of, force=True))


def report(as_of: datetime) -> None:
    in_process.report(begin.by_hand(Pipeline.REPORT, NAME, as_of=as_of))


def check_rows(as_of: datetime) -> None:
    """Check that each row has counted once, and none is left."""
    with production_store() as store:
        assert store.new_labelled(case_of(), as_of) == 0
        rows = store.training_rows(case_of(), as_of, None, folder=settings().archives)
    assert len(np.unique(rows.row_id)) == len(rows)


def check_pushed(networks: dict[str, Network], pipeline: str) -> None:
    pushed = requests.get(f"{networks['pushgateway'].url}/metrics", timeout=30).text
    assert f'part="{pipeline}_success",pipeline="{pipeline}",use_case="{NAME}"' in pushed


def pages(as_of: datetime) -> list[str]:
    folder = settings().reports / NAME
    assert isinstance(folder, Path)
    return [path.name for path in folder.glob("*.html") if f"{as_of:%Y%m%dT%H%M%S}" in path.name]
