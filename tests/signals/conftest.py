"""Use cases that the tests of signals watch, and the servers that they are watched with."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import yaml

from monitoring.rows.scenarios import Scenario
from monitoring.signals import Part, Pipeline, publish, publish_attempt, publish_success
from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED, find_use_case
from tests.fixtures.demo import EVERY_THRESHOLD, watching_here
from tests.fixtures.tiny import write_tiny
from tests.signals.figures import pushed
from tests.signals.watched import Watched, until, watching


def everything() -> UseCase:
    """Return a use case that sets every threshold there is."""
    content = yaml.safe_load((SHIPPED / "fraud.yml").read_text(encoding="utf-8"))
    content["name"] = "everything"
    content["thresholds"] |= {
        "precision": {"below": {"warning": 0.5, "critical": 0.2}},
        "f1": {"below": {"warning": 0.5}},
        "label_coverage": {"below": {"warning": 0.5, "critical": 0.1}},
        "quarantined": {"above": {"warning": 5, "critical": 50}},
    }
    return UseCase.model_validate(content)


@pytest.fixture(scope="session")
def fraud() -> UseCase:
    """The shipped use case of card fraud."""
    return find_use_case("fraud")


@pytest.fixture(scope="session")
def watched(fraud: UseCase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """The servers, and two use cases that they watch.

    Of `fraud` all figures are made up and good, so that a test pushes the one that it wants bad;
    of `shop` they are what the demo's own steps made of rows with drift.
    """
    folder = tmp_path_factory.mktemp("watched")
    shop = write_tiny("shop", folder, thresholds=EVERY_THRESHOLD)
    with watching(folder, fraud, shop) as stack:
        for part in (Part.MODEL, Part.RETRAIN, Part.REPORT):
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
