"""A run's notification: one whatever failed, after its success is published, never in its way."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from monitoring.errors import TocsinError
from monitoring.reports.entry import ReportKind, report_name
from monitoring.settings import settings
from monitoring.signals.pipelines import Pipeline
from monitoring.signals.pushgateway import PublishError
from monitoring.steps import begin, in_process
from monitoring.steps.notification import Notification, notify
from monitoring.steps.run import Run, StepError
from monitoring.use_case import UseCase
from tests.fixtures.gateway import running_prometheus
from tests.fixtures.mailbox import Mailbox, parts_of
from tests.fixtures.tiny import write_tiny
from tests.fixtures.webhook import Webhook

NOW = datetime(2026, 2, 1, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def case(
    tmp_path: Path, pushgateway: str, own_webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> Iterator[UseCase]:
    """A use case without a champion, its gateway and its webhook at work."""
    for folder in ("state", "data", "reports", "use_cases"):
        monkeypatch.setenv(f"TOCSIN_{folder.upper()}", str(tmp_path / folder))
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", pushgateway)
    monkeypatch.setenv("TOCSIN_WEBHOOK_URL", own_webhook.url)
    settings.cache_clear()
    yield write_tiny(tmp_path.name[:30].rstrip("_").lower(), tmp_path, rows=500)
    settings.cache_clear()


def gateway_is_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_PUSHGATEWAY_URL", NOWHERE)
    settings.cache_clear()


def report(case: UseCase) -> Notification:
    return in_process.report(begin.by_hand(Pipeline.REPORT, case.name, as_of=NOW))[0]


def pushed(gateway: str, case: UseCase, metric: str) -> list[str]:
    """Return the series of a metric that the gateway holds of a use case."""
    lines = requests.get(f"{gateway}/metrics", timeout=5).text.splitlines()
    return [s for s in lines if s.startswith(f"{metric}{{") and f'use_case="{case.name}"' in s]


def test_a_webhook_that_is_down_costs_the_message_alone(
    case: UseCase, own_webhook: Webhook, pushgateway: str
) -> None:
    own_webhook.answer = 500
    with pytest.raises(StepError, match=r"answer 500.*TOCSIN_WEBHOOK_URL") as raised:
        report(case)
    assert own_webhook.url not in str(raised.value)
    assert pushed(pushgateway, case, "tocsin_last_success_timestamp_seconds")
    assert 'status="not delivered"' in notification_status(pushgateway, case)
    own_webhook.answer = 200
    report(case)
    assert 'status="delivered"' in notification_status(pushgateway, case)
    assert own_webhook.titles == [f"{case.title}: nothing to report"]


def notification_status(gateway: str, case: UseCase) -> str:
    """Return the one series that says what became of the newest report's notification."""
    statuses = pushed(gateway, case, "tocsin_status_info")
    (status,) = [line for line in statuses if 'of="report notification"' in line]
    return status


def asks(case: UseCase, folder: Path, notify: str) -> Run:
    """Give a use case channels; return the next run of its report."""
    file = folder / "use_cases" / f"{case.name}.yml"
    file.write_text(f"{file.read_text('utf-8')}\nnotify: {notify}\n", encoding="utf-8")
    return begin.by_hand(Pipeline.REPORT, case.name, as_of=NOW)


def test_a_channel_that_nobody_asks_for_or_set_up_costs_no_run_and_the_status_says_so(
    case: UseCase,
    tmp_path: Path,
    pushgateway: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.delenv("TOCSIN_WEBHOOK_URL")
    settings.cache_clear()
    run = begin.by_hand(Pipeline.REPORT, case.name, as_of=NOW)
    notify(run, Notification.of_success(run, "report", "all is well"))
    assert 'status="no channel"' in notification_status(pushgateway, case)
    run = asks(case, tmp_path, "{on_success: [slack, mail]}")
    notify(run, Notification.of_success(run, "report", "all is well"))
    assert 'status="channel not set up"' in notification_status(pushgateway, case)
    assert "slack is named by `notify.on_success` and is not set up" in caplog.text
    assert "set TOCSIN_SLACK_URL" in caplog.text


def test_a_step_that_is_tried_again_repeats_no_message_that_has_arrived(
    case: UseCase,
    tmp_path: Path,
    own_webhook: Webhook,
    own_mailbox: Mailbox,
    pushgateway: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"HOST": own_mailbox.host, "TLS": "false", "TO": "team@x.test"}.items():
        monkeypatch.setenv(f"TOCSIN_SMTP_{name}", value)
    settings.cache_clear()
    run = asks(case, tmp_path, "{on_success: [mail, webhook]}")
    sent = Notification.of_success(run, "report", "recall 0.8", version="3")
    own_webhook.answer = 500
    with pytest.raises(StepError, match="the webhook did not accept"):
        notify(run, sent)
    assert 'status="not delivered"' in notification_status(pushgateway, case)
    own_webhook.answer = 200
    notify(run, sent)
    notify(run, sent)
    assert 'status="delivered"' in notification_status(pushgateway, case)
    assert own_mailbox.subjects == own_webhook.titles == [f"{case.title}: report"]
    plain, _ = parts_of(own_mailbox.mails[0])
    for link in ("dashboard_url", "report_url", "model_url"):
        assert own_webhook.received[0]["commonAnnotations"][link] in plain
    assert own_webhook.received[0]["commonLabels"]["pipeline"] == "report"
    notify(run, Notification.of_success(run, "report", "recall 0.9"))
    assert len(own_mailbox.mails) == 2


def test_a_gateway_that_is_down_is_notified_of_once_and_old_reports_go_all_the_same(
    case: UseCase, own_webhook: Webhook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = tmp_path / "reports" / case.name
    mine.mkdir(parents=True)
    days = range(case.report.keep + 4)
    names = [f"{report_name(ReportKind.DRIFT, NOW - timedelta(days=d))}.html" for d in days]
    for name in names:
        (mine / name).touch()
    (tmp_path / "prometheus.yml").write_text("{}", encoding="utf-8")
    with running_prometheus(tmp_path) as prometheus:
        monkeypatch.setenv("TOCSIN_PROMETHEUS_URL", prometheus)
        gateway_is_down(monkeypatch)
        with pytest.raises(PublishError, match=NOWHERE):
            report(case)
    assert {path.name for path in mine.glob("drift_*")} == set(names[: case.report.keep])
    assert own_webhook.titles == [f"{case.title}: report failed"]
    assert "open_run failed: PublishError" in own_webhook.received[0]["message"]


def test_a_retrain_whose_rows_cannot_be_read_is_notified_of_once(
    case: UseCase, own_webhook: Webhook, tmp_path: Path
) -> None:
    (tmp_path / "data" / f"{case.name}.csv").write_text("Time,V1\n1,2\n", encoding="utf-8")
    with pytest.raises(Exception, match="Class"):
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, case.name, as_of=NOW))
    assert own_webhook.titles == [f"{case.title}: retrain failed"]
    (told,) = own_webhook.received
    assert "merge_production_data failed: " in told["message"]
    assert "select_best" not in told["message"]
    assert told["status"] == "failure"
    facts = told["commonAnnotations"]
    assert facts.keys() & {"dag", "run", "task", "try", "date", "error"} == {
        *("run", "task", "date", "error")
    }
    assert facts["task"] == "merge_production_data"
    assert facts["runbook_url"].endswith("/runbook#runfailed")


def test_a_source_that_cannot_be_read_at_all_is_notified_of_once(
    case: UseCase, own_webhook: Webhook, tmp_path: Path
) -> None:
    """Its columns are read from it, so that hardly a step can begin."""
    file = tmp_path / "use_cases" / f"{case.name}.yml"
    text = file.read_text(encoding="utf-8")
    for field, value in {"source": "{path: auto}", "target": "last", "features": "auto"}.items():
        text = re.sub(rf"{field}: .*", f"{field}: {value}", text)
    file.write_text(text, encoding="utf-8")
    (tmp_path / "data" / f"{case.name}.csv").write_bytes(b"\xff\x00\xfe" * 100)
    with pytest.raises(TocsinError):
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, case.name, as_of=NOW))
    assert own_webhook.titles == [f"{case.title}: retrain failed"]
    assert "check_production_data failed: " in own_webhook.received[0]["message"]


def test_a_success_that_cannot_be_published_is_notified_of_once(
    case: UseCase, own_webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway goes away between the figures and the success."""
    from monitoring.steps.report import report_outcome

    publish = report_outcome.publish_metrics

    def publish_and_lose_the_gateway(run: object) -> object:
        published = publish(run)
        gateway_is_down(monkeypatch)
        return published

    monkeypatch.setattr(report_outcome, "publish_metrics", publish_and_lose_the_gateway)
    with pytest.raises(PublishError):
        report(case)
    assert own_webhook.titles == [f"{case.title}: report failed"]
    assert "summary of run report_" in own_webhook.received[0]["message"]
