"""Use cases that the tests of signals watch."""

import pytest
import yaml

from monitoring.use_case import UseCase
from monitoring.use_case_file import SHIPPED, find_use_case
from tests.fixtures.watched import declared


def everything() -> UseCase:
    """Return a use case that sets every threshold there is, and whose alarms block."""
    content = yaml.safe_load((SHIPPED / "fraud.yml").read_text(encoding="utf-8"))
    content["name"] = "everything"
    content["thresholds"] |= {
        "precision": {"below": {"warning": 0.5, "critical": 0.2}},
        "f1": {"below": {"warning": 0.5}},
        "label_coverage": {"below": {"warning": 0.5, "critical": 0.1}},
        "quarantined": {"above": {"warning": 5, "critical": 50}},
    }
    content["decisions"] = {"blocking": "alarm", "control_share": 0.01}
    return UseCase.model_validate(content)


def with_classes() -> UseCase:
    """Return a use case of three classes."""
    content = yaml.safe_load((SHIPPED / "fraud.yml").read_text(encoding="utf-8"))
    content["name"] = "accidents"
    content["words"] = {"positive": "severe accident", "positives": "severe accidents"}
    content["labels"]["absent_at_maturity"] = "unknown"
    content["columns"]["target"] = {
        "name": "Class",
        "classes": ["slight", "serious", "fatal"],
        "watch": "fatal",
    }
    content["costs"]["matrix"] = {"fatal": {"slight": 1000, "serious": 300}}
    content["short_names"] = {}
    content["figures"] = ["accuracy"]
    return UseCase.model_validate(content)


def watched() -> UseCase:
    """Return the use case of a model that is watched from its prediction logs."""
    return UseCase.model_validate(declared())


@pytest.fixture(scope="session")
def fraud() -> UseCase:
    """The shipped use case of card fraud."""
    return find_use_case("fraud")
