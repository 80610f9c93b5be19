"""The servers that use cases are watched with, and what they watch."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from monitoring.rows.scenarios import Scenario
from monitoring.signals import Part, Pipeline, publish, publish_attempt, publish_success
from monitoring.use_case import UseCase
from tests.fixtures.demo import EVERY_THRESHOLD, watching_here
from tests.fixtures.tiny import write_tiny
from tests.signals.figures import pushed
from tests.signals.servers.watched import Watched, until, watching


@pytest.fixture(scope="session")
def watched(fraud: UseCase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The servers, and two use cases that they watch.

    Of `fraud` all figures are made up and good, so that a test pushes the one that it wants bad;
    of `shop` they are what the demo's own steps made of rows with drift.
    """
    folder = tmp_path_factory.mktemp("watched")
    shop = write_tiny("shop", folder, thresholds=EVERY_THRESHOLD)
    with watching(folder, fraud, shop) as stack:
        for part in (Part.MODEL, Part.RETRAIN, Part.GATE, Part.REPORT):
            publish(pushed()[part], use_case="fraud", part=part, url=stack.pushgateway)
        for pipeline in Pipeline:
            now = datetime.now(UTC)
            publish_attempt("fraud", pipeline, now, url=stack.pushgateway)
            publish_success("fraud", pipeline, now, url=stack.pushgateway)
        with watching_here(shop, folder, stack.pushgateway) as here:
            here.demo(Scenario.COVARIATE)
        until(lambda: stack.query('max_feature_drift{use_case="shop"}'))
        until(lambda: stack.query('ALERTS{alertname="DriftScoreHigh",use_case="shop"}'))
        yield stack
