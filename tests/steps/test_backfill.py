"""Past windows in a real Prometheus: once, and as if they had been pushed."""

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests

from monitoring.rows.rows import UNLABELLED, Rows, moment64
from monitoring.rows.window import Window
from monitoring.settings import settings
from monitoring.signals.history import STEP, HistoryError
from monitoring.signals.pipelines import Pipeline
from monitoring.stack.folders import DEPLOYMENT
from monitoring.steps import begin, in_process
from monitoring.steps.backfill import Backfilled, Progress, backfill
from monitoring.steps.backfill_past import Past, Unseen, unseen
from monitoring.steps.order import REPORT
from monitoring.steps.places import champion_model, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.steps.run import StepError
from monitoring.use_case import UseCase
from tests.fixtures.eventually import eventually
from tests.fixtures.gateway import program, running_prometheus, running_pushgateway
from tests.fixtures.loopback import handled_by, serving
from tests.fixtures.tiny import write_tiny

NOW = datetime.now(UTC).replace(microsecond=0)
"""All histories here end now: of the future Prometheus takes nothing, and the old it deletes."""

PUSHED = '{job="tocsin",use_case="tiny",part="report"}'
ROWS = f'tocsin_window_rows{PUSHED[:-1]},of="drift"}}'
"""A figure that every window has, however little can be said of it."""

Point = Callable[..., None]
Labels = tuple[tuple[str, str], ...]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, mlflow_tables: Path) -> Iterator[Path]:
    """A folder with a champion that has learned from the first 80% of its source."""
    folder = tmp_path_factory.mktemp("backfill")
    write_tiny("tiny", folder, quick=True)
    (folder / "state").mkdir()
    shutil.copy(mlflow_tables, folder / "state" / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("data", "state", "reports", "use_cases"):
            patch.setenv(f"TOCSIN_{name.upper()}", str(folder / name))
        patch.setenv("TOCSIN_HOLD_BACK", "0.2")
        settings.cache_clear()
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, "tiny", as_of=NOW, force=True))
        yield folder
    settings.cache_clear()


@pytest.fixture
def point(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Point]:
    """Name a server by its setting; the store is this test's own."""

    def name(**servers: str) -> None:
        for setting, url in servers.items():
            monkeypatch.setenv(f"TOCSIN_{setting.upper()}_URL", url)
        settings.cache_clear()

    name(database=f"sqlite:///{tmp_path / 'production.db'}")
    yield name
    settings.cache_clear()


@pytest.fixture
def case(trained: Path) -> UseCase:
    """The use case."""
    return write_tiny("tiny", trained, quick=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a Prometheus that scrapes nothing keeps its data."""
    program("promtool")
    (tmp_path / "prometheus.yml").write_text("{}\n", encoding="utf-8")
    return tmp_path


def nobody(done: int, total: int) -> None:
    """Hear of the progress."""


def filled(
    case: UseCase, since: datetime | None = None, until: datetime = NOW, progress: Progress = nobody
) -> Backfilled:
    return backfill(
        case, since=since, until=until, now=max(NOW, until), wait=False, progress=progress
    )


def asked(url: str, query: str, at: datetime | None = None) -> list[dict[str, Any]]:
    """Return what Prometheus answers about a moment, or about now."""
    about = {"query": query} | ({} if at is None else {"time": at.timestamp()})
    answer = requests.get(f"{url}/api/v1/query", params=about, timeout=10).json()
    result: list[dict[str, Any]] = answer["data"]["result"]
    return result


def samples(url: str, series: str) -> list[tuple[float, float]]:
    """Return every sample that Prometheus has of one series: time and value."""
    (course,) = asked(url, f"{series}[15d]")
    return [(float(at), float(value)) for at, value in course["values"]]


def figures(url: str, at: datetime | None = None) -> dict[Labels, float]:
    """Return what Prometheus shows of a report: value by name and labels."""
    values = {tuple(sorted(s["metric"].items())): s["value"][1] for s in asked(url, PUSHED, at)}
    of_the_gateway = "push_time_seconds", "push_failure_time_seconds"
    return {
        labels: float(value)
        for labels, value in values.items()
        if dict(labels)["__name__"] not in of_the_gateway
    }


# A Prometheus reads blocks when it starts; one that runs does so within a minute or two.


def test_ten_days_of_history_without_a_gap_and_a_second_time_changes_nothing(
    case: UseCase, folder: Path, point: Point, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    calls: list[tuple[int, int]] = []
    with running_prometheus(folder) as url:
        point(prometheus=url)
        done = filled(case, progress=lambda *of: calls.append(of))
    with running_prometheus(folder) as url:
        point(prometheus=url)
        drawn = samples(url, ROWS)
        again = filled(case)
    with running_prometheus(folder) as url:
        assert samples(url, ROWS) == drawn
    assert done.start is not None
    assert done.end is not None
    moments = [at for at, _ in drawn]
    assert moments == list(range(int(done.start.timestamp()), int(NOW.timestamp()), STEP))
    assert done.end - done.start > timedelta(days=9, hours=12)
    assert done.windows == len(calls) - 1 == calls[-1][0] == calls[-1][1]
    assert (again.windows, again.samples, again.start) == (0, 0, None)
    assert "nothing was written" in again.words
    assert not list((settings().state / "backfill").iterdir())
    (said,) = (text for text in caplog.messages if text.startswith("writing "))
    assert f"{done.samples:,} samples of 10 days" in said


def test_an_earlier_beginning_adds_only_what_comes_before(
    case: UseCase, folder: Path, point: Point
) -> None:
    with running_prometheus(folder) as url:
        point(prometheus=url)
        later = filled(case, since=NOW - timedelta(days=1))
    with running_prometheus(folder) as url:
        point(prometheus=url)
        drawn = samples(url, ROWS)
        earlier = filled(case, since=NOW - timedelta(days=2))
    with running_prometheus(folder) as url:
        both = samples(url, ROWS)
    assert later.start is not None
    assert earlier.end == later.start - timedelta(seconds=STEP)
    assert both[-len(drawn) :] == drawn
    assert len(both) == 2 * 86400 // STEP


@pytest.fixture
def scraping(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A Pushgateway, and the folder of a Prometheus that scrapes it every second."""
    shipped = (DEPLOYMENT / "prometheus.yml").read_text(encoding="utf-8")
    folder = tmp_path / "scraping"
    (folder / "targets").mkdir(parents=True)
    with running_pushgateway(tmp_path) as gateway:
        quick = shipped.replace("_interval: 10s", "_interval: 1s")
        (folder / "prometheus.yml").write_text(quick, encoding="utf-8")
        target = json.dumps([{"targets": [gateway.removeprefix("http://")]}])
        (folder / "targets" / "pushgateway.yml").write_text(target, encoding="utf-8")
        yield gateway, folder


def test_figures_and_labels_are_those_that_a_run_pushes_and_what_it_pushed_stays(
    case: UseCase, folder: Path, scraping: tuple[str, Path], point: Point
) -> None:
    gateway, scraped = scraping
    tick = NOW.replace(minute=0, second=0) - timedelta(hours=NOW.hour % 6)
    # As long as a report looks back: the run has no other rows, a backfill those of the source.
    replay(case, Wanted(tick, length=timedelta(days=4)))
    with running_prometheus(folder) as url:
        point(prometheus=url)
        done = filled(case, since=tick - timedelta(days=2))
    with running_prometheus(folder) as url:
        backfilled = figures(url, done.end)
    point(pushgateway=gateway)
    run = begin.by_hand(Pipeline.REPORT, "tiny", as_of=tick)
    for step in ("check_data_availability", "measure", "publish_metrics"):
        REPORT.call(REPORT.step(step), run)
    with running_prometheus(scraped) as url:
        point(prometheus=url)
        # The first look may come in the middle of the first scrape.
        eventually(
            lambda: figures(url) == backfilled,
            otherwise=lambda: backfilled.items() ^ figures(url).items(),
        )
        live = samples(url, ROWS)
        now = datetime.now(UTC).replace(microsecond=0)
        filled(case, since=now - timedelta(days=2), until=now)
    with running_prometheus(scraped) as url:
        course = samples(url, ROWS)
    written = [at for at, _ in course if at < live[0][0]]
    assert course[len(written) :][: len(live)] == live
    assert len(written) > 86400 // STEP


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Path]:
    """The folder of a Prometheus that learns what another model was forty minutes ago."""
    earlier = int((NOW - timedelta(minutes=40)).timestamp() * 1000)

    class Target(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(f"another_model 1 {earlier}\n".encode())

    folder = tmp_path / "another"
    folder.mkdir()
    with serving(handled_by(Target)) as url:
        targets = [url.removeprefix("http://")]
        config = {
            "global": {"scrape_interval": "1s"},
            "scrape_configs": [{"job_name": "a", "static_configs": [{"targets": targets}]}],
        }
        (folder / "prometheus.yml").write_text(json.dumps(config), encoding="utf-8")
        yield folder


def test_what_prometheus_has_only_in_memory_outlives_a_backfill_and_a_start(
    case: UseCase, another: Path, point: Point
) -> None:
    with running_prometheus(another) as url:
        point(prometheus=url)
        before = eventually(lambda: asked(url, "another_model[1d]"))
        done = filled(case, since=NOW - timedelta(hours=3))
    with running_prometheus(another) as url:
        assert asked(url, "another_model[1d]")[0]["values"] == before[0]["values"]
    assert done.end is not None
    assert done.end <= NOW - timedelta(minutes=40)
    assert done.end > NOW - timedelta(minutes=46)
    assert done.later_from == NOW - timedelta(minutes=40)
    assert "run it again" in done.words


def test_a_window_that_begins_in_the_source_and_ends_in_the_store_is_read_as_one(
    case: UseCase, point: Point
) -> None:
    replay(case, Wanted(NOW))
    model, half = champion_model(case), timedelta(hours=12)
    assert model is not None
    source = unseen(case, model)
    assert source is not None
    with production_store() as store:
        first = store.oldest_event_time(case, NOW)
        assert first is not None
        moved = source.ending(first, timedelta(days=6), case.labels.delay)
        past = Past(moved.rows, store, first)
        before, after = Window(first - half, first), Window(first, first + half)
        both = past.window(case, Window(first - half, first + half), after.end)
        parts = [past.window(case, window, after.end) for window in (before, after)]
    assert [len(part) > 100 for part in parts] == [True, True]
    assert both.row_id.tolist() == [i for part in parts for i in part.row_id.tolist()]
    assert (np.diff(both.event_time) >= np.timedelta64(0, "us")).all()
    assert both.model_version == model.version
    assert both.score is not None
    assert not np.isnan(both.score).any()
    late = both.event_time > np.datetime64(after.end.replace(tzinfo=None)) - case.labels.delay
    assert ((both.label == UNLABELLED) == late).all()


def test_rows_of_a_split_at_random_come_evenly_over_the_time_asked_for(survey_rows: Rows) -> None:
    """In their own order all of a class may come first, and at their own pace five a day."""
    sorted_rows = survey_rows.take(np.argsort(survey_rows.label, kind="stable"))
    years = moment64(NOW) + np.arange(len(sorted_rows)) * np.timedelta64(1, "D")
    rows = replace(sorted_rows, event_time=years)
    spread = (
        Unseen(rows, synthetic=False).dealt().ending(NOW, timedelta(days=6), timedelta(hours=1))
    )
    assert spread.last < NOW
    assert spread.span == pytest.approx(timedelta(days=6), abs=timedelta(hours=1))
    assert sorted(spread.rows.row_id) == sorted(rows.row_id)
    gaps = np.diff(spread.rows.event_time)
    assert gaps.max() - gaps.min() <= np.timedelta64(2, "us")
    half = len(rows) // 2
    shares = spread.rows.label[:half].mean(), spread.rows.label[half:].mean()
    assert shares[0] == pytest.approx(shares[1], abs=0.1)


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({"until": NOW + timedelta(minutes=1)}, "is in the future"),
        ({"since": NOW}, "--from before --to"),
        ({"since": NOW - timedelta(days=16)}, "retains samples for 15 days"),
    ],
)
def test_a_time_that_cannot_be_filled_is_refused(
    case: UseCase, folder: Path, point: Point, times: dict[str, datetime], said: str
) -> None:
    asked_for = {"since": None, "until": NOW} | times
    with running_prometheus(folder) as url:
        point(prometheus=url)
        with pytest.raises(StepError, match=said):
            backfill(case, **asked_for, now=NOW, wait=False, progress=nobody)  # type: ignore[arg-type]


def test_a_prometheus_elsewhere_leaves_a_file_and_says_how_to_load_it(
    case: UseCase, folder: Path, point: Point, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    # It tells its folder as it was told: relative to wherever it was started.
    with running_prometheus(Path()) as url:
        point(prometheus=url)
        with pytest.raises(HistoryError, match="promtool tsdb create-blocks-from"):
            filled(case, since=NOW - timedelta(days=1))
    file = settings().state / "backfill" / "tiny.om"
    assert file.read_text(encoding="utf-8").endswith("# EOF\n")
    file.unlink()
