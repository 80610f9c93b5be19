"""A retrain, traffic and a report of which every file lies on a real S3 server."""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from monitoring.cli import app
from monitoring.pages.site import site_of
from monitoring.reports.entry import ReportKind
from monitoring.reports.retention import keep_newest
from monitoring.serving.api import api_of
from monitoring.settings import settings
from monitoring.signals import Pipeline
from monitoring.steps import begin, in_process
from monitoring.steps.places import champion_model, model_registry, production_store
from monitoring.steps.replay import Wanted, replay
from monitoring.store.row_formats import ArchiveError
from monitoring.stored_files import StoredPath, files_in, make_bucket, place_at, read, remove, write
from monitoring.training import TrainingError
from monitoring.use_case import UseCase
from tests.fixtures.loopback import free_port
from tests.fixtures.s3 import KEYS
from tests.fixtures.serving import running_site
from tests.fixtures.tiny import write_tiny

NOW = datetime(2026, 3, 1, tzinfo=UTC)
HTML = {"Accept": "text/html"}


@dataclass(frozen=True)
class Stored:
    """A use case with a champion, an archive and reports: its bucket's folder, and its own.

    Attributes
    ----------
    first_try
        What the archive's file held when the run that wrote it was killed.
    """

    case: UseCase
    objects: Path
    folder: Path
    first_try: bytes

    @property
    def files(self) -> set[str]:
        """All that lies in the bucket."""
        found = (path for path in self.objects.rglob("*") if path.is_file())
        return {path.relative_to(self.objects).as_posix() for path in found}


def archived_at_the_second_try(case: UseCase) -> bytes:
    """Archive, killed once after the put and before the record is complete; return what was put."""

    def killed(place: StoredPath, content: bytes) -> None:
        write(place, content)
        raise KeyboardInterrupt

    with production_store() as store, pytest.MonkeyPatch.context() as patch:
        patch.setattr("monitoring.store.archive.write", killed)
        with pytest.raises(KeyboardInterrupt):
            store.archive(case, "retrain_2", NOW, settings().archives)
        (file,) = files_in(settings().archives, "*")
        content = read(file)
        patch.undo()
        assert store.archive(case, "retrain_2", NOW, settings().archives).complete
    return content


@pytest.fixture(scope="module")
def stored(
    s3_server: tuple[str, Path], mlflow_tables: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stored]:
    url, objects = s3_server
    folder, bucket = tmp_path_factory.mktemp("on_s3"), f"state-{time.monotonic_ns()}"
    (folder / "state").mkdir()
    shutil.copy(mlflow_tables, folder / "state" / "mlflow.db")
    case = write_tiny("tiny", folder, rows=2500, quick=True)
    where = {
        "TOCSIN_STATE": folder / "state",
        "TOCSIN_STATE_URL": f"s3://{bucket}/tocsin",
        "TOCSIN_DATA": f"s3://{bucket}/data",
        "TOCSIN_USE_CASES": folder / "use_cases",
        "TOCSIN_HOLD_BACK": 0.2,
        **KEYS,
        "AWS_ENDPOINT_URL_S3": url,
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for variable, value in where.items():
            patch.setenv(variable, str(value))
        settings.cache_clear()
        data = place_at(f"s3://{bucket}/data")
        make_bucket(data)
        write(data / "tiny.csv", (folder / "data" / "tiny.csv").read_bytes())
        shutil.rmtree(folder / "data")
        in_process.retrain(begin.by_hand(Pipeline.RETRAIN, "tiny", as_of=NOW - timedelta(days=3)))
        replay(case, Wanted(NOW, length=timedelta(days=3)))
        in_process.report(begin.by_hand(Pipeline.REPORT, "tiny", as_of=NOW))
        first_try = archived_at_the_second_try(case)
        yield Stored(case, objects / bucket, folder, first_try)
    settings.cache_clear()


def test_only_what_moves_at_once_stays_on_this_machine(stored: Stored) -> None:
    folders = {file.rpartition("/")[0] for file in stored.files}
    assert {"data", "tocsin/archives", "tocsin/reports", "tocsin/reports/tiny"} <= folders
    assert any(file.endswith("/manifest.json") for file in stored.files)
    assert {path.name for path in stored.folder.iterdir()} == {"state", "use_cases"}
    here = {path.name for path in (stored.folder / "state").iterdir()}
    assert here == {"mlflow.db", "production.db", "replays", "runs"}


def test_rows_are_read_back_from_their_archive_and_never_from_a_changed_one(
    stored: Stored,
) -> None:
    (file,) = files_in(settings().archives, "*")
    content = read(file)
    assert content == stored.first_try

    def rows() -> int:
        with production_store() as store:
            return len(store.training_rows(stored.case, NOW, None, folder=settings().archives))

    before = rows()
    assert before > 100
    write(file, content[:-1])
    with pytest.raises(ArchiveError, match=r"archive s3://.* of use case tiny was changed"):
        rows()
    remove(file)
    with pytest.raises(ArchiveError, match=r"archive s3://.* of use case tiny is missing"):
        rows()
    write(file, content)
    assert rows() == before


def test_a_model_is_loaded_from_s3_and_never_a_changed_one(stored: Stored) -> None:
    """Packed files among its artifacts are what was checksummed: nobody unpacked them."""
    version = model_registry().champion(stored.case)
    assert version is not None
    assert champion_model(stored.case) is not None
    bundle = settings().artifacts / f"tiny/{version.run_id}/artifacts/bundle"
    reference = bundle / "reference.tocsin"
    content = read(reference)
    write(reference, content + b"\n")
    with pytest.raises(TrainingError, match=r"reference\.tocsin was changed"):
        champion_model(stored.case)
    remove(reference)
    with pytest.raises(TrainingError, match=r"reference\.tocsin is missing"):
        champion_model(stored.case)
    write(reference, content)


def test_reports_are_served_from_s3_and_hidden_names_are_not(stored: Stored) -> None:
    with running_site(site_of(settings()), api_of(settings(), keys=False), port=free_port()) as url:
        front = requests.get(url, timeout=20)
        (page,) = files_in(settings().reports / "tiny", "drift_*.html")
        listed = requests.get(f"{url}/reports/tiny/", timeout=20)
        report = requests.get(f"{url}/newest/tiny/drift", timeout=20)
        etag = {"If-None-Match": report.headers["etag"]}
        again = requests.get(report.url, headers=etag, timeout=20)
        put = requests.put(report.url, data="x", timeout=20)
        entry = requests.get(report.url.replace(".html", ".json"), timeout=20)
        write(settings().reports / "tiny" / ".hidden.html", "not for anyone")
        missing = [
            requests.get(f"{url}/reports/{path}", timeout=20).status_code
            for path in (
                "tiny/.hidden.html",
                "tiny/none.html",
                "tiny/a%00.html",
                "nobody/",
                "a/b/c",
            )
        ]
    assert page.name in front.text
    assert page.name in listed.text
    assert report.url.endswith(page.name)
    assert report.headers["content-type"] == "text/html; charset=utf-8"
    assert len(report.content) > 1_000_000
    assert report.text.count("<body>") == 1
    assert again.status_code == 304
    assert put.status_code == 405
    assert entry.json()["kind"] == "drift"
    assert missing == [404] * 5


def test_retention_removes_reports_from_s3(stored: Stored) -> None:
    own = settings().reports / "tiny"
    for kind in ReportKind:
        for suffix in ("html", "json"):
            write(own / f"{kind}_20250101T000000Z.{suffix}", "{}")
    removed = keep_newest(own, 1)
    assert sorted(removed) == sorted(f"{kind}_20250101T000000Z.html" for kind in ReportKind)
    assert not [file for file in stored.files if "20250101" in file]


def test_with_s3_down_a_command_says_so_and_the_rest_of_the_site_goes_on(
    stored: Stored, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("AWS_ENDPOINT_URL_S3", "MLFLOW_S3_ENDPOINT_URL"):  # MLflow keeps its connection
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    result = CliRunner().invoke(app, ["retrain", "tiny", "--as-of", "2026-03-01T00:00:00Z"])
    assert result.exit_code == 2
    assert re.search("s3://.*AWS_ENDPOINT_URL_S3", result.output)
    assert "Traceback" not in caplog.text
    with running_site(site_of(settings()), api_of(settings(), keys=False), port=free_port()) as url:
        front = requests.get(url, timeout=60)
        report = requests.get(f"{url}/reports/tiny/index.html", headers=HTML, timeout=60)
        watch = requests.get(f"{url}/watch/tiny", timeout=60)
    assert front.status_code == watch.status_code == 200
    assert "AWS_ENDPOINT_URL_S3" in front.text
    assert "Card fraud" in front.text
    assert report.status_code == 503
    assert "Reports unavailable" in report.text
    assert settings().reports.url in report.text
