"""Servers that ask for a user and a password are signed in to, and neither is ever shown."""

import traceback
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import requests
from pydantic import SecretStr

from monitoring.reports.retention import firing_alerts
from monitoring.secrecy import SignIn
from monitoring.signals import Pipeline, PublishError, PushGroup, Sample, publish, retire
from monitoring.signals.catalogue import DRIFT_SCORE
from monitoring.signals.history import History
from monitoring.signals.prometheus import PrometheusError
from monitoring.signals.pushgateway import publish_attempt
from tests.fixtures.gateway import SIGN_IN, running_prometheus, running_pushgateway

WRONG = SignIn("tocsin", SecretStr("canary-wrong-password"))
AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def guarded_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Pushgateway that asks for a sign-in, for its health too."""
    with running_pushgateway(tmp_path_factory.mktemp("guarded"), SIGN_IN) as url:
        yield url


@pytest.fixture(scope="module")
def guarded_prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Prometheus that asks for a sign-in."""
    folder = tmp_path_factory.mktemp("guarded_prometheus")
    (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    with running_prometheus(folder, sign_in=SIGN_IN) as url:
        yield url


def test_a_gateway_that_asks_for_it_is_signed_in_to(guarded_gateway: str) -> None:
    to = {"url": guarded_gateway, "sign_in": SIGN_IN}
    publish_attempt("fraud", Pipeline.REPORT, AT, **to)  # type: ignore[arg-type]
    publish([Sample(DRIFT_SCORE, 0.2)], use_case="fraud", group=PushGroup.REPORT, **to)  # type: ignore[arg-type]
    assert 'tocsin_drift_score_ratio{instance="",job="tocsin"' in held(guarded_gateway)
    retire("fraud", **to)  # type: ignore[arg-type]
    assert "tocsin_" not in held(guarded_gateway)


def held(url: str) -> str:
    return requests.get(f"{url}/metrics", auth=SIGN_IN.pair, timeout=5).text


@pytest.mark.parametrize("sign_in", [None, WRONG])
def test_a_gateway_that_refuses_names_the_variables_and_shows_no_password(
    guarded_gateway: str, sign_in: SignIn | None
) -> None:
    with pytest.raises(PublishError, match=r"401 .*TOCSIN_PUSHGATEWAY_PASSWORD") as raised:
        publish_attempt("fraud", Pipeline.REPORT, AT, url=guarded_gateway, sign_in=sign_in)
    shown = "".join(traceback.format_exception(raised.value))
    assert "canary" not in shown
    assert "canary" not in repr(sign_in)


def test_a_prometheus_that_asks_for_it_is_signed_in_to(guarded_prometheus: str) -> None:
    assert History(guarded_prometheus, SIGN_IN).retention().days == 15
    assert History(guarded_prometheus, SIGN_IN).lacking("fraud", PushGroup.REPORT, range(1)) == [0]
    assert firing_alerts(guarded_prometheus, SIGN_IN) == ()


@pytest.mark.parametrize("sign_in", [None, WRONG])
def test_a_prometheus_that_refuses_names_the_variables_and_shows_no_password(
    guarded_prometheus: str, sign_in: SignIn | None
) -> None:
    with pytest.raises(PrometheusError, match=r"401 .*TOCSIN_PROMETHEUS_PASSWORD") as raised:
        History(guarded_prometheus, sign_in).retention()
    assert "canary" not in "".join(traceback.format_exception(raised.value))
