"""What is published arrives as it was, replaces what was there, and fails loudly."""

import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families
from tenacity import wait_none

from monitoring.signals import (
    NotificationStatus,
    Pipeline,
    PublishError,
    PushGroup,
    Sample,
    SampleError,
    publish,
    publish_attempt,
    publish_notification,
    publish_success,
    retire,
)
from monitoring.signals.catalogue import CATALOGUE, DRIFT_SCORE, FEATURE_DRIFT, STATUS
from monitoring.signals.metric import Metric, Unit
from monitoring.signals.performance_metrics import RECALL
from monitoring.signals.pushgateway import RETRIES, publish_broken_use_cases
from tests.fixtures.loopback import free_port

AT_ONCE = RETRIES.copy(wait=wait_none())


def in_gateway(url: str, use_case: str) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every Tocsin series of a use case that the Pushgateway shows."""
    text = requests.get(f"{url}/metrics", timeout=5).text
    return {
        (s.name, frozenset(s.labels.items())): s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
        if s.name.startswith("tocsin_") and s.labels.get("use_case") == use_case
    }


def one_of_each() -> tuple[Sample, ...]:
    return tuple(
        Sample(metric, 0.25 + i, {label: f"a {label} / {i}" for label in metric.labels})
        for i, metric in enumerate(CATALOGUE)
    )


def test_every_metric_of_the_catalogue_is_read_back_as_it_was_published(pushgateway: str) -> None:
    samples = one_of_each()
    publish(samples, use_case="each", group=PushGroup.REPORT, url=pushgateway)
    group = {"job": "tocsin", "use_case": "each", "part": "report", "instance": ""}
    assert in_gateway(pushgateway, "each") == {
        (s.metric.name, frozenset((group | dict(s.labels)).items())): s.value for s in samples
    }


def test_a_push_replaces_its_own_part_and_no_other(pushgateway: str) -> None:
    publish(one_of_each(), use_case="again", group=PushGroup.REPORT, url=pushgateway)
    publish([Sample(DRIFT_SCORE, 0.1)], use_case="again", group=PushGroup.MODEL, url=pushgateway)
    publish([Sample(DRIFT_SCORE, 0.4)], use_case="again", group=PushGroup.REPORT, url=pushgateway)
    assert sorted(in_gateway(pushgateway, "again").values()) == [0.1, 0.4]


def test_attempt_and_success_of_each_pipeline_stand_side_by_side(pushgateway: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    for pipeline in Pipeline:
        publish_attempt("runs", pipeline, at, url=pushgateway)
        publish_success("runs", pipeline, at, url=pushgateway)
    series = in_gateway(pushgateway, "runs")
    assert len(series) == 4
    assert set(series.values()) == {at.timestamp()}


def test_an_attempt_says_when_the_next_one_is_due(pushgateway: str) -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    due = at + timedelta(hours=6)
    publish_attempt("due", Pipeline.REPORT, at, url=pushgateway, next_due=due)
    assert set(in_gateway(pushgateway, "due").values()) == {at.timestamp(), due.timestamp()}


def test_the_status_of_each_pipeline_s_notification_replaces_the_one_before(
    pushgateway: str,
) -> None:
    for pipeline in Pipeline:
        for status in (NotificationStatus.NOT_DELIVERED, NotificationStatus.DELIVERED):
            publish_notification("notified", pipeline, status, url=pushgateway)
    series = {
        dict(labels)["of"]: dict(labels)["status"]
        for _, labels in in_gateway(pushgateway, "notified")
    }
    assert series == {"report notification": "delivered", "retrain notification": "delivered"}


def test_the_broken_use_cases_are_those_of_the_newest_run_and_none_in_the_end(
    pushgateway: str,
) -> None:
    for names in (["churn", "late\udcff"], ["late\udcff"], []):
        publish_broken_use_cases(names, url=pushgateway)
        found = {dict(labels)["name"] for _, labels in in_gateway(pushgateway, "tocsin")}
        assert found == {name.replace("\udcff", "\\udcff") for name in names}


def test_a_retired_use_case_leaves_nothing_and_others_stay(pushgateway: str) -> None:
    for case in ("leaves", "stays"):
        for part in PushGroup:
            publish([Sample(DRIFT_SCORE, 0.1)], use_case=case, group=part, url=pushgateway)
    retire("leaves", url=pushgateway)
    assert in_gateway(pushgateway, "leaves") == {}
    assert len(in_gateway(pushgateway, "stays")) == len(PushGroup)
    retire("leaves", url=pushgateway)


def test_a_metric_outside_the_catalogue_is_not_published(pushgateway: str) -> None:
    stranger = Metric("stranger", unit=Unit.ROWS, title="Stranger", help="Not declared.")
    with pytest.raises(SampleError, match="tocsin_stranger_rows"):
        publish([Sample(stranger, 1)], use_case="x", group=PushGroup.REPORT, url=pushgateway)
    assert in_gateway(pushgateway, "x") == {}


def test_two_samples_of_one_series_are_refused(pushgateway: str) -> None:
    twice = [Sample(DRIFT_SCORE, 0.1), Sample(DRIFT_SCORE, 0.2)]
    with pytest.raises(SampleError, match="two samples of one series: tocsin_drift_score"):
        publish(twice, use_case="x", group=PushGroup.REPORT, url=pushgateway)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_no_sample(value: float) -> None:
    with pytest.raises(SampleError, match="status"):
        Sample(DRIFT_SCORE, value)


@pytest.mark.parametrize(
    ("metric", "labels"),
    [
        (RECALL, {}),
        (RECALL, {"stage": "test"}),
        (RECALL, {"stage": "test", "role": "champion", "day": "1"}),
        (DRIFT_SCORE, {"feature": "V1"}),
        (STATUS, {"of": "drift"}),
    ],
)
def test_a_sample_has_exactly_the_labels_of_its_metric(
    metric: Metric, labels: dict[str, str]
) -> None:
    with pytest.raises(SampleError, match=f"{metric.name}: labels are"):
        Sample(metric, 1, labels)


def test_samples_of_one_series_have_one_identity_whatever_the_order_of_labels() -> None:
    one = Sample(RECALL, 0.5, {"stage": "test", "role": "champion"})
    other = Sample(RECALL, 0.5, {"role": "champion", "stage": "test"})
    assert one == other
    assert one.series == other.series
    assert str(one) == 'tocsin_recall_ratio{stage="test",role="champion"} 0.5'


class _Flaky(BaseHTTPRequestHandler):
    """Answers what `answers` says, in turn; then the last of it."""

    answers: tuple[int, ...] = ()
    asked = 0

    def do_PUT(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status = self.answers[min(type(self).asked, len(self.answers) - 1)]
        type(self).asked += 1
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b"the reason")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet."""


@pytest.fixture
def flaky() -> Iterator[tuple[str, type[_Flaky]]]:
    handler = type("Flaky", (_Flaky,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_passing_fault_is_outlived(flaky: tuple[str, type[_Flaky]]) -> None:
    url, handler = flaky
    handler.answers = (503, 502, 200)
    publish(
        [Sample(FEATURE_DRIFT, 0.1, {"feature": "V1"})],
        use_case="fraud",
        group=PushGroup.REPORT,
        url=url,
        retries=AT_ONCE,
    )
    assert handler.asked == 3


def test_a_lasting_fault_fails_with_the_address_and_the_reason(
    flaky: tuple[str, type[_Flaky]],
) -> None:
    url, handler = flaky
    handler.answers = (500,)
    with pytest.raises(PublishError, match=f"fraud/report.*{url}.*500 the reason"):
        publish([], use_case="fraud", group=PushGroup.REPORT, url=url, retries=AT_ONCE)
    assert handler.asked == 4


def test_what_the_gateway_refuses_is_not_sent_again(flaky: tuple[str, type[_Flaky]]) -> None:
    url, handler = flaky
    handler.answers = (400,)
    with pytest.raises(PublishError, match="400 the reason"):
        publish([], use_case="fraud", group=PushGroup.REPORT, url=url, retries=AT_ONCE)
    assert handler.asked == 1


def test_nobody_listening_is_a_clear_error() -> None:
    port = free_port()
    with pytest.raises(PublishError, match=f"127.0.0.1:{port} failed: .*refused"):
        publish_success(
            "fraud",
            Pipeline.REPORT,
            datetime(2026, 1, 1, tzinfo=UTC),
            url=f"http://127.0.0.1:{port}",
            retries=AT_ONCE,
        )


def test_the_usual_retries_end_within_seconds() -> None:
    waits: list[float] = []
    with pytest.raises(PublishError):
        publish(
            [],
            use_case="fraud",
            group=PushGroup.REPORT,
            url=f"http://127.0.0.1:{free_port()}",
            retries=RETRIES.copy(sleep=waits.append),
        )
    assert 1 < sum(waits) < 10
