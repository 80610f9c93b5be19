"""A retired use case leaves the servers and the list; what is known of it stays."""

from pathlib import Path

import pytest
import requests

from monitoring.settings import settings
from monitoring.signals import Pipeline
from monitoring.signals.pushgateway import publish_success
from monitoring.steps.adopt import adopt
from monitoring.steps.places import model_registry
from monitoring.steps.retire import retire
from monitoring.steps.run import StepError
from monitoring.use_case_file import UseCaseError, use_case_files
from tests.fixtures.watched import FIRST, Logs
from tests.steps.watching import ADOPTED_AT


def groups(url: str) -> set[str]:
    pushed = requests.get(f"{url}/api/v1/metrics", timeout=5).json()["data"]
    return {group["labels"]["use_case"] for group in pushed}


def test_its_file_and_its_groups_are_gone_and_its_models_stay(
    logs: Logs, pushgateway: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    settings.cache_clear()
    case = logs.case
    adopt(case, now=ADOPTED_AT)
    publish_success("other", Pipeline.REPORT, FIRST, url=pushgateway)
    assert groups(pushgateway) >= {"payments", "other"}
    done = retire("payments")
    assert "payments" not in use_case_files(settings().use_cases)
    assert Path(done.file).is_file()
    assert "payments" not in groups(pushgateway)
    assert "other" in groups(pushgateway)
    assert model_registry().champion(case) is not None
    assert retire("payments").file == done.file  # a second time, as after a kill


def test_a_shipped_use_case_is_left_out_by_a_setting(logs: Logs) -> None:
    with pytest.raises(StepError, match="name those that are watched in TOCSIN_ACTIVE"):
        retire("fraud")
    with pytest.raises(UseCaseError, match="no use case 'nobody'"):
        retire("nobody")
