"""The servers that use cases are watched with, and what they watch."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from monitoring.signals import Pipeline, PushGroup, publish, publish_attempt, publish_success
from monitoring.sources.synthetic.scenarios import Scenario
from monitoring.use_case import UseCase
from tests.fixtures.demo import Here, write_shop
from tests.fixtures.eventually import eventually
from tests.signals.figures import pushed
from tests.signals.servers.watched import Watched, watching


@pytest.fixture(scope="package")
def servers(fraud: UseCase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The servers, and the two use cases that they watch; nothing is pushed yet."""
    folder = tmp_path_factory.mktemp("watched")
    with watching(folder, fraud, write_shop(folder)) as stack:
        yield stack


@pytest.fixture(scope="package")
def shop_here(servers: Watched) -> Here:
    """The use case `shop`, after all that the demo does with rows that drift."""
    now = datetime.now(UTC).replace(microsecond=0)
    here = Here(servers.case("shop"), servers.folder, servers.pushgateway, now)
    with here.at_work():
        here.retrain()
        here.traffic(Scenario.COVARIATE)
        here.report()
    return here


@pytest.fixture(scope="package")
def watched(servers: Watched, shop_here: Here) -> Watched:
    """The servers, with figures of both use cases.

    Of `fraud` all are made up and good, so that a test pushes the one that it wants bad; of
    `shop` they are what the demo's own steps published.
    """
    for part in (PushGroup.MODEL, PushGroup.RETRAIN, PushGroup.GATE, PushGroup.REPORT):
        publish(pushed()[part], use_case="fraud", group=part, url=servers.pushgateway)
    for pipeline in Pipeline:
        now = datetime.now(UTC)
        publish_attempt("fraud", pipeline, now, url=servers.pushgateway)
        publish_success("fraud", pipeline, now, url=servers.pushgateway)
    servers.wait_for_report("shop", shop_here.now)
    servers.wait_for_report("fraud", shop_here.now)
    # Rules look again a second after a scrape.
    eventually(lambda: servers.query('max_feature_drift{use_case="fraud"}'))
    eventually(lambda: servers.query('ALERTS{alertname="DriftScoreHigh",use_case="shop"}'))
    return servers
