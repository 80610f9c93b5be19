"""On a real Grafana: recall that is estimated too low, and rows served otherwise, are told of."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from monitoring.performance.intervals import Ratio
from monitoring.settings import Settings
from monitoring.signals.alerts.delivery import Delivery, Notifier
from monitoring.signals.alerts.grafana_alerting import INTERVAL
from monitoring.signals.catalogue import LAST_ATTEMPT, LAST_SUCCESS, SERVING_SKEW
from monitoring.signals.generated_files import grafana_files
from monitoring.signals.history import STEP, HeldSamples, History, exposition
from monitoring.signals.links import Addresses
from monitoring.signals.metric import Sample
from monitoring.signals.samples import estimate_samples
from monitoring.use_case import UseCase
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import program, running_prometheus
from tests.fixtures.grafana import running_grafana
from tests.fixtures.webhook import running_webhook
from tests.signals.figures import estimate, pushed
from tests.signals.servers.watched import AT_ONCE

pytestmark = pytest.mark.grafana

LONG = timedelta(hours=30)
"""Two windows of a day were confirmed in it."""

RUNS = (LAST_ATTEMPT, LAST_SUCCESS)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory: pytest.TempPathFactory, fraud: UseCase) -> Iterator[str]:
    """A Prometheus in which all is well for thirty hours, but for what this file is about."""
    program("promtool")
    folder = tmp_path_factory.mktemp("estimated")
    (folder / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    low = {s.series: s for s in estimate_samples(estimate(recall=Ratio(0.45, 0.3, 0.58)))}
    with running_prometheus(folder) as url:
        for part, samples in pushed().items():
            courses = [_amiss(sample, low) for sample in samples]
            text = "".join(exposition(_held(courses), use_case=fraud.name, group=part))
            (folder / "held.om").write_text(text, encoding="utf-8")
            History(url).load(folder / "held.om")
    with running_prometheus(folder) as url:  # a start reads blocks at once
        yield url


def _amiss(sample: Sample, low: dict[str, Sample]) -> Sample:
    if sample.metric is SERVING_SKEW:
        return replace(sample, value=0.2)
    return low.get(sample.series, sample)


def _held(samples: list[Sample]) -> Iterator[HeldSamples]:
    end = int(datetime.now(UTC).timestamp()) // STEP * STEP + 6 * STEP
    for moment in range(end - int(LONG.total_seconds()), end, STEP):
        now = [replace(s, value=float(moment)) if s.metric in RUNS else s for s in samples]
        yield HeldSamples(now, [moment])


def test_recall_estimated_below_its_limit_is_told_before_its_labels_come(
    grafana_command: tuple[str, ...], prometheus: str, fraud: UseCase, tmp_path: Path
) -> None:
    with running_webhook() as webhook:
        url = SecretStr(webhook.url)
        addresses = Addresses("http://tocsin.test")
        delivery = Delivery(
            Notifier.GRAFANA, addresses, webhook=url, critical=AT_ONCE, warning=AT_ONCE
        )
        files = {
            path: text.replace(f"interval: {INTERVAL}", "interval: 10s")
            for path, text in grafana_files(
                [fraud], delivery, dashboards=str(tmp_path / "none")
            ).items()
        }
        known = Settings(prometheus_url=prometheus, webhook_url=url)
        with running_grafana(grafana_command, tmp_path, files, known):

            def told() -> dict[str, str] | None:
                messages = {post["title"]: post["message"] for post in webhook.received}
                return messages if len(messages) > 1 else None

            messages = eventually(told)
    low, skewed = (messages[title] for title in sorted(messages))
    assert sorted(messages) == [
        "critical: Card fraud: estimated recall below 60%",
        "warning: Card fraud: the stored rows are not what the model saw",
    ]
    assert "caught at most 58% (limit 60%) of all frauds in the newest window, as estimated" in low
    assert "EUR 600 estimated cost of the newest window" in low
    assert "http://tocsin.test/runbook#estimatedrecalllow" in low
    assert "Of the newest rows 20% (limit 5%) do not give back the score" in skewed
