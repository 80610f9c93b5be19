"""What a real Prometheus has of the past, and what it is given."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitoring.signals.history import STEP, HeldSamples, History, HistoryError, exposition
from monitoring.signals.pipelines import PushGroup
from monitoring.signals.prometheus import PrometheusError
from monitoring.signals.samples import unmeasured_samples
from tests.fixtures.gateway import program, running_prometheus
from tests.fixtures.loopback import free_port

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
LAST_WEEK = int((TODAY - timedelta(days=7)).timestamp())
PAST = range(LAST_WEEK, LAST_WEEK + 2 * 86400, STEP)
"""Two days of last week: Prometheus deletes what is too old."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a Prometheus that scrapes nothing keeps its data."""
    program("promtool")
    (tmp_path / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    return tmp_path


def written(folder: Path, at: range) -> Path:
    path = folder / "past.om"
    held = HeldSamples(unmeasured_samples(), at)
    text = exposition([held], use_case="fraud", group=PushGroup.REPORT)
    path.write_text("".join(text), encoding="utf-8")
    return path


def test_what_was_loaded_is_there_and_only_that(folder: Path) -> None:
    with running_prometheus(folder, "--storage.tsdb.retention.time=400d") as url:
        history = History(url)
        assert history.retention() == timedelta(days=400)
        assert history.lacking("fraud", PushGroup.REPORT, PAST) == list(PAST)
        history.load(written(folder, PAST[100:200]))
    # A start reads blocks at once; a running server does within a minute or so.
    with running_prometheus(folder) as url:
        history = History(url)
        assert history.retention() == timedelta(days=15)
        assert history.lacking("fraud", PushGroup.REPORT, PAST) == [*PAST[:100], *PAST[200:]]
        assert history.lacking("other", PushGroup.REPORT, PAST) == list(PAST)
        assert history.lacking("fraud", PushGroup.RETRAIN, PAST) == list(PAST)


def test_data_out_of_reach_leaves_the_file_and_says_what_to_do_with_it(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    file = written(folder, PAST)
    # It answers with its folder as it was given: relative to where it was started.
    with running_prometheus(Path()) as url, pytest.raises(HistoryError) as raised:
        History(url).load(file)
    assert f"The samples are in {file}" in str(raised.value)
    assert "promtool tsdb create-blocks-from" in str(raised.value)
    assert file.exists()


def test_a_file_that_promtool_refuses_is_kept_with_what_it_said(folder: Path) -> None:
    file = folder / "past.om"
    file.write_text("not OpenMetrics", encoding="utf-8")
    with running_prometheus(folder) as url, pytest.raises(HistoryError, match="promtool ended"):
        History(url).load(file)
    assert file.exists()


def test_a_prometheus_that_does_not_answer_is_named_with_its_setting() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(PrometheusError, match="TOCSIN_PROMETHEUS_URL") as raised:
        History(url).retention()
    assert url in str(raised.value)
