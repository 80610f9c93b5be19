"""retrain_<use case> with its archives on a real S3 server: written there by its own task."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from monitoring.settings import settings
from monitoring.steps.replay import Wanted, replay
from monitoring.stored_files import files_in, make_bucket, place_at, read
from monitoring.use_case import UseCase
from tests.dags.conftest import AS_OF, Airflow, Json
from tests.fixtures.s3 import KEYS
from tests.fixtures.tiny import write_tiny

LATER = AS_OF + timedelta(days=4)


@dataclass(frozen=True)
class Bucket:
    """A use case whose archives and models lie in a bucket; the folder that the bucket is."""

    case: UseCase
    environment: dict[str, str]
    objects: Path


@pytest.fixture
def bucket(
    s3_server: tuple[str, Path],
    here: None,
    tocsin_folder: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Bucket]:
    url, objects = s3_server
    name = f"archived-{time.monotonic_ns()}"
    environment = {
        "TOCSIN_STATE_URL": f"s3://{name}/tocsin",
        "AWS_ENDPOINT_URL_S3": url,
        **KEYS,
    }
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    settings.cache_clear()
    make_bucket(place_at(f"s3://{name}"))
    case = write_tiny("archived", tocsin_folder, rows=2500, quick=True)
    yield Bucket(case, environment, objects / name)
    monkeypatch.undo()
    settings.cache_clear()


def test_the_archive_task_writes_to_s3_and_the_next_retrain_learns_from_there(
    airflow: Airflow, bucket: Bucket, tocsin_folder: Path
) -> None:
    def retrain(as_of: datetime) -> None:
        ran = airflow.run(
            f"retrain_{bucket.case.name}",
            environment=bucket.environment,
            as_of=as_of.isoformat(),
            force=True,
        )
        assert ran.tasks["archive_production_data"] == "success"
        assert ran.state == "success"

    retrain(AS_OF)
    assert not files_in(settings().archives, "*")
    replay(bucket.case, Wanted(LATER, length=timedelta(days=3)))
    retrain(LATER)
    (file,) = files_in(settings().archives, "*")
    content = read(file)
    assert (bucket.objects / "tocsin" / "archives" / file.name).read_bytes() == content
    assert not (tocsin_folder / "state" / "archives").exists()
    archived = newest(tocsin_folder, bucket.case, "archived")
    assert archived["file"] == file.name
    assert archived["rows"] > 100
    retrain(LATER + timedelta(hours=12))  # all of its rows are mature then
    assert newest(tocsin_folder, bucket.case, "merged")["from_production"] >= archived["rows"]


def newest(folder: Path, case: UseCase, result: str) -> Json:
    """Return what the newest run left as that result."""
    left = (folder / "state" / "runs" / case.name).glob(f"*/{result}.json")
    found: Json = json.loads(max(left, key=lambda path: path.stat().st_mtime).read_bytes())
    return found
